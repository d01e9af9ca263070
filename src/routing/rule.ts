import { FlagonError, RuleError } from "../errors";
import { didYouMean } from "../suggestion";
import { type Converter, type ConverterArgument, type ConverterArguments, type ConverterFactory, escapeRegex, noMatch } from "./converters";

/** A variable of a rule. */
export interface Variable {
  /** The name under which the view gets it. */
  readonly name: string;
  /** What it takes and gives. */
  readonly converter: Converter;
  /** Whether it may hold slashes. */
  readonly spans: boolean;
}

/** The expression of a variable that takes any text of a segment, for which the tree needs none. */
const anySegment = "[^/]+";

type Part = string | Variable;
type Segment = readonly Part[];

/** Where the text of a segment's variables is found: the router's parameter, and how to take it apart. */
interface Slot {
  readonly parameter: string;
  readonly variables: readonly Variable[];
  /** Takes a segment apart that is more than one variable. */
  readonly regex: RegExp | null;
}

/** A URL rule such as `"/posts/<int:id>"`, read. */
export class Rule {
  /** The variables, in their order. */
  readonly variables: readonly Variable[];
  /** The rule in the syntax of find-my-way; it ends in `*` when a variable may hold slashes. */
  readonly pattern: string;
  /** The whole rule as one expression, for those with a variable that may hold slashes. */
  readonly regex: RegExp | null;
  /** Orders rules by how specific they are, segment by segment: the lighter is tried first. */
  readonly weights: readonly number[];
  readonly #segments: readonly Segment[];
  readonly #slots: readonly Slot[];

  /**
   * @param source The rule.
   * @param converters The converters by name.
   * @throws {RuleError} If the rule cannot be read.
   */
  constructor(
    readonly source: string,
    converters: ReadonlyMap<string, ConverterFactory>,
  ) {
    const parts = parseRule(source, converters);
    this.#segments = toSegments(parts);
    this.variables = parts.filter((part) => typeof part !== "string");
    this.weights = this.#segments.map(weigh);
    this.#slots = toSlots(this.#segments);
    this.pattern = toPattern(this.#segments);
    this.regex = this.variables.some((variable) => variable.spans) ? toRegex(parts) : null;
  }

  /** Whether the rule ends with a slash. */
  get isBranch(): boolean {
    return this.source.endsWith("/");
  }

  /**
   * Converts what the router matched to the view's values.
   *
   * @param params The router's parameters, or the groups of {@link Rule.regex}.
   * @returns The values by name, or `undefined` when a converter refuses its text.
   */
  parse(params: Readonly<Record<string, string | undefined>>): Record<string, unknown> | undefined {
    const values: Record<string, unknown> = {};
    if (this.regex !== null) {
      return this.variables.every((variable, index) => convert(values, variable, params[`v${index}`] ?? "")) ? values : undefined;
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

  /**
   * Builds the path for values, percent-encoded.
   *
   * @throws {TypeError} If a converter refuses its value.
   */
  format(values: Readonly<Record<string, unknown>>): string {
    const segments = this.#segments.map((segment) =>
      segment
        .map((part) => {
          if (typeof part === "string") {
            return encodePath(part);
          }
          const value = values[part.name];
          const text = part.converter.format === undefined ? String(value) : part.converter.format(value);
          return part.spans ? text.split("/").map(encodePath).join("/") : encodePath(text);
        })
        .join(""),
    );
    return `/${segments.join("/")}`;
  }
}

/** Compares two rules: the one that is to be tried first comes first. */
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
  // The tree takes nothing at all for a parameter as well.
  if (text === "" && converter.regex === anySegment) {
    return false;
  }
  if (converter.parse === undefined) {
    values[name] = text;
    return true;
  }
  const value = converter.parse(text);
  values[name] = value;
  return value !== noMatch;
}

const variablePattern = /<(?:([A-Za-z_]\w*)(?:\((.*?)\))?:)?([A-Za-z_]\w*)>/y;
const argumentPattern = /\s*(?:([A-Za-z_]\w*)\s*=\s*)?("(?:[^"]*)"|'(?:[^']*)'|[^,=\s][^,=]*?)\s*(?:,|$)/y;

