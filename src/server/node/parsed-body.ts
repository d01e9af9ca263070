import type { IncomingMessage } from "node:http";
import { FlagonError } from "../../base/errors";
import { announcedLength, findHeader, listRawHeaders } from "./raw-headers";

/**
 * Returns a body that Connect middleware has read before the app, from the value that the middleware left in `request.raw.body`.
 *
 * @param message The request.
 * @returns The bytes of JSON, of a form without files, of text or of bytes; `undefined` if nobody has read the body.
 * @throws {FlagonError} If the body has been read, and `request.raw.body` has no value that can be used.
 */
export function findParsedBody(message: IncomingMessage & { readonly body?: unknown }): Uint8Array | undefined {
  if (!message.readableDidRead || announcedLength(listRawHeaders(message)) === 0) {
    return undefined;
  }
  const { body } = message;
  if (body instanceof Uint8Array) {
    return body;
  }
  if (typeof body === "string") {
    return Buffer.from(body, "utf8");
  }
  const type = (findHeader(listRawHeaders(message), "content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (body !== undefined && (type === "application/json" || type.endsWith("+json"))) {
    return Buffer.from(JSON.stringify(body), "utf8");
  }
  if (typeof body === "object" && body !== null && type === "application/x-www-form-urlencoded") {
    return Buffer.from(new URLSearchParams(listFields(body)).toString(), "utf8");
  }
  throw new FlagonError(
    "A middleware has read the body of the request before the app. Take what it made of the body from request.raw.body, or remove the middleware: request.json() and request.form() read bodies themselves.",
  );
}

/** Lists the fields of an object that a parser of forms made: `{ a: { b: ["1"] } }` was `a[b][]=1` or `a[b]=1`. */
function listFields(fields: object, prefix = ""): [string, string][] {
  return Object.entries(fields).flatMap(([key, value]: [string, unknown]): [string, string][] => {
    const name = prefix === "" ? key : `${prefix}[${key}]`;
    if (Array.isArray(value)) {
      return value.flatMap((item: unknown): [string, string][] =>
        typeof item === "object" && item !== null ? listFields(item, name) : [[name, String(item)]],
      );
    }
    return typeof value === "object" && value !== null ? listFields(value, name) : [[name, String(value)]];
  });
}
