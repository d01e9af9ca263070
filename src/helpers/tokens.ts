import { checkSchema } from "../base/foreign-schema";
import { refusePromise, refusePromises } from "../base/forgotten-await";
import { type Schema, validateSync } from "../base/schema";
import { requireOptions } from "../base/unknown-options";
import { getAppContext } from "../dispatch/context";
import { type ReadTokenOptions, readToken as read, type SignTokenOptions, signToken as sign } from "../signing/tokens";

const signOptions = Object.keys({ purpose: true, expiresIn: true, bind: true } satisfies Record<keyof SignTokenOptions, true>);
const readOptions = Object.keys({ purpose: true, bind: true, maxAge: true, schema: true } satisfies Record<
  keyof ReadTokenOptions | "schema",
  true
>);

/**
 * Returns a signed token, such as for a link in a mail. Its data can be read by anyone, and cannot be changed.
 *
 * It holds letters, digits, `-`, `_` and `.` alone, and at most 8,192 characters. Former keys in `secretKeyFallbacks`
 * still read it. With `sessionDigest: "sha1"` it has the format of itsdangerous' `URLSafeTimedSerializer`, whose salt
 * is the purpose, so that a Flask app reads it.
 *
 * @param data A value of JSON, such as `{ user: 3 }`; not null.
 * @param options The purpose, the seconds until it expires, and a value that it is bound to.
 * @throws {TypeError} If JSON cannot hold the data, an option is missing or not above 0, or `bind` is empty.
 * @throws {ConfigError} If the app has no secret key.
 *
 * @example
 * ```ts
 * const token = signToken({ user: user.id }, { purpose: "reset", expiresIn: 3600, bind: user.passwordHash });
 * ```
 */
export function signToken(data: unknown, options: SignTokenOptions): string {
  refusePromises(data, "data of signToken()", TypeError);
  refusePromises(options, "options of signToken()", TypeError);
  requireOptions(options, signOptions, "signToken()", TypeError);
  return sign(getAppContext("signToken").app.config, data, options);
}

/**
 * Returns the data of a token that a client sent, or `null` if the token is forged, expired, of another purpose or bound to another value.
 *
 * It never throws for the text of a client. A token is valid up to and including the second at which it expires. A compressed one, as
 * itsdangerous writes it, holds at most 64 KiB.
 *
 * @param token The token, as it came.
 * @param options The purpose, and the value that the token was bound to. With a `schema`, data that does not fit it is `null` too.
 * @throws {TypeError} If the purpose is missing.
 *
 * @example
 * ```ts
 * const data = readToken(token, { purpose: "reset", bind: user.passwordHash, schema: z.object({ user: z.int() }) });
 * return data === null ? abort(403, "This link is not valid, or no longer.") : renderTemplate("reset", { user: data.user });
 * ```
 */
export function readToken<Output>(token: unknown, options: ReadTokenOptions & { readonly schema: Schema<Output> }): Output | null;
export function readToken<Data = unknown>(token: unknown, options: ReadTokenOptions): Data | null;
export function readToken(token: unknown, options: ReadTokenOptions & { readonly schema?: Schema }): unknown {
  refusePromise(token, "token of readToken()", TypeError);
  requireOptions(options, readOptions, "readToken()", TypeError);
  refusePromise(options.bind, "option 'bind' of readToken()", TypeError);
  if (options.schema !== undefined) {
    checkSchema(options.schema, "The schema of readToken()");
  }
  const data = read(getAppContext("readToken").app.config, token, options);
  if (data === null || options.schema === undefined) {
    return data;
  }
  const result = validateSync(options.schema, data);
  return "value" in result ? result.value : null;
}
