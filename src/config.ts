import { readFileSync } from "node:fs";
import { ConfigError } from "./errors";
import { type Schema, validateSync } from "./schema";
import { didYouMean } from "./suggestion";

/** A setting's value, and where it came from when it is reported as wrong. */
type Source = "code" | "file" | "environment";

/** The settings that Flagon itself reads, each with its default. */
export interface Settings {
  /** Shows errors with their stack and re-reads templates. Default: `false`; the development server turns it on. */
  debug: boolean;
  /** Lets unhandled errors reach the test. Default: `false`. */
  testing: boolean;
  /** Signs sessions and tokens. Keep it secret, long and random. No default: without it a session cannot be written. */
  secretKey: string | Uint8Array | null;
  /** Former keys, which still read sessions but never sign. Default: none. */
  secretKeyFallbacks: readonly (string | Uint8Array)[];
  /** The digest of the session's signature; `"sha1"` shares sessions with Flask. Default: `"sha256"`. */
  sessionDigest: "sha256" | "sha1";
  /** The name of the session cookie. Default: `"session"`. */
  sessionCookieName: string;
  /** The `Domain` of the session cookie. Default: none, so that only the same host sees it. */
  sessionCookieDomain: string | null;
  /** The `Path` of the session cookie. Default: `"/"`. */
  sessionCookiePath: string;
  /** Whether the session cookie is sent over HTTPS alone; `"auto"` follows the scheme of the request. Default: `"auto"`. */
  sessionCookieSecure: boolean | "auto";
  /** The `SameSite` of the session cookie. Default: `"Lax"`. */
  sessionCookieSameSite: "Lax" | "Strict" | "None";
  /** How long a session is valid, in seconds. Default: 31 days. */
  permanentSessionLifetime: number;
  /** Whether a permanent session's expiry moves on with every request that reads it. Default: `true`. */
  sessionRefreshEachRequest: boolean;
  /** The size of a cookie, in bytes, from which a warning is logged; 0 turns it off. Default: 4093. */
  maxCookieSize: number;
  /** Whether unsafe requests are checked for cross-site forgery. Default: `true`. */
  csrf: boolean;
  /** How long a CSRF token is valid, in seconds. Default: 1 hour. */
  csrfTimeLimit: number;
  /** Origins besides the app's own that may send unsafe requests, such as `"https://admin.example.com"`. Default: none. */
  csrfTrustedOrigins: readonly string[];
  /** The largest body, in bytes. Default: 1 MiB. */
  maxContentLength: number;
  /** The largest multipart body, in bytes. Default: 16 MiB. */
  maxMultipartLength: number;
  /** The most parameters, or parts, of a form. Default: 1,000. */
  maxFormParts: number;
  /** The most uploads in a form. Default: 20. */
  maxFormFiles: number;
  /** The largest value of a form's field, in bytes. Default: 500,000. */
  maxFieldSize: number;
  /** The most that all fields of a form, without uploads, may hold, in bytes. Default: 2,500,000. */
  maxFormMemorySize: number;
  /** The size of an upload, in bytes, from which it is kept in a temporary file. Default: 1 MiB. */
  uploadSpoolSize: number;
  /** How deep a JSON body may nest. Default: 64. */
  maxJsonDepth: number;
  /** The host, and port if it is not the usual, for URLs built outside a request, such as `"example.com"`. Default: none. */
  serverName: string | null;
  /** The scheme for URLs built outside a request. Default: `"http"`. */
  preferredUrlScheme: "http" | "https";
  /** How long browsers may keep a static file without asking, in seconds; `null` makes them ask every time. Default: `null`. */
  sendFileMaxAge: number | null;
  /** Headers for all responses that do not set them; `null` takes a default away. Default: none beside the built-in ones. */
  defaultHeaders: Readonly<Record<string, string | null>>;
}

/** Settings that count something: a whole number, one or more, except for those that may be 0. */
const limits: ReadonlyMap<string, number> = new Map([
  ["permanentSessionLifetime", 1],
  ["maxCookieSize", 0],
  ["csrfTimeLimit", 1],
  ["maxContentLength", 1],
  ["maxMultipartLength", 1],
  ["maxFormParts", 1],
  ["maxFormFiles", 1],
  ["maxFieldSize", 1],
  ["maxFormMemorySize", 1],
  ["uploadSpoolSize", 1],
  ["maxJsonDepth", 1],
]);

