/** Runs a function outside of a state of its caller, such as a transaction. */
type Exit = (run: () => unknown) => unknown;

const exits: Exit[] = [];

/** Adds a state that background work does not inherit. */
export function addDetachedState(exit: Exit): void {
  exits.push(exit);
}

/** Runs a function outside of all such states of its caller: work that outlives a transaction begins without it. */
export function runDetached(run: () => unknown): unknown {
  return exits.reduceRight<() => unknown>((inner, exit) => () => exit(inner), run)();
}
