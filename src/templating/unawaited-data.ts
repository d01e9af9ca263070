import { FlagonError } from "../base/errors";
import { ignoreRejection, isPromise } from "../base/maybe-promise";

/** The cure, for values of the view. */
const inView = "Await it before the template renders, or await it in the template: renderTemplateAsync() renders one that awaits.";

/**
 * Returns the data for a template that cannot await: a member that is a promise throws once the template reads it. Nothing would be
 * printed for the members of a promise, and a promise counts as true.
 *
 * Data without promises is returned as it is. Its getters are not asked.
 *
 * @param data The data.
 */
export function guardData(data: object): object {
  return hasPromise(data) ? refuseReading(data, (key) => `'it.${key}' is a promise. ${inView}`) : data;
}

/**
 * Returns the scope for a template that cannot await, as {@link guardData} does for the data: the values of context processors and
 * globals, and those of `g`.
 *
 * @param scope The values in scope by bare name.
 */
export function guardScope(scope: object): object {
  const g: unknown = Reflect.get(scope, "g");
  const guarded =
    typeof g === "object" && g !== null && hasPromise(g) ? refuseReading(g, (key) => `'g.${key}' is a promise. ${inView}`) : undefined;
  if (guarded === undefined && !hasPromise(scope)) {
    return scope;
  }
  return refuseReading(
    scope,
    (key) => `'${key}', a value of a context processor or a global of templates, is a promise. ${inView}`,
    guarded && { g: guarded },
  );
}

function hasPromise(owner: object): boolean {
  for (const key of Object.keys(owner)) {
    const value: unknown = Object.getOwnPropertyDescriptor(owner, key)?.value;
    if (typeof value === "object" && isPromise(value)) {
      return true;
    }
  }
  return false;
}

/** Wraps an object, so that reading a promise of it throws. */
function refuseReading(owner: object, explain: (key: string) => string, instead: Readonly<Record<string, object>> = {}): object {
  return new Proxy(owner, {
    get(target, key) {
      const value: unknown = typeof key === "string" && Object.hasOwn(instead, key) ? instead[key] : Reflect.get(target, key);
      if (typeof value === "object" && isPromise(value)) {
        ignoreRejection(value);
        throw new FlagonError(explain(String(key)));
      }
      return value;
    },
  });
}
