/** Gives each field of a form an id that no other one has, also if their names differ only in characters that ids cannot hold. */
export class FieldIds {
  readonly #prefix: string;
  readonly #ids = new Map<string, string>();
  readonly #taken = new Set<string>();

  /** @param prefix The text before each id. */
  constructor(prefix: string) {
    this.#prefix = toId(prefix);
  }

  /** Returns the id of a field: the same one each time. */
  get(name: string): string {
    const known = this.#ids.get(name);
    if (known !== undefined) {
      return known;
    }
    const wanted = `${this.#prefix}-${toId(name)}`;
    let id = wanted;
    for (let number = 2; this.#isTaken(id); number++) {
      id = `${wanted}.${number}`;
    }
    this.#ids.set(name, id);
    this.#taken.add(id);
    return id;
  }

  /** The help, the errors and the single inputs of a field have ids that begin with its own. */
  #isTaken(id: string): boolean {
    const owner = /^(.*)-(?:help|errors|\d+)$/s.exec(id)?.[1];
    return (
      this.#taken.has(id) ||
      (owner !== undefined && this.#taken.has(owner)) ||
      this.#taken.has(`${id}-help`) ||
      this.#taken.has(`${id}-errors`) ||
      this.#taken.has(`${id}-0`)
    );
  }
}

/** Letters and digits of all scripts stay. Other characters become a hyphen. */
function toId(name: string): string {
  return /^[\w-]+$/.test(name) ? name : name.replace(/[^\p{L}\p{M}\p{N}_-]+/gu, "-").replace(/-$/, "");
}
