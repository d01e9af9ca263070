/**
 * Tells whether a value is a web `Response`: that of the runtime, or of a package such as undici, node-fetch or graphql-yoga,
 * which brings a class of its own.
 */
export function isWebResponse(value: object): value is Response {
  return (
    value instanceof Response || (Object.prototype.toString.call(value) === "[object Response]" && "headers" in value && "body" in value)
  );
}
