import { FlagonError } from "./errors";

/** The names that innocent code reads of any object: `await`, `JSON.stringify()`, and libraries that compare, copy or print. */
const innocent: ReadonlySet<string> = new Set([
  "then",
  "toJSON",
  "inspect",
  "nodeType",
  "tagName",
  "asymmetricMatch",
  "$$typeof",
  "mock",
  "prototype",
]);

/** Explains a member that an object does not have, with its cure. `undefined` lets it pass. */
export type ExplainMember = (name: string, isSet: boolean) => string | undefined;

/**
 * Refuses reads, and assignments, of members that an object does not have, such as `request.query.page`: JavaScript gives `undefined`,
 * and keeps what is assigned to no purpose. For debug mode and tests.
 *
 * @param target The object. Its own members and those of its class stay as they are.
 * @param explain Returns the error of a name.
 * @returns The object itself.
 */
export function guardMembers<Target extends object>(target: Target, explain: ExplainMember): Target {
  const refuse = (key: string | symbol, isSet: boolean): void => {
    const reason = typeof key === "string" && /^[a-z][\w-]*$/i.test(key) && !innocent.has(key) ? explain(key, isSet) : undefined;
    if (reason !== undefined) {
      throw new FlagonError(reason);
    }
  };
  const prototype: object = Object.create(Reflect.getPrototypeOf(target));
  return Object.setPrototypeOf(
    target,
    new Proxy(prototype, {
      get(inner, key, receiver) {
        if (!(key in inner)) {
          refuse(key, false);
        }
        return Reflect.get(inner, key, receiver);
      },
      set(inner, key, value, receiver) {
        if (!(key in inner)) {
          refuse(key, true);
        }
        return Reflect.set(inner, key, value, receiver);
      },
    }),
  );
}
