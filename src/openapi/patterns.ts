import { splitAlternatives } from "../forms/patterns";

/**
 * Writes a regular expression as a `pattern` of JSON Schema, which has no flags and is read with the flag `u`
 * (JSON Schema 2020-12, section 6.4 of the core).
 *
 * @returns `undefined` for an expression that cannot be written so, such as one with sets of the flag `v`.
 */
export function toPattern(regex: RegExp): string | undefined {
  const { flags, source } = regex;
  const isUnicode = /[uv]/.test(flags);
  const isPlain = !/[imsvy]/.test(flags) && (isUnicode || !/\\(?:[pP]|u\{)/.test(source)) && isValid(source);
  if (isPlain) {
    return source;
  }
  try {
    const written = new Writer(flags, isUnicode).write(source);
    const anchored = flags.includes("y") ? `^(?:${written})` : written;
    return isValid(anchored) ? anchored : undefined;
  } catch (error) {
    if (error instanceof Unwritable) {
      return undefined;
    }
    throw error;
  }
}

/**
 * Returns the pattern of the texts that match a pattern without the blanks at both ends. It may take further texts.
 *
 * @returns `undefined` for a pattern that looks around itself, since it would see the blanks.
 */
export function allowBlanks(pattern: string): string | undefined {
  const plain = pattern.replace(/\\.|\[(?:[^\]\\]|\\.)*\]/gs, (found) => "x".repeat(found.length));
  if (/\(\?(?:<?[=!])/.test(plain)) {
    return undefined;
  }
  const written: string[] = [];
  for (const source of splitAlternatives(pattern)) {
    const isStart = source.startsWith("^");
    const isEnd = /(?<!\\)(?:\\\\)*\$$/.test(source);
    const inner = source.slice(isStart ? 1 : 0, isEnd ? -1 : undefined);
    if (/[$^]/.test(inner.replace(/\\.|\[(?:[^\]\\]|\\.)*\]/gs, ""))) {
      return undefined;
    }
    written.push(`${isStart ? "^\\s*" : ""}${inner}${isEnd ? "\\s*$" : ""}`);
  }
  return written.join("|");
}

/** Escapes a text for a regular expression. */
export function escapePattern(text: string): string {
  return text.replace(/[$()*+./?[\\\]^{|}]/g, "\\$&");
}

function isValid(source: string): boolean {
  try {
    return new RegExp(source, "u").source !== "";
  } catch {
    return false;
  }
}

/** An expression that a pattern cannot say. */
class Unwritable extends Error {}

const escape = String.raw`\\(?:[pP]\{[^}]*\}|u\{[\da-fA-F]+\}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|c[a-zA-Z]|k<[^>]*>|\d+|[^])`;
const tokens = new RegExp(String.raw`\[\^?(?:[^\]\\]|\\[^])*\]|${escape}|\(\?<[^>=!]+>|\(\?(?:<?[=!]|:)|\{\d+(?:,\d*)?\}|[^]`, "gu");
const members = new RegExp(`${escape}|[^]`, "gu");
const lineEnds = String.raw`[^\n\r\u2028\u2029]`;

/** Writes a source token by token, without its flags. */
class Writer {
  readonly #flags: string;
  readonly #isUnicode: boolean;

  constructor(flags: string, isUnicode: boolean) {
    this.#flags = flags;
    this.#isUnicode = isUnicode;
  }

