/** Functions of a zod definition that are always synchronous: of `trim()`, `min()`, messages and `catch()`. */
const synchronousKeys = new Set(["tx", "when", "error", "catchValue"]);
/** Cached answers: schemas never change. */
const answers = new WeakMap<object, boolean>();

/**
 * Tells whether a schema of zod 4 has functions of the app in it: refinements, transforms, schemas that are made when they
 * are used. Such functions may be asynchronous.
 *
 * @param schema The schema. The answer is kept for it.
 */
export function mayAwait(schema: object): boolean {
  const known = answers.get(schema);
  if (known !== undefined) {
    return known;
  }
  const answer = hasFunctions(schema, new Set());
  answers.set(schema, answer);
  return answer;
}

/** Looks through definitions: they hold schemas and checks, each with a definition of its own, alone, in lists and in objects. */
function hasFunctions(value: unknown, visited: Set<unknown>): boolean {
  if (typeof value !== "object" || value === null || visited.has(value)) {
    return typeof value === "function";
  }
  visited.add(value);
  const definition = findDefinition(value);
  if (definition === undefined) {
    return (isPlain(value) || Array.isArray(value)) && Object.values(value).some((item) => hasFunctions(item, visited));
  }
  // The checks of `check()` and `superRefine()` keep their function next to their definition.
  return (
    ("check" in definition && definition.check === "custom") ||
    ("type" in definition && definition.type === "promise") ||
    Object.keys(definition).some((key) => !synchronousKeys.has(key) && hasFunctions(Reflect.get(definition, key), visited))
  );
}

function findDefinition(value: object): object | undefined {
  const internals: unknown = "_zod" in value ? value._zod : undefined;
  const definition: unknown = typeof internals === "object" && internals !== null && "def" in internals ? internals.def : undefined;
  return typeof definition === "object" && definition !== null ? definition : undefined;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
