import "reflect-metadata";

/**
 * The records of decorators, kept as plain data until a class is registered.
 *
 * This is the only module that touches `Reflect` metadata and `Symbol.metadata`. Under `experimentalDecorators` a
 * method decorator sees the prototype; under the standard it sees `context.metadata`. Records are kept on
 * whichever it is, under `Symbol.for` keys, so that a second copy of the package reads them as well.
 */

const records = Symbol.for("flagon.records");

// Compilers read `Symbol.metadata` when a class is evaluated; without it they pass no metadata object to decorators.
if (Symbol.metadata === undefined) {
  Object.defineProperty(Symbol, "metadata", { value: Symbol.for("Symbol.metadata"), configurable: true, writable: true });
}

/** Appends a record to those of a prototype, a class or a standard decorator's metadata object. */
export function addRecord(holder: object, record: object): void {
  const own: unknown = Reflect.getOwnMetadata(records, holder);
  Reflect.defineMetadata(records, Array.isArray(own) ? [...own, record] : [record], holder);
}

/** Returns the records of one class in the order in which its decorators ran, without those that it inherits. */
export function getOwnRecords(constructor: object): readonly unknown[] {
  const holders: unknown[] = [constructor, Reflect.get(constructor, "prototype")];
  if (Object.hasOwn(constructor, Symbol.metadata)) {
    holders.push(Reflect.get(constructor, Symbol.metadata));
  }
  return holders.flatMap((holder) => {
    const own: unknown = typeof holder === "object" || typeof holder === "function" ? readOwn(holder) : undefined;
    return Array.isArray(own) ? own : [];
  });
}

/** Lists a class and those it extends, the most basic first. */
export function getLineage(constructor: object): readonly object[] {
  const lineage: object[] = [];
  let current: object | null = constructor;
  while (typeof current === "function" && current !== Function.prototype) {
    lineage.unshift(current);
    current = Object.getPrototypeOf(current);
  }
  return lineage;
}

function readOwn(holder: object | null): unknown {
  return holder === null ? undefined : Reflect.getOwnMetadata(records, holder);
}