/**
 * The configuration of an app.
 *
 * Later sources win: defaults, then what the code sets, then files, then the environment variables that begin with
 * `FLAGON_`, whose names become camel case (`FLAGON_SECRET_KEY` is `secretKey`; `__` goes into an object).
 */
export class Config implements Settings {
  debug: Settings["debug"] = false;
  testing: Settings["testing"] = false;
  secretKey: Settings["secretKey"] = null;
  secretKeyFallbacks: Settings["secretKeyFallbacks"] = [];
  sessionDigest: Settings["sessionDigest"] = "sha256";
  sessionCookieName: Settings["sessionCookieName"] = "session";
  sessionCookieDomain: Settings["sessionCookieDomain"] = null;
  sessionCookiePath: Settings["sessionCookiePath"] = "/";
  sessionCookieSecure: Settings["sessionCookieSecure"] = "auto";
  sessionCookieSameSite: Settings["sessionCookieSameSite"] = "Lax";
  permanentSessionLifetime: Settings["permanentSessionLifetime"] = 31 * 24 * 60 * 60;
  sessionRefreshEachRequest: Settings["sessionRefreshEachRequest"] = true;
  maxCookieSize: Settings["maxCookieSize"] = 4093;
  csrf: Settings["csrf"] = true;
  csrfTimeLimit: Settings["csrfTimeLimit"] = 60 * 60;
  csrfTrustedOrigins: Settings["csrfTrustedOrigins"] = [];
  maxContentLength: Settings["maxContentLength"] = 1024 * 1024;
  maxMultipartLength: Settings["maxMultipartLength"] = 16 * 1024 * 1024;
  maxFormParts: Settings["maxFormParts"] = 1000;
  maxFormFiles: Settings["maxFormFiles"] = 20;
  maxFieldSize: Settings["maxFieldSize"] = 500_000;
  maxFormMemorySize: Settings["maxFormMemorySize"] = 2_500_000;
  uploadSpoolSize: Settings["uploadSpoolSize"] = 1024 * 1024;
  maxJsonDepth: Settings["maxJsonDepth"] = 64;
  serverName: Settings["serverName"] = null;
  preferredUrlScheme: Settings["preferredUrlScheme"] = "http";
  sendFileMaxAge: Settings["sendFileMaxAge"] = null;
  defaultHeaders: Settings["defaultHeaders"] = {};
  readonly #initial: ReadonlyMap<string, unknown> = new Map(Object.entries(this));
  readonly #environment: Readonly<Record<string, unknown>>;

  /**
   * @param values What the code sets.
   * @param environment The environment variables. The process's own by default.
   * @throws {ConfigError} If a value of Flagon's own settings is not usable.
   */
  constructor(values: Partial<Settings> & Readonly<Record<string, unknown>> = {}, environment: NodeJS.ProcessEnv = process.env) {
    this.#environment = readEnvironment(environment);
    this.#set(values, "code");
    this.#set(this.#environment, "environment");
  }

  /** Sets values as the code's; the environment still wins. */
  update(values: Partial<Settings> & Readonly<Record<string, unknown>>): void {
    this.#set(values, "code");
    this.#set(this.#environment, "environment");
  }

  /**
   * Sets the values of a JSON file.
   *
   * @param path The file.
   * @throws {ConfigError} If the file cannot be read or holds no JSON object.
   */
  loadFile(path: string): void {
    let values: unknown;
    try {
      values = JSON.parse(readFileSync(path, "utf8"));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ConfigError(`The configuration file '${path}' could not be read: ${reason}`, { cause });
    }
    if (typeof values !== "object" || values === null || Array.isArray(values)) {
      throw new ConfigError(`The configuration file '${path}' does not hold a JSON object.`);
    }
    this.#set(Object.fromEntries(Object.entries(values)), "file");
    this.#set(this.#environment, "environment");
  }