  write(source: string): string {
    return (source.match(tokens) ?? []).map((token) => this.#writeToken(token)).join("");
  }

  #writeToken(token: string): string {
    if (token.length > 1 && token.startsWith("[")) {
      return this.#writeClass(token);
    }
    if (token.startsWith("\\")) {
      return this.#writeEscape(token);
    }
    if (token.length > 1 && /^[({]/.test(token)) {
      return token;
    }
    switch (token) {
      case ".":
        return this.#flags.includes("s") ? "[\\s\\S]" : token;
      case "^":
        return this.#flags.includes("m") ? `(?<!${lineEnds})` : token;
      case "$":
        return this.#flags.includes("m") ? `(?!${lineEnds})` : token;
      case "]":
      case "{":
      case "}":
        return `\\${token}`;
      default:
        return this.#writeLetter(token);
    }
  }

  #writeEscape(token: string): string {
    const character = readCharacter(token, this.#isUnicode);
    if (character !== undefined) {
      return /^[\w-]$/.test(character) || character.length > 1 || character > "\x7f" ? this.#writeLetter(character) : token;
    }
    if (/^\\(?:[1-9]|k)/.test(token)) {
      this.#refuse(!this.#isUnicode && token === "\\k");
      this.#refuse(this.#ignoresCase);
    }
    this.#refuse(/^\\0\d/.test(token) || this.#isUnclear(token));
    if (token === "\\w" && this.#ignoresCase && this.#isUnicode) {
      return "[\\w\\u017f\\u212a]";
    }
    return this.#isUnicode ? token : unescape(token, /[\d^$\\.*+?()[\]{}|/]/);
  }

  #writeLetter(letter: string): string {
    const variants = this.#ignoresCase ? findVariants(letter, this.#isUnicode) : [];
    return variants.length === 0 ? letter : `[${letter}${variants.join("")}]`;
  }

  /** Writes a class. A hyphen that joins no two characters stands for itself. */
  #writeClass(token: string): string {
    const isNegated = token.startsWith("[^");
    const content = token.slice(isNegated ? 2 : 1, -1);
    this.#refuse(this.#flags.includes("v") && /\[|--|&&|\\q/.test(content));
    const parts = content.match(members) ?? [];
    let written = "";
    for (let index = 0; index < parts.length; index++) {
      const part = parts[index] ?? "";
      const [hyphen, last] = [parts[index + 1], parts[index + 2]];
      const first = readMember(part, this.#isUnicode);
      const end = hyphen === "-" && last !== undefined ? readMember(last, this.#isUnicode) : undefined;
      if (first !== undefined && end !== undefined) {
        written += `${this.#writeMember(part)}-${this.#writeMember(last ?? "")}${this.#findRangeVariants(first, end)}`;
        index += 2;
      } else {
        written +=
          this.#writeMember(part) + (first !== undefined && this.#ignoresCase ? findVariants(first, this.#isUnicode).join("") : "");
      }
    }
    return `[${isNegated ? "^" : ""}${written}]`;
  }

  #writeMember(part: string): string {
    if (!part.startsWith("\\")) {
      return part === "-" || part === "[" ? `\\${part}` : part;
    }
    this.#refuse(/^\\(?:0\d|[1-9])/.test(part) || this.#isUnclear(part));
    return this.#isUnicode ? part : unescape(part, /[\d^$\\.*+?()[\]{}|/-]/);
  }

  /** Lists the letters that a range takes besides its own, if the case of letters does not count. */
  #findRangeVariants(first: string, last: string): string {
    if (!this.#ignoresCase) {
      return "";
    }
    const [start = 0, end = 0] = [first.codePointAt(0), last.codePointAt(0)];
    const shared = (from: string, to: string): string => {
      const [low, high] = [Math.max(start, from.charCodeAt(0)), Math.min(end, from.charCodeAt(0) + 25)];
      const shift = to.charCodeAt(0) - from.charCodeAt(0);
      return low > high ? "" : `${String.fromCharCode(low + shift)}-${String.fromCharCode(high + shift)}`;
    };
    const found = new Set<string>();
    for (let code = Math.max(start, 0x80); code <= Math.min(end, 0xffff); code++) {
      for (const variant of findVariants(String.fromCharCode(code), this.#isUnicode)) {
        if (variant < first || variant > last) {
          found.add(variant);
        }
      }
    }
    this.#refuse(found.size > 200);
    return shared("a", "A") + shared("A", "a") + [...found].join("");
  }

  /** Tells whether an escape is a property of characters with another meaning here: without the flag `u`, or with the flag `i`. */
  #isUnclear(token: string): boolean {
    return /^\\[pP]/.test(token) && (this.#ignoresCase || !this.#isUnicode);
  }

  get #ignoresCase(): boolean {
    return this.#flags.includes("i");
  }

  #refuse(isUnwritable: boolean): void {
    if (isUnwritable) {
      throw new Unwritable();
    }
  }
}

/** Removes the backslash of a character that needs none, and must have none with the flag `u`. */
function unescape(token: string, kept: RegExp): string {
  const [, character = ""] = token;
  return token.length > 2
    ? token
    : /^\\[a-zA-Z]$/.test(token)
      ? /[dDsSwWbBfnrtv]/.test(character)
        ? token
        : character
      : kept.test(character)
        ? token
        : character;
}

/** Reads the character that an escape stands for by its number. */
function readCharacter(token: string, isUnicode: boolean): string | undefined {
  const [, braced, plain] = /^\\(?:u\{([\da-fA-F]+)\}|[ux]([\da-fA-F]+))$/.exec(token) ?? [];
  if (braced !== undefined && !isUnicode) {
    throw new Unwritable();
  }
  const code = braced ?? plain;
  return code === undefined ? undefined : String.fromCodePoint(Number.parseInt(code, 16));
}

/** Reads a member of a class that is one character, and no set such as `\d`. */
function readMember(part: string, isUnicode: boolean): string | undefined {
  if (!part.startsWith("\\")) {
    return part;
  }
  const named = { "\\n": "\n", "\\r": "\r", "\\t": "\t", "\\f": "\f", "\\v": "\v", "\\b": "\b", "\\0": "\0" }[part];
  return named ?? readCharacter(part, isUnicode) ?? (/^\\[a-zA-Z\d]/.test(part) ? undefined : part.slice(1));
}

let byCase: ReadonlyMap<string, readonly string[]> | undefined;

/** Lists the other characters that a letter matches if the case does not count (ECMA-262, Canonicalize). */
function findVariants(letter: string, isUnicode: boolean): readonly string[] {
  if (letter.length > 1) {
    return [];
  }
  if (letter <= "\x7f" && !(isUnicode && /[ks]/i.test(letter))) {
    const other = letter.toLowerCase() === letter ? letter.toUpperCase() : letter.toLowerCase();
    return other === letter ? [] : [other];
  }
  byCase ??= groupByCase();
  const key = fold(letter);
  return (byCase.get(key) ?? []).filter((other) => other !== letter && (isUnicode || toUpper(other) === toUpper(letter)));
}

function groupByCase(): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (let code = 0; code <= 0xffff; code++) {
    const letter = String.fromCharCode(code);
    const key = fold(letter);
    if (key !== letter || letter.toUpperCase() !== letter) {
      groups.set(key, [...(groups.get(key) ?? (key === letter ? [] : [key])), letter]);
    }
  }
  return new Map([...groups].map(([key, letters]) => [key, [...new Set(letters)]]));
}

/** Returns the upper case of a letter; the letter itself if that has more letters, or is one of ASCII. */
function toUpper(letter: string): string {
  const upper = letter.toUpperCase();
  return upper.length > 1 || (letter > "\x7f" && upper <= "\x7f") ? letter : upper;
}

/** Returns the lower case of a letter that stands for all its cases. */
function fold(letter: string): string {
  const upper = letter.toUpperCase();
  const lower = (upper.length === 1 ? upper : letter).toLowerCase();
  return lower.length === 1 ? lower : letter;
}
