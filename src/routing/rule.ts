import { RuleError } from "../base/errors";
import { refusePromise } from "../base/forgotten-await";
import { type ConverterFactory, escapeRegex, noMatch, withoutCaptures } from "./converters";
import { formatVariable, type Part, parseRule, type Variable } from "./rule-parser";

/** The expression of a variable that takes any text of a segment, for which the tree needs none. */
const anySegment = "[^/]+";

/** With each of them, the number of ways to split a path is multiplied. */
const maxSpanning = 2;

type Segment = readonly Part[];

/** The place of a segment's variables: the router's parameter, and the way to split its text. */
interface Slot {
  readonly parameter: string;
  readonly variables: readonly Variable[];
  /** Splits a segment that is more than one variable. */
  readonly regex: RegExp | null;
}

/** A parsed URL rule, such as `"/posts/<int:id>"`. */
export class Rule {
  /** The variables, in their order. */
  readonly variables: readonly Variable[];
  /** The rule in the syntax of find-my-way; it ends in `*` when a variable may hold slashes. */
  readonly pattern: string;
  /** The whole rule as one expression, for those with a variable that may hold slashes. */
  readonly regex: RegExp | null;
  /** Orders rules by specificity, segment by segment: the lighter is tried first. */
  readonly weights: readonly number[];
  /** The parts that a path is built of: text that is percent-encoded already, and variables. */
  readonly #pieces: readonly Part[];
  readonly #slots: readonly Slot[];
  readonly #parts: readonly Part[];

  /**
   * @param source The rule.
   * @param converters The converters by name.
   * @throws {RuleError} If the rule cannot be read.
   */
  constructor(
    readonly source: string,
    converters: ReadonlyMap<string, ConverterFactory>,
  ) {
    if (!source.startsWith("/")) {
      throw new RuleError("A rule begins with a slash.", source, 0);
    }
    const parts = parseRule(source, converters);
    if (parts.filter((part) => typeof part !== "string" && part.spans).length > maxSpanning) {
      throw new RuleError(
        `A rule can have ${maxSpanning} variables that hold slashes: with more, the search for their ends would take too long.`,
        source,
        source.lastIndexOf("<"),
      );
    }
    const segments = toSegments(parts);
    this.variables = parts.filter((part) => typeof part !== "string");
    this.weights = segments.map(weigh);
    this.#parts = parts;
    this.#pieces = parts.map((part) => (typeof part === "string" ? part.split("/").map(encodePath).join("/") : part));
    this.#slots = toSlots(segments);
    this.pattern = toPattern(segments);
    this.regex = this.variables.some((variable) => variable.spans) ? toRegex(parts) : null;
  }

  /** Whether the rule ends with a slash. */
  get isBranch(): boolean {
    return this.source.endsWith("/");
  }

  /** The rule as the path of an OpenAPI document, such as `/posts/{id}`. All other text is percent-encoded. */
  get template(): string {
    return this.#pieces
      .map((piece) => (typeof piece === "string" ? piece.replace(/[{}]/g, encodeURIComponent) : `{${piece.name}}`))
      .join("");
  }

  /**
   * Converts the router's match to the view's values.
   *
   * @param params The router's parameters, or the groups of {@link Rule.regex}.
   * @returns The values by name, or `undefined` when a converter refuses its text.
   */
  parse(params: Readonly<Record<string, string | undefined>>): Record<string, unknown> | undefined {
    const values: Record<string, unknown> = {};
    if (this.regex !== null) {
      return this.parseGroups(params);
    }
    for (const slot of this.#slots) {
      const text = params[slot.parameter] ?? "";
      if (slot.regex === null) {
        const variable = slot.variables[0];
        if (variable !== undefined && !convert(values, variable, text)) {
          return undefined;
        }
        continue;
      }
      const groups = slot.regex.exec(text)?.groups;
      if (groups === undefined || !slot.variables.every((variable, index) => convert(values, variable, groups[`v${index}`] ?? ""))) {
        return undefined;
      }
    }
    return values;
  }