  /**
   * Returns the app's own settings, checked and typed by a schema.
   *
   * Text from the environment that reads as JSON is already converted: `FLAGON_WORKERS=4` is the number 4.
   *
   * @param schema A zod object, or any synchronous Standard Schema.
   * @throws {ConfigError} If the schema refuses the values; the message names every wrong key.
   */
  parse<Output>(schema: Schema<Output>): Output {
    const result = validateSync(schema, { ...this });
    if ("issues" in result) {
      const lines = result.issues.map(({ path, message }) => {
        const key = path.map(String).join(".");
        return `  ${key}: ${message}. Set it in the code, or as ${environmentName(key)} in the environment.`;
      });
      throw new ConfigError(`The configuration is not complete:\n${lines.join("\n")}`);
    }
    return result.value;
  }

  #set(values: Readonly<Record<string, unknown>>, source: Source): void {
    for (const [key, value] of Object.entries(values)) {
      if (value !== undefined) {
        this.#check(key, value, source);
        Object.defineProperty(this, key, { value, writable: true, enumerable: true, configurable: true });
      }
    }
  }

  #check(key: string, value: unknown, source: Source): void {
    const expected = this.#initial.get(key);
    const where = source === "environment" ? ` (from ${environmentName(key)})` : source === "file" ? " (from a file)" : "";
    if (!this.#initial.has(key)) {
      const hint = didYouMean(key, this.#initial.keys());
      // Other keys belong to the app; only a long one that is nearly one of Flagon's own is taken for a slip of the pen.
      if (hint !== "" && source === "code" && key.length >= 8) {
        throw new ConfigError(`There is no setting '${key}'.${hint}`);
      }
      return;
    }
    const least = limits.get(key);
    if (least !== undefined && !(typeof value === "number" && Number.isSafeInteger(value) && value >= least)) {
      throw new ConfigError(`The setting '${key}'${where} is to be a whole number from ${least}, not ${show(value)}.`);
    }
    if (typeof expected === "boolean" && typeof value !== "boolean") {
      throw new ConfigError(`The setting '${key}'${where} is to be true or false, not ${show(value)}.`);
    }
    if (Array.isArray(expected) && !Array.isArray(value)) {
      throw new ConfigError(`The setting '${key}'${where} is to be a list, not ${show(value)}.`);
    }
    const choices = key === "sessionDigest" ? ["sha256", "sha1"] : key === "sessionCookieSameSite" ? ["Lax", "Strict", "None"] : undefined;
    if (choices !== undefined && !(typeof value === "string" && choices.includes(value))) {
      throw new ConfigError(`The setting '${key}'${where} is to be one of '${choices.join("', '")}', not ${show(value)}.`);
    }
    if (key === "secretKey" && value !== null && !(value instanceof Uint8Array) && (typeof value !== "string" || value === "")) {
      throw new ConfigError(`The setting 'secretKey'${where} is to be text or bytes, and not empty.`);
    }
  }
}

function show(value: unknown): string {
  return typeof value === "string" ? `'${value}'` : String(value);
}

function readEnvironment(environment: NodeJS.ProcessEnv): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const name of Object.keys(environment).sort()) {
    const text = environment[name];
    if (!name.startsWith("FLAGON_") || name === "FLAGON_APP" || text === undefined) {
      continue;
    }
    const path = name.slice("FLAGON_".length).split("__").map(toCamelCase);
    const last = path.pop() ?? "";
    let holder = values;
    for (const key of path) {
      const inner = holder[key];
      const next: Record<string, unknown> = typeof inner === "object" && inner !== null ? { ...inner } : {};
      holder[key] = next;
      holder = next;
    }
    // A secret key of digits is text all the same.
    holder[last] = name === "FLAGON_SECRET_KEY" ? text : parseJsonOrText(text);
  }
  return values;
}

function parseJsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function toCamelCase(name: string): string {
  return name.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function environmentName(key: string): string {
  return `FLAGON_${key
    .replace(/\./g, "__")
    .replace(/[A-Z]/g, (letter) => `_${letter}`)
    .toUpperCase()}`;
}
