/** Leaves a state that a caller is in, such as a transaction, for the time of a function. */
type Exit = (run: () => unknown) => unknown;

const exits: Exit[] = [];

/** Adds a state that work behind the response does not inherit. */
export function addDetachedState(exit: Exit): void {
  exits.push(exit);
}

/** Runs a function outside of the states that its caller is in: work that outlives a transaction begins without it. */
export function runDetached(run: () => unknown): unknown {
  return exits.reduceRight<() => unknown>((inner, exit) => () => exit(inner), run)();
}