  /** The whole rule as one expression, for where the router cannot be compiled. */
  toExpression(): RegExp {
    return this.regex ?? toRegex(this.#parts);
  }

  /**
   * Converts the groups of the whole rule's expression to the view's values.
   *
   * @returns The values by name, or `undefined` when a converter refuses its text.
   */
  parseGroups(groups: Readonly<Record<string, string | undefined>>): Record<string, unknown> | undefined {
    const values: Record<string, unknown> = {};
    return this.variables.every((variable, index) => convert(values, variable, groups[`v${index}`] ?? "")) ? values : undefined;
  }

  /**
   * Builds the path for values, percent-encoded.
   *
   * @throws {TypeError} If the rule does not match the path: a converter refuses its value, a part of the path is `.`
   * or `..`, or the path has a null character. Browsers resolve `.` and `..`.
   */
  format(values: Readonly<Record<string, unknown>>): string {
    let path = "";
    for (const piece of this.#pieces) {
      if (typeof piece === "string") {
        path += piece;
        continue;
      }
      const text = formatVariable(piece, values[piece.name]);
      path += piece.spans ? text.split("/").map(encodePath).join("/") : encodePath(text);
    }
    if (/\/\.\.?(?:\/|$)/.test(path)) {
      throw new TypeError(`a part of the path '${path}' is '.' or '..', which browsers resolve`);
    }
    if (path.includes("%00")) {
      throw new TypeError(`the path '${path}' has a null character, which no request may have`);
    }
    return path;
  }
}

/** Compares two rules: the more specific one, which is tried first, comes first. */
export function compareRules(left: Rule, right: Rule): number {
  const length = Math.max(left.weights.length, right.weights.length);
  for (let index = 0; index < length; index++) {
    const difference = (left.weights[index] ?? 9) - (right.weights[index] ?? 9);
    if (difference !== 0) {
      return difference;
    }
  }
  return left.source < right.source ? -1 : left.source > right.source ? 1 : 0;
}

/** Percent-encodes text for a path, leaving the characters that RFC 3986 allows in a segment. */
export function encodePath(text: string): string {
  return encodeURIComponent(text).replace(/%(?:24|26|2B|2C|3A|3B|3D|40)/g, decodeURIComponent);
}

function convert(values: Record<string, unknown>, { name, converter }: Variable, text: string): boolean {
  // The tree also takes the empty text for a parameter.
  if (text === "" && converter.regex === anySegment) {
    return false;
  }
  if (converter.parse === undefined) {
    values[name] = text;
    return true;
  }
  const value = converter.parse(text);
  refusePromise(value, `result of 'parse' of the converter of '${name}'`);
  values[name] = value;
  return value !== noMatch;
}

/** Splits the parts at the slashes of the static text; the slash that every rule begins with is left out. */
function toSegments(parts: readonly Part[]): Segment[] {
  const segments: Part[][] = [[]];
  for (const part of parts) {
    if (typeof part !== "string") {
      segments.at(-1)?.push(part);
      continue;
    }
    part.split("/").forEach((text, index) => {
      if (index > 0) {
        segments.push([]);
      }
      if (text !== "") {
        segments.at(-1)?.push(text);
      }
    });
  }
  return segments.slice(1);
}

/**
 * The order is: static text, then variables with text around them (more text first), then bare variables by the weight
 * of their converter.
 */
function weigh(segment: Segment): number {
  const variables = segment.filter((part) => typeof part !== "string");
  if (variables.length === 0) {
    return 0;
  }
  const text = segment.reduce((length, part) => length + (typeof part === "string" ? part.length : 0), 0);
  const converter = Math.max(...variables.map((variable) => variable.converter.weight ?? 100)) / 100_000;
  return (text > 0 ? 2 - Math.min(text, 1000) / 1001 : 3) + converter;
}

function isPlainVariable(segment: Segment): boolean {
  const [only] = segment;
  return segment.length === 1 && typeof only === "object" && only.converter.regex === anySegment;
}

function toSlots(segments: readonly Segment[]): Slot[] {
  return segments.flatMap((segment, index) => {
    const variables = segment.filter((part) => typeof part !== "string");
    if (variables.length === 0) {
      return [];
    }
    return [{ parameter: `p${index}`, variables, regex: segment.length === 1 ? null : new RegExp(`^${toSource(segment, true)}$`) }];
  });
}

function toPattern(segments: readonly Segment[]): string {
  let pattern = "";
  for (const [index, segment] of segments.entries()) {
    pattern += "/";
    const [first] = segment;
    if (segment.some((part) => typeof part !== "string" && part.spans)) {
      return `${pattern}${typeof first === "string" && !/[*?#(]/.test(first) ? first.replaceAll(":", "::") : ""}*`;
    }
    if (isPlainVariable(segment)) {
      pattern += `:p${index}`;
    } else if (segment.length > 1 || typeof first === "object" || /[*?#(]/.test(first ?? "")) {
      // Some characters of static text have a meaning for find-my-way. Inside an expression they have none.
      pattern += `:p${index}(^${toSource(segment, false)}$)`;
    } else {
      pattern += (first ?? "").replaceAll(":", "::");
    }
  }
  return pattern;
}

function toRegex(parts: readonly Part[]): RegExp {
  return new RegExp(`^${toSource(parts, true)}$`);
}

function toSource(parts: readonly Part[], named: boolean): string {
  let variables = 0;
  return parts
    .map((part) => {
      if (typeof part === "string") {
        return escapeRegex(part);
      }
      return `(?${named ? `<v${variables++}>` : ":"}${withoutCaptures(part.converter.regex)})`;
    })
    .join("");
}