function parseRule(rule: string, converters: ReadonlyMap<string, ConverterFactory>): Part[] {
  if (!rule.startsWith("/")) {
    throw new RuleError("A rule begins with a slash.", rule, 0);
  }
  const colon = /(?:^|\/):([A-Za-z_]\w*)/.exec(rule);
  if (colon !== null) {
    throw new RuleError(`A variable is written as '<${colon[1]}>', not as ':${colon[1]}'.`, rule, rule.indexOf(":", colon.index));
  }
  const parts: Part[] = [];
  let text = "";
  for (let index = 0; index < rule.length; ) {
    if (rule[index] !== "<" && rule[index] !== ">") {
      text += rule[index];
      index++;
      continue;
    }
    variablePattern.lastIndex = index;
    const match = variablePattern.exec(rule);
    if (match === null) {
      throw new RuleError("A variable is written as '<name>' or '<converter:name>'; its name is a word.", rule, index);
    }
    const [whole, converterName = "string", arguments_, name = ""] = match;
    if (parts.some((part) => typeof part !== "string" && part.name === name)) {
      throw new RuleError(`The variable '${name}' comes twice.`, rule, index);
    }
    if (text === "" && parts.length > 0) {
      throw new RuleError("Between two variables there has to be some text, or a slash.", rule, index);
    }
    parts.push(text, createVariable(name, converterName, arguments_ ?? "", converters, rule, index + 1));
    text = "";
    index += whole.length;
  }
  return text === "" ? parts : [...parts, text];
}

function createVariable(
  name: string,
  converterName: string,
  source: string,
  converters: ReadonlyMap<string, ConverterFactory>,
  rule: string,
  index: number,
): Variable {
  const factory = converters.get(converterName);
  if (factory === undefined) {
    throw new RuleError(`Unknown converter '${converterName}' in rule.${didYouMean(converterName, converters.keys())}`, rule, index);
  }
  try {
    const converter = typeof factory === "function" ? factory(parseArguments(source)) : factory;
    return { name, converter, spans: converter.spans ?? converter.regex.replaceAll("[^/]", "").includes("/") };
  } catch (error) {
    if (error instanceof FlagonError) {
      throw new RuleError(error.message, rule, index);
    }
    throw error;
  }
}

function parseArguments(source: string): ConverterArguments {
  const list: ConverterArgument[] = [];
  const named: Record<string, ConverterArgument> = {};
  for (let index = 0; index < source.length; index = argumentPattern.lastIndex) {
    argumentPattern.lastIndex = index;
    const match = argumentPattern.exec(source);
    if (match === null) {
      throw new FlagonError(`The arguments '${source}' of the converter cannot be read.`);
    }
    const [, name, text = ""] = match;
    if (name === undefined) {
      list.push(parseArgument(text));
    } else {
      named[name] = parseArgument(text);
    }
  }
  return { list, named };
}

function parseArgument(text: string): ConverterArgument {
  if (/^["']/.test(text)) {
    return text.slice(1, -1);
  }
  if (/^(?:true|false)$/i.test(text)) {
    return text.toLowerCase() === "true";
  }
  if (/^(?:null|none)$/i.test(text)) {
    return null;
  }
  return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;
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

/** Static text is lightest, then variables with text around them, the more text the lighter, then bare variables by their converter. */
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
      // find-my-way gives some characters of static text a meaning of their own; in an expression they have none.
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

/** Turns the capture groups of a converter's expression into plain groups, so that they do not count as variables. */
function withoutCaptures(regex: string): string {
  return regex.replace(/\\.|\[(?:\\.|[^\]\\])*\]|\((?!\?)/g, (found) => (found === "(" ? "(?:" : found));
}
