/** Gives each field of a form an id that no other one has, also if their names differ only in characters that ids cannot hold. */
export class FieldIds {
  readonly #prefix: string;
  readonly #ids = new Map<string, string>();
  readonly #taken = new Set<string>();
  readonly #owners = new Set<string>();

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
    const owner = findOwner(id);
    if (owner !== undefined) {
      this.#owners.add(owner);
    }
    return id;
  }

  /** The help, the errors and the single inputs of a field have ids that begin with its own. */
  #isTaken(id: string): boolean {
    const owner = findOwner(id);
    return this.#taken.has(id) || this.#owners.has(id) || (owner !== undefined && this.#taken.has(owner));
  }
}

/** Returns the id of the field to which an id would belong, such as `a` for `a-help`, `a-errors` and `a-0`. */
function findOwner(id: string): string | undefined {
  const end = id.lastIndexOf("-");
  const suffix = id.slice(end + 1);
  return suffix === "help" || suffix === "errors" || /^\d+$/.test(suffix) ? id.slice(0, end) : undefined;
}

/** Letters and digits of all scripts stay. Other characters become a hyphen. */
function toId(name: string): string {
  return /^[\w-]+$/.test(name) ? name : name.replace(/[^\p{L}\p{M}\p{N}_-]+/gu, "-").replace(/-$/, "");
}
