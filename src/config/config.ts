import { resolve } from "node:path";
import { ConfigError } from "../base/errors";
import type { Schema } from "../base/schema";
import { isSecretName } from "../base/secret-names";
import { didYouMean, findSlip } from "../base/suggestion";
import { readTextFile } from "../base/text-file";
import { refuseUnknown } from "../base/unknown-options";
import { findConflicts } from "./conflicts";
import {
  convert,
  environmentName,
  listVariables,
  type MemberStyle,
  putMember,
  readSecret,
  toCamelCase,
  type Variable,
} from "./environment";
import type { Misspellings } from "./misspellings";
import { type Settings, settingChecks } from "./settings";
import { type VariableText, validateVariables } from "./variable-texts";

/** The origin of a value, for its error. */
type Source = "code" | "file";

/** Settings, Flagon's own and the app's. */
export type Values = Partial<Settings> & Misspellings & Readonly<Record<string, unknown>>;

/** Options of `config.loadFile()`. */
export interface LoadFileOptions {
  /** Parses the text of the file. Default: `JSON.parse`. */
  parse?: (text: string) => unknown;
  /** Accepts a missing file: the call then returns `false`. Default: `false`. */
  silent?: boolean;
}

/**
 * The configuration of an app.
 *
 * Later sources win: defaults, the code, files, then the environment variables that begin with `FLAGON_`. Their names
 * become camel case: `FLAGON_SECRET_KEY` is `secretKey`. `FLAGON_MAIL__PORT` sets the member `port` of `mail`, and leaves the
 * others as they are.
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
  /** The members of `Strict-Transport-Security`. */
  strictTransportSecurity: Settings["strictTransportSecurity"] = null;
  viewTimeout: Settings["viewTimeout"] = 30;
  bodyTimeout: Settings["bodyTimeout"] = 30;
  keepAliveTimeout: Settings["keepAliveTimeout"] = 75;
  shutdownTimeout: Settings["shutdownTimeout"] = 10;
  /** Whether requests over HTTP are redirected to HTTPS. */
  httpsOnly = false;
  /** The keys that only variables have set. */
  readonly #fromVariables = new Set<string>();
  /** The keys that the code, a file or a variable has set. */
  readonly #given = new Set<string>();
  /** The texts of the variables that set a value as a whole. */
  readonly #texts = new Map<string, VariableText>();
  readonly #variables: NodeJS.ProcessEnv;
  readonly #root: string;

  /**
   * @param values The values of the code.
   * @param environment The environment variables. Default: those of the process.
   * @param root The folder that the paths of files are relative to. Default: the working directory.
   * @throws {ConfigError} If one of Flagon's own settings has a value that it does not take. The message names all of them.
   */
  constructor(values: Values = {}, environment: NodeJS.ProcessEnv = process.env, root: string = process.cwd()) {
    this.#variables = environment;
    this.#root = root;
    this.#set(values, "code");
  }

  /**
   * Sets values. The environment still wins.
   *
   * @throws {ConfigError} If one of Flagon's own settings has a value that it does not take. Then none is set.
   */
  update(values: Values): void {
    this.#set(values, "code");
  }

  /** Tells whether the code, a file or a variable has set a key, also if to its default. */
  isSet(key: string): boolean {
    return this.#given.has(key);
  }

  /** Sets the values whose keys have none yet: for the own settings of an extension. */
  setDefaults(values: Values): void {
    this.update(Object.fromEntries(Object.entries(values).filter(([key]) => !Object.hasOwn(this, key) || this.#fromVariables.has(key))));
  }

  /**
   * Sets the values of a file.
   *
   * @param path The file, relative to the app's root.
   * @param options The parser, JSON's by default, and whether the file can be missing.
   * @returns Whether there was such a file.
   * @throws {ConfigError} If the file cannot be read or holds no object.
   */
  loadFile(path: string, options: LoadFileOptions = {}): boolean {
    refuseUnknown(options, ["parse", "silent"], "config.loadFile()", ConfigError);
    const { parse = JSON.parse, silent = false } = options;
    let values: unknown;
    try {
      values = parse(readTextFile(resolve(this.#root, path)));
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
   * @param options The parser, and whether variable and file can be missing.
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

  /**
   * Sets the values of the environment variables that begin with a prefix of the app's own, such as `"SHOP_"`.
   *
   * @param prefix The prefix, such as `"SHOP_"`. `SHOP_DATABASE_URL` sets `databaseUrl`.
   */
  loadEnvironment(prefix: string): void {
    this.#set({}, "code", listVariables(this.#variables, prefix));
  }

  /**
   * Returns the values whose keys begin with a prefix, without it: of `imageStoreType` and `"imageStore"`, `{ type }`.
   *
   * @param prefix The beginning of the keys.
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
   * Text from the environment is taken as the schema needs it: `FLAGON_ZIP=01234` and `FLAGON_PIN=1234` as text where it takes text, `yes` as a
   * boolean, and `a,b` as a list.
   *
   * @param schema A zod object, or any synchronous Standard Schema.
   * @throws {ConfigError} If the schema refuses the values; the message names every wrong key.
   */
  parse<Output>(schema: Schema<Output>): Output {
    const result = validateVariables(schema, Object.fromEntries(Object.entries(this)), this.#texts);
    if ("issues" in result) {
      const lines = result.issues.map(({ path, message }) => {
        const key = path.map(String).join(".");
        return `  ${key}: ${message}. Set it in the code, or as ${environmentName(key)} in the environment.`;
      });
      throw new ConfigError(`The configuration is not complete:\n${lines.join("\n")}`);
    }
    return result.value;
  }

  /**
   * Checks all settings, also those that were assigned by hand: the app does it before its first request.
   *
   * @throws {ConfigError} If one of Flagon's own settings has a value that it does not take. The message names all of them.
   */
  check(): void {
    throwIfAny([
      ...Object.entries(this).map(([key, value]) => (isSetting(key) ? check(key, value, "code") : this.#checkAssigned(key))),
      ...findConflicts(this),
    ]);
  }

  /** Returns the problem with a key that was assigned by hand, if it is a slip of a setting's name. */
  #checkAssigned(key: string): string | undefined {
    const meant = this.#given.has(key) ? undefined : findSlip(key, settingNames);
    return meant === undefined ? undefined : `There is no setting '${key}'. Did you mean '${meant}'?`;
  }

  /** Sets values, then those of the variables on top. One error names all mistakes. No value is set then. */
  #set(given: Readonly<Record<string, unknown>>, source: Source, variables: readonly Variable[] = []): void {
    const values = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    const problems = Object.entries(values).map(([key, value]) => check(key, value, source));
    const merged = new Map<string, unknown>(Object.entries(values));
    const names = new Map<string, string>();
    const texts = new Map<string, string>();
    for (const { name, path, text } of [...variables, ...listVariables(this.#variables)]) {
      const [word = "", ...rest] = path;
      const key = toCamelCase(word);
      const present: unknown = merged.has(key) ? merged.get(key) : Object.hasOwn(this, key) ? Reflect.get(this, key) : undefined;
      merged.set(key, rest.length === 0 ? readValue(key, text, present) : putMember(present, rest, text, memberStyle(key)));
      names.set(key, name);
      if (rest.length === 0) {
        texts.set(key, text);
      }
    }
    problems.push(...[...names].map(([key, name]) => check(key, merged.get(key), name)));
    problems.push(...findConflicts({ ...this, ...Object.fromEntries(merged) }));
    throwIfAny(problems);
    for (const [key, value] of merged) {
      this.#given.add(key);
      const text = texts.get(key);
      if (text === undefined) {
        this.#texts.delete(key);
      } else {
        this.#texts.set(key, { text, value });
      }
      if (!Object.hasOwn(values, key) && (!Object.hasOwn(this, key) || this.#fromVariables.has(key))) {
        this.#fromVariables.add(key);
      } else {
        this.#fromVariables.delete(key);
      }
      Object.defineProperty(this, key, { value, writable: true, enumerable: true, configurable: true });
    }
  }
}

function throwIfAny(problems: readonly (string | undefined)[]): void {
  const found = problems.filter((problem) => problem !== undefined);
  if (found.length > 0) {
    throw new ConfigError(
      found.length === 1
        ? String(found[0])
        : `The configuration has ${found.length} mistakes:\n${found.map((line) => `  ${line}`).join("\n")}`,
    );
  }
}

/** Reads the text of a variable: as the setting takes it, or for a key of the app by the type of the present value. */
function readValue(key: string, text: string, present: unknown): unknown {
  if (isSetting(key)) {
    return settingChecks[key].read(text);
  }
  return isSecretName(key) ? readSecret(text) : convert(text, present);
}

function memberStyle(key: string): MemberStyle | undefined {
  return isSetting(key) ? settingChecks[key].members : undefined;
}

/** Returns the problem with a value, if there is one. */
function check(key: string, value: unknown, source: string): string | undefined {
  if (!isSetting(key)) {
    // Other keys belong to the app. A short name counts as a typing error if one letter differs, a long one if it is close.
    const slip = findSlip(key, settingNames);
    const hint = slip !== undefined ? ` Did you mean '${slip}'?` : key.length < 8 ? "" : didYouMean(key, settingNames);
    if (hint === "") {
      return undefined;
    }
    const place = source === "code" ? "" : source === "file" ? " (from a file)" : ` (from ${source})`;
    return source === "code" || source === "file" || source.startsWith("FLAGON_")
      ? `There is no setting '${key}'${place}.${hint}`
      : undefined;
  }
  const { accepts, expected } = settingChecks[key];
  if (accepts(value)) {
    return undefined;
  }
  const where = source === "code" ? "" : source === "file" ? " (from a file)" : ` (from ${source})`;
  const shown = key.startsWith("secretKey") ? "" : `, but got ${show(value)}`;
  const cure =
    key === "secretKey" && value === "" ? " Make one: npx flagon secret. `flagon run` needs none: leave the variable out there." : "";
  return `The setting '${key}'${where} must be ${expected}${shown}.${cure}`;
}

/** The names of Flagon's own settings. */
export const settingNames: readonly string[] = Object.keys(settingChecks);

function show(value: unknown): string {
  return typeof value === "string" ? `'${value}'` : typeof value === "object" ? (JSON.stringify(value) ?? "an object") : String(value);
}

function isSetting(key: string): key is keyof Settings {
  return Object.hasOwn(settingChecks, key);
}
