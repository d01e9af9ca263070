import { isSecretName } from "../base/secret-names";
import { textConverters } from "../base/text-values";

/** An environment variable that sets a value: `FLAGON_MAIL__PORT=25` sets the member `port` of `mail`. */
export interface Variable {
  /** Its name. */
  readonly name: string;
  /** The words after the prefix: one word for each level, case unchanged. */
  readonly path: readonly string[];
  /** Its value. */
  readonly text: string;
}

/** The variables of the command line, which are no settings. */
const commandLineVariables = new Set(
  ["APP", "RELOADED", "RUN_HOST", "RUN_PORT", "SERVE_HOST", "SERVE_PORT", "WORKER"].map((name) => `FLAGON_${name}`),
);

/** Lists the variables that begin with a prefix, by name, so that an object comes before its members. */
export function listVariables(environment: NodeJS.ProcessEnv, prefix = "FLAGON_"): Variable[] {
  return Object.entries(environment)
    .flatMap(([name, text]) =>
      name.startsWith(prefix) && name.length > prefix.length && !commandLineVariables.has(name) && text !== undefined
        ? [{ name, path: name.slice(prefix.length).split("__"), text }]
        : [],
    )
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}

/** Rules for the members that variables set: their names and values. */
export interface MemberStyle {
  /** Makes the name of a member that is not there yet. */
  toName(word: string): string;
  /** Reads the value of a member. */
  read(text: string, present: unknown, name: string): unknown;
  /** Converts a value that is no object to one, before its members are set. Default: an empty object. */
  toObject?(value: unknown): Readonly<Record<string, unknown>>;
}

const usualStyle: MemberStyle = { toName: toCamelCase, read: convert };

/** HTTP headers: `X_FRAME_OPTIONS` is `x-frame-options`, and all values are text. */
export const headerStyle: MemberStyle = {
  toName: (word) => word.toLowerCase().replaceAll("_", "-"),
  read: (text) => (text === "null" ? null : text),
};

/**
 * Puts the text of a variable into a member of a value.
 *
 * @param value The value, which is not changed. If it is neither an object nor a list, a new object replaces it.
 * @param path The words that lead to the member.
 * @param text The text. It is converted to the type of the member's present value, or as JSON.
 * @param style The names and values of the members, if they are unusual.
 * @returns The value with the member.
 */
export function putMember(value: unknown, [word, ...rest]: readonly string[], text: string, style: MemberStyle = usualStyle): unknown {
  if (word === undefined) {
    return style.read(text, value, "");
  }
  if (Array.isArray(value) && /^\d+$/.test(word) && Number(word) <= value.length) {
    return value.toSpliced(Number(word), 1, putMember(value[Number(word)], rest, text));
  }
  const members: Readonly<Record<string, unknown>> = isPlainObject(value) ? value : (style.toObject?.(value) ?? {});
  const name = findMember(members, word) ?? style.toName(word);
  const member = Object.hasOwn(members, name) ? members[name] : undefined;
  if (rest.length > 0) {
    return { ...members, [name]: putMember(member, rest, text, style) };
  }
  return { ...members, [name]: isSecretName(name) ? readSecret(text) : style.read(text, member, name) };
}

/** Reads text as a list: JSON, or words with commas between them. */
export function readList(text: string): unknown {
  return text.trim().startsWith("[")
    ? readJson(text)
    : text
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== "");
}

/** Reads text as a list of words, which hold no blanks: JSON, or words with commas, semicolons or blanks between them. */
export function readWords(text: string): unknown {
  return text.trim().startsWith("[") ? readJson(text) : text.split(/[\s,;]+/).filter((word) => word !== "");
}

/** Reads text as JSON, or returns it. An integer too large for a number stays text: as a number it would change. */
export function readJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "number" && /^-?\d+$/.test(text) && !Number.isSafeInteger(value) ? text : value;
  } catch {
    return text;
  }
}

/** Writes the words of a variable's name as a key: `MAX_CONTENT_LENGTH` is `maxContentLength`. */
export function toCamelCase(name: string): string {
  return name.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Returns the name of the variable that sets a key. */
export function environmentName(key: string): string {
  return `FLAGON_${key
    .replace(/\./g, "__")
    .replace(/[A-Z]/g, (letter) => `_${letter}`)
    .toUpperCase()}`;
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return false;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Finds a member whose name has the same letters and digits, such as `X-Api-Key` or `x_api_key` for `X_API_KEY`. */
function findMember(members: object, word: string): string | undefined {
  const plain = lettersOf(word);
  return Object.keys(members).find((name) => lettersOf(name) === plain);
}

function lettersOf(name: string): string {
  return name.replace(/[^a-zA-Z0-9]/g, "").toLowerCase();
}

/** A secret stays text, even if it has digits only. */
export function readSecret(text: string): unknown {
  return /^\s*[[{]/.test(text) ? readJson(text) : text;
}

/** Converts text to the type of the value that it replaces, or as JSON. */
export function convert(text: string, present: unknown): unknown {
  switch (typeof present) {
    case "boolean":
      return textConverters.boolean(text) ?? readJson(text);
    case "number":
      return textConverters.float(text) ?? readJson(text);
    case "string":
      return text;
    default:
      return Array.isArray(present) ? readList(text) : readJson(text);
  }
}
