import { pbkdf2, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { ConfigError } from "../base/errors";
import { refusePromise } from "../base/forgotten-await";
import { textConverters } from "../base/text-values";
import { refuseUnknown } from "../base/unknown-options";
import { watchPromise } from "../base/watched-promise";

/** The longest password, in bytes: hashing a longer one would only keep the server busy. */
const maxLength = 4096;
const preferred = "scrypt:32768:8:1";
const derivePbkdf2 = promisify(pbkdf2);

/** Options of `hashPassword()`. */
export interface HashOptions {
  /** The method with its parameters, as Werkzeug names it: `"scrypt:N:r:p"`, or `"pbkdf2:digest:iterations"`. Default: `"scrypt:32768:8:1"`. */
  method?: string;
}

/**
 * Hashes a password, in the format of Werkzeug's `generate_password_hash`, off the event loop.
 *
 * @param password The password, of at most 4,096 bytes.
 * @param options The method.
 * @throws {RangeError} If the password is longer.
 * @throws {ConfigError} If there is no such method.
 *
 * @example
 * ```ts
 * const passwordHash = await hashPassword(password); // "scrypt:32768:8:1$…"
 * const cheap = await hashPassword(password, { method: "pbkdf2:sha256:1" }); // for tests
 * ```
 */
export function hashPassword(password: string, options: HashOptions = {}): Promise<string> {
  return watchPromise(hash(password, options), "hashPassword()");
}

async function hash(password: string, options: HashOptions): Promise<string> {
  refuseUnknown(options, ["method"], "hashPassword()", TypeError);
  const { method = preferred } = options;
  refusePromise(password, "password of hashPassword()", TypeError);
  if (Buffer.byteLength(password) > maxLength) {
    throw new RangeError(`A password can have at most ${maxLength} bytes.`);
  }
  const parsed = parseMethod(method);
  if (parsed === undefined) {
    throw new ConfigError(`There is no way '${method}' to hash passwords. Use "scrypt:32768:8:1", or "pbkdf2:sha256:1000000".`);
  }
  const salt = randomBytes(16).toString("base64url");
  return `${parsed.name}$${salt}$${(await parsed.derive(password, salt)).toString("hex")}`;
}

/**
 * Tells whether a password belongs to a hash, of Flagon or of Werkzeug, off the event loop.
 *
 * Without a hash it takes as long as with one, so that the time does not tell which users exist. A malformed hash, or one
 * with parameters that scrypt or PBKDF2 do not take, belongs to no password.
 *
 * @param hash The hash, or nothing for an unknown user.
 * @param password The password that was typed.
 *
 * @example
 * ```ts
 * const isRight = await verifyPassword(user?.passwordHash, password);
 * ```
 */
export function verifyPassword(hash: string | null | undefined, password: string): Promise<boolean> {
  return watchPromise(verify(hash, password), "verifyPassword()", { isAnswer: true });
}

async function verify(hash: string | null | undefined, password: string): Promise<boolean> {
  const [method = "", salt = "", ...rest] = String(hash ?? "").split("$");
  const parsed = rest.length === 0 ? undefined : parseMethod(method);
  const isTooLong = typeof password !== "string" || Buffer.byteLength(password) > maxLength;
  const { derive } = parsed ?? parseMethod(preferred) ?? unreachable();
  const derived = await derive(isTooLong ? "" : password, salt);
  const expected = Buffer.from(rest.join("$").toLowerCase(), "hex");
  return !isTooLong && parsed !== undefined && expected.length === derived.length && timingSafeEqual(expected, derived);
}

/**
 * Tells whether a hash was made by another method than the preferred one. If so, hash the password again at the login.
 *
 * @param hash The hash.
 * @param options The preferred method.
 *
 * @example
 * ```ts
 * if (needsRehash(user.passwordHash)) {
 *   await db.update(users).set({ passwordHash: await hashPassword(password) }).where(eq(users.id, user.id));
 * }
 * ```
 */
export function needsRehash(hash: string, { method = preferred }: HashOptions = {}): boolean {
  return hash.split("$", 1)[0] !== (parseMethod(method)?.name ?? method);
}

/** A method with its parameters. */
interface HashMethod {
  /** The method with all parameters, as a hash begins. */
  readonly name: string;
  /** Derives the key. */
  derive(password: string, salt: string): Promise<Buffer>;
}

function parseMethod(method: string): HashMethod | undefined {
  const [name = "", ...parameters] = method.split(":");
  if (name === "scrypt") {
    const [cost = 32_768, blockSize = 8, parallelization = 1] = parameters.map(toCount);
    // RFC 7914, section 2: the cost is a power of 2, greater than 1 and less than 2 ** (128 * r / 8).
    const isUsable =
      [cost, blockSize, parallelization].every((value) => value > 0) &&
      cost > 1 &&
      Number.isInteger(Math.log2(cost)) &&
      Math.log2(cost) < 16 * blockSize &&
      cost * blockSize * parallelization <= 2 ** 22;
    return isUsable && parameters.length <= 3
      ? { name: `scrypt:${cost}:${blockSize}:${parallelization}`, derive: deriveScrypt(cost, blockSize, parallelization) }
      : undefined;
  }
  if (name === "pbkdf2") {
    const [digest = "sha256", text = "1000000"] = parameters;
    const iterations = toCount(text);
    const length = digestLengths.get(digest);
    return length !== undefined && iterations > 0 && iterations <= 10_000_000 && parameters.length <= 2
      ? { name: `pbkdf2:${digest}:${iterations}`, derive: (password, salt) => derivePbkdf2(password, salt, iterations, length, digest) }
      : undefined;
  }
  return undefined;
}

/** Reads a whole number, or 0, which no parameter can be. */
function toCount(text: string): number {
  return textConverters.int(text) ?? 0;
}

/** The lengths of keys by digest, in bytes. */
const digestLengths: ReadonlyMap<string, number> = new Map([
  ["sha1", 20],
  ["sha256", 32],
  ["sha512", 64],
]);

function deriveScrypt(cost: number, blockSize: number, parallelization: number): HashMethod["derive"] {
  const options = { N: cost, r: blockSize, p: parallelization, maxmem: 132 * cost * blockSize * parallelization + 1024 };
  return (password, salt) =>
    new Promise((resolve, reject) => {
      scrypt(password, salt, 64, options, (error, key) => (error === null ? resolve(key) : reject(error)));
    });
}

function unreachable(): never {
  throw new TypeError("The preferred method is one.");
}
