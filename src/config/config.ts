import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { ConfigError } from "../base/errors";
import { type Schema, validateSync } from "../base/schema";
import { didYouMean } from "../base/suggestion";
import { environmentName, readEnvironment } from "./environment";
import type { Misspellings } from "./misspellings";
import { type Settings, settingChecks } from "./settings";

/** A setting's value, and where it came from when it is reported as wrong. */
type Source = "code" | "file" | "environment";

/** Settings, Flagon's own and the app's. */
export type Values = Partial<Settings> & Misspellings & Readonly<Record<string, unknown>>;

/** How a file of settings is read. */
export interface LoadFileOptions {
  /** Parses the text of the file. Default: `JSON.parse`. */
  parse?: (text: string) => unknown;
  /** Goes on without a file that is not there, and gives `false`. Default: `false`. */
  silent?: boolean;
}

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
  sessionEncrypted: Settings["sessionEncrypted"] = false;
  debugToolbar: Settings["debugToolbar"] = true;
  sessionCookieName: Settings["sessionCookieName"] = "session";
  sessionCookieDomain: Settings["sessionCookieDomain"] = null;
  sessionCookiePath: Settings["sessionCookiePath"] = null;
  sessionCookieSecure: Settings["sessionCookieSecure"] = "auto";
  sessionCookieSameSite: Settings["sessionCookieSameSite"] = "Lax";
  sessionCookiePartitioned: Settings["sessionCookiePartitioned"] = false;
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
  useXSendfile: Settings["useXSendfile"] = false;
  trustedHosts: Settings["trustedHosts"] = [];
  trustProxy: Settings["trustProxy"] = 0;
  applicationRoot: Settings["applicationRoot"] = "/";
  provideAutomaticOptions: Settings["provideAutomaticOptions"] = true;
  strictSlashes: Settings["strictSlashes"] = true;
  mergeSlashes: Settings["mergeSlashes"] = true;
  methodOverride: Settings["methodOverride"] = false;
  propagateExceptions: Settings["propagateExceptions"] = null;
  trapHttpExceptions: Settings["trapHttpExceptions"] = false;
  templatesAutoReload: Settings["templatesAutoReload"] = null;
  explainTemplateLoading: Settings["explainTemplateLoading"] = false;
  defaultHeaders: Settings["defaultHeaders"] = {};
  /** Directives of `Content-Security-Policy`. */
  contentSecurityPolicy: Settings["contentSecurityPolicy"] = {};
  /** What `Strict-Transport-Security` says over HTTPS. */
  strictTransportSecurity: Settings["strictTransportSecurity"] = null;
  /** Whether requests over HTTP are redirected to HTTPS. */
  httpsOnly = false;
  readonly #environment: Readonly<Record<string, unknown>>;
  readonly #variables: NodeJS.ProcessEnv;
  readonly #root: string;

  /**
   * @param values What the code sets.
   * @param environment The environment variables. The process's own by default.
   * @param root The folder that the paths of files are relative to. The working directory by default.
   * @throws {ConfigError} If a value of Flagon's own settings is not usable.
   */
  constructor(values: Values = {}, environment: NodeJS.ProcessEnv = process.env, root: string = process.cwd()) {
    this.#variables = environment;
    this.#environment = readEnvironment(environment);
    this.#root = root;
    this.#set(values, "code");
  }

  /** Sets values as the code's; the environment still wins. */
  update(values: Values): void {
    this.#set(values, "code");
  }

  /** Sets each value whose key has none yet, as an extension does with its own settings. */
  setDefaults(values: Values): void {
    this.update(Object.fromEntries(Object.entries(values).filter(([key]) => !Object.hasOwn(this, key))));
  }

  /**
   * Sets the values of a file.
   *
   * @param path The file, relative to the app's root.
   * @param options How it is parsed, as JSON by default, and whether it may be missing.
   * @returns Whether there was such a file.
   * @throws {ConfigError} If the file cannot be read or holds no object.
   */
  loadFile(path: string, { parse = JSON.parse, silent = false }: LoadFileOptions = {}): boolean {
    let values: unknown;
    try {
      values = parse(readFileSync(resolve(this.#root, path), "utf8"));
    } catch (cause) {
      if (silent && cause instanceof Error && "code" in cause && cause.code === "ENOENT") {
        return false;
      }
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ConfigError(`The configuration file '${path}' could not be read: ${reason}`, { cause });
    }
    if (typeof values !== "object" || values === null || Array.isArray(values)) {
      throw new ConfigError(`The configuration file '${path}' does not hold an object.`);
    }
    this.#set(Object.fromEntries(Object.entries(values)), "file");
    return true;
  }

  /**
   * Sets the values of the file that an environment variable names.
   *
   * @param variable The variable, such as `"SHOP_SETTINGS"`.
   * @param options How it is parsed, and whether variable and file may be missing.
   * @returns Whether there was such a file.
   * @throws {ConfigError} If the variable is not set, or the file cannot be read or holds no object.
   */
  loadFileFromEnvironment(variable: string, options: LoadFileOptions = {}): boolean {
    const path = this.#variables[variable];
    if (path !== undefined && path !== "") {
      return this.loadFile(path, options);
    }
    if (options.silent === true) {
      return false;
    }
    throw new ConfigError(`The environment variable '${variable}' is not set. Set it to the path of a configuration file.`);
  }

  /** Sets the values of the environment variables that begin with a prefix of the app's own, such as `"SHOP_"`. */
  loadEnvironment(prefix: string): void {
    this.#set(readEnvironment(this.#variables, prefix), "environment");
  }

  /**
   * Returns the values whose keys begin with a prefix, without it: of `imageStoreType` and `"imageStore"`, `{ type }`.
   *
   * @param prefix What the keys begin with.
   */
  getNamespace(prefix: string): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(this)
        .filter(([key]) => key.startsWith(prefix) && key.length > prefix.length)
        .map(([key, value]) => [key.charAt(prefix.length).toLowerCase() + key.slice(prefix.length + 1), value]),
    );
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

  /** Sets values, below those of the environment; all that is wrong with either is said at once, and then none is set. */
  #set(values: Readonly<Record<string, unknown>>, source: Source): void {
    const set = listSet(values);
    const stronger = listSet(this.#environment);
    const problems = [
      ...set.map(([key, value]) => check(key, value, source)),
      ...stronger.map(([key, value]) => check(key, value, "environment")),
    ];
    const merged = { ...this, ...Object.fromEntries([...set, ...stronger]) };
    if (merged.sessionEncrypted === true && merged.sessionDigest === "sha1") {
      problems.push("The setting 'sessionEncrypted' cannot be on while 'sessionDigest' is \"sha1\": Flask could not read the sessions.");
    }
    const found = problems.filter((problem) => problem !== undefined);
    if (found.length > 0) {
      throw new ConfigError(
        found.length === 1
          ? String(found[0])
          : `The configuration has ${found.length} mistakes:\n${found.map((line) => `  ${line}`).join("\n")}`,
      );
    }
    for (const [key, value] of [...set, ...stronger]) {
      Object.defineProperty(this, key, { value, writable: true, enumerable: true, configurable: true });
    }
  }
}

function listSet(values: Readonly<Record<string, unknown>>): readonly (readonly [string, unknown])[] {
  return Object.entries(values).filter(([, value]) => value !== undefined);
}

/** Tells what is wrong with a value, if anything is. */
function check(key: string, value: unknown, source: Source): string | undefined {
  if (!isSetting(key)) {
    const hint = didYouMean(key, Object.keys(settingChecks));
    // Other keys belong to the app; only a long one that is nearly one of Flagon's own is taken for a slip of the pen.
    return hint !== "" && source === "code" && key.length >= 8 ? `There is no setting '${key}'.${hint}` : undefined;
  }
  const { accepts, expected } = settingChecks[key];
  if (accepts(value)) {
    return undefined;
  }
  const where = source === "environment" ? ` (from ${environmentName(key)})` : source === "file" ? " (from a file)" : "";
  const shown = key === "secretKey" ? "" : `, not ${typeof value === "string" ? `'${value}'` : String(value)}`;
  return `The setting '${key}'${where} is to be ${expected}${shown}.`;
}

function isSetting(key: string): key is keyof Settings {
  return Object.hasOwn(settingChecks, key);
}
