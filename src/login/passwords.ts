import { pbkdf2, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { ConfigError } from "../base/errors";

/** The longest password that is looked at, in bytes: more would only keep the server busy. */
const maxLength = 4096;
const preferred = "scrypt:32768:8:1";
const derivePbkdf2 = promisify(pbkdf2);

/** How a password is hashed. */
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
 */
export async function hashPassword(password: string, { method = preferred }: HashOptions = {}): Promise<string> {
  if (Buffer.byteLength(password) > maxLength) {
    throw new RangeError(`A password may have ${maxLength} bytes at most.`);
  }
  const parsed = parseMethod(method);
  if (parsed === undefined) {
    throw new ConfigError(`There is no way '${method}' to hash passwords. Use "scrypt:32768:8:1", or "pbkdf2:sha256:1000000".`);
  }
  const salt = randomBytes(16).toString("base64url");
  return `${parsed.name}$${salt}$${(await parsed.derive(password, salt)).toString("hex")}`;
}

/**
 * Tells whether a password has a hash, which Werkzeug may have made, off the event loop.
 *
 * Without a hash it takes as long as with one, so that nobody learns by the time which users there are.
 *
 * @param hash The hash, or nothing for a user that there is not.
 * @param password What somebody typed.
 */
export async function verifyPassword(hash: string | null | undefined, password: string): Promise<boolean> {
  const [method = "", salt = "", ...rest] = (hash ?? "").split("$");
  const parsed = rest.length === 0 ? undefined : parseMethod(method);
  const isTooLong = Buffer.byteLength(password) > maxLength;
  const { derive } = parsed ?? parseMethod(preferred) ?? unreachable();
  const derived = await derive(isTooLong ? "" : password, salt);
  const expected = Buffer.from(rest.join("$").toLowerCase(), "hex");
  return !isTooLong && parsed !== undefined && expected.length === derived.length && timingSafeEqual(expected, derived);
}

/**
 * Tells whether a hash was made in another way than is wanted today, so that the password is to be hashed again at the next login.
 *
 * @param hash The hash.
 * @param options The method that is wanted.
 */
export function needsRehash(hash: string, { method = preferred }: HashOptions = {}): boolean {
  return hash.split("$", 1)[0] !== (parseMethod(method)?.name ?? method);
}

/** A method with its parameters. */
interface HashMethod {
  /** It in full, as it stands in a hash. */
  readonly name: string;
  /** Makes the key. */
  derive(password: string, salt: string): Promise<Buffer>;
}

function parseMethod(method: string): HashMethod | undefined {
  const [name = "", ...parameters] = method.split(":");
  if (name === "scrypt") {
    const [cost = 32_768, blockSize = 8, parallelization = 1] = parameters.map(Number);
    const isUsable =
      [cost, blockSize, parallelization].every((value) => Number.isSafeInteger(value) && value > 0) &&
      cost * blockSize * parallelization <= 2 ** 22;
    return isUsable && parameters.length <= 3
      ? { name: `scrypt:${cost}:${blockSize}:${parallelization}`, derive: deriveScrypt(cost, blockSize, parallelization) }
      : undefined;
  }
  if (name === "pbkdf2") {
    const [digest = "sha256", text = "1000000"] = parameters;
    const iterations = Number(text);
    const length = digestLengths[digest];
    return length !== undefined && Number.isSafeInteger(iterations) && iterations > 0 && iterations <= 10_000_000
      ? { name: `pbkdf2:${digest}:${iterations}`, derive: (password, salt) => derivePbkdf2(password, salt, iterations, length, digest) }
      : undefined;
  }
  return undefined;
}

const digestLengths: Readonly<Record<string, number | undefined>> = { sha1: 20, sha256: 32, sha512: 64 };

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
