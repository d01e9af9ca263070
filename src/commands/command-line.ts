/** Marks a process whose server belongs to the command line: the app must not start another one. */
const mark = Symbol.for("flagon.command-line");

/** Records that the command line owns the process. */
export function enterCommandLine(): void {
  Reflect.set(globalThis, mark, true);
}

/** Tells whether the command line owns the process. */
export function isUnderCommandLine(): boolean {
  return Reflect.get(globalThis, mark) === true;
}
