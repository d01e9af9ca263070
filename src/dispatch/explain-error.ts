import { explainForeignName } from "../base/foreign-names";
import type { RequestContext } from "./context";

/** The errors that have their cure already. */
const explained = new WeakSet<Error>();

/**
 * Adds the cure to an error of JavaScript that comes from a habit of another framework, such as `jsonify is not defined`. For debug mode
 * and tests: the message is for the developer.
 *
 * @returns The error itself.
 */
export function explainError(context: RequestContext, error: unknown): unknown {
  if (!(error instanceof TypeError || error instanceof ReferenceError) || explained.has(error)) {
    return error;
  }
  const cure = explainForeignName(error.message) ?? explainLostThis(context, error);
  if (cure !== undefined) {
    explained.add(error);
    const { message, stack } = error;
    error.message = `${message}. ${cure}`;
    if (stack !== undefined) {
      error.stack = stack.replace(message, () => error.message);
    }
  }
  return error;
}

/** Explains a method that was given as a function, and reads `this`. */
function explainLostThis({ endpoint }: RequestContext, { message }: Error): string | undefined {
  const member = /^Cannot (?:read|set) properties of undefined \((?:reading|setting) '(.+)'\)$/.exec(message)?.[1];
  const isMethod = member !== undefined && typeof endpoint?.owner === "function" && String(endpoint.owner).includes(`this.${member}`);
  return isMethod
    ? `The view '${endpoint.label}' reads 'this.${member}', but a method that is given as a function has lost its object. Register the class, app.register(Books), or call the method: (values) => books.show(values).`
    : undefined;
}
