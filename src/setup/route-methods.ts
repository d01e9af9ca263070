import { SetupError } from "../base/errors";
import type { RouteOptions } from "../routing/route-options";

/** A token (RFC 9110, section 5.6.2), which a method is. */
const token = /^[!#$%&'*+.^_`|~\dA-Za-z-]+$/;

/**
 * Returns the methods of a route in capitals. Default: `GET`.
 *
 * @param options The options of the route.
 * @param label The view, as the subject of the error.
 * @throws {SetupError} If there is no method, or one that no request can have.
 */
export function toMethods({ methods = ["GET"], buildOnly = false }: RouteOptions, label: string): Set<string> {
  if (methods.length === 0 && !buildOnly) {
    throw new SetupError(`The list 'methods' of ${label} is empty, so that no request reaches it. Leave it out for GET.`);
  }
  const wrong = methods.find((method) => !token.test(method));
  if (wrong !== undefined) {
    throw new SetupError(`The method '${wrong}' of ${label} is none: a method is a word, such as "GET".`);
  }
  return new Set(methods.map((method) => method.toUpperCase()));
}
