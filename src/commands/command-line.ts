/** Marks a process whose server is the command line's: what loads the app is not to start another. */
const mark = Symbol.for("flagon.command-line");

/** Notes that the command line has the process. */
export function enterCommandLine(): void {
  Reflect.set(globalThis, mark, true);
}

/** Tells whether the command line has the process. */
export function isUnderCommandLine(): boolean {
  return Reflect.get(globalThis, mark) === true;
}
