import { FlagonError, RuleError } from "../base/errors";
import { refusePromise } from "../base/forgotten-await";
import { didYouMean } from "../base/suggestion";
import {
  type Converter,
  type ConverterArgument,
  type ConverterArguments,
  type ConverterFactory,
  checkConverter,
  noMatch,
} from "./converters";
import { isAmbiguous } from "./regex-safety";

/** A variable of a rule. */
export interface Variable {
  /** The name of the view's value. */
  readonly name: string;
  /** Converts text to the value and back. */
  readonly converter: Converter;
  /** Whether its text can hold slashes. */
  readonly spans: boolean;
  /** Matches the whole text of the variable. */
  readonly pattern: RegExp;
}

/** A part of a rule: static text, or a variable. */
export type Part = string | Variable;

const variablePattern = /<(?:([A-Za-z_]\w*)(?:\((.*?)\))?:)?([A-Za-z_]\w*)>/y;
const argumentPattern = /\s*(?:([A-Za-z_]\w*)\s*=\s*)?("(?:[^"]*)"|'(?:[^']*)'|[^,=\s][^,=]*?)\s*(?:,|$)/y;

/**
 * Splits a rule for a path or for a host into its parts.
 *
 * @throws {RuleError} If it cannot be read.
 */
export function parseRule(rule: string, converters: ReadonlyMap<string, ConverterFactory>): Part[] {
  // As other frameworks write it: Express, OpenAPI, Next.
  const foreign = /(?<=^|\/)(?::([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\}(?=\/|$)|\[([A-Za-z_]\w*)\](?=\/|$))/.exec(rule);
  if (foreign !== null) {
    const [text, ...names] = foreign;
    throw new RuleError(`A variable is written as '<${names.find(Boolean)}>', not as '${text}'.`, rule, foreign.index);
  }
  const star = /\/\*{1,2}([A-Za-z_]\w*)?(?=\/|$)/.exec(rule);
  if (star !== null) {
    throw new RuleError(
      `The rest of a path is written as '<path:${star[1] ?? "rest"}>', not as '*'. It is text without the first slash, and not empty.`,
      rule,
      rule.indexOf("*", star.index),
    );
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
    if (name === "__proto__") {
      throw new RuleError("A variable cannot have the name '__proto__': objects keep their prototype there.", rule, index);
    }
    if (parts.some((part) => typeof part !== "string" && part.name === name)) {
      throw new RuleError(`The variable '${name}' comes twice.`, rule, index);
    }
    if (text === "" && parts.length > 0) {
      throw new RuleError("Between two variables there must be text or a slash.", rule, index);
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
    const converter: Converter = typeof factory === "function" ? factory(parseArguments(source)) : factory;
    checkConverter(converter, converterName);
    const pattern = new RegExp(`^(?:${converter.regex})$`);
    if (isAmbiguous(converter.regex)) {
      throw new RuleError(
        `The expression of the converter '${converterName}' cannot be used: it repeats a group whose alternatives take the same text, which can take time without end. Let each alternative begin with other characters.`,
        rule,
        index,
      );
    }
    const spans = converter.spans ?? converter.regex.replaceAll("[^/]", "").includes("/");
    return { name, converter, spans, pattern };
  } catch (error) {
    if (error instanceof FlagonError) {
      throw new RuleError(error.message, rule, index);
    }
    if (error instanceof SyntaxError) {
      throw new RuleError(`The expression of the converter '${converterName}' cannot be used: ${error.message}.`, rule, index);
    }
    throw error;
  }
}

/**
 * Formats the value of a variable.
 *
 * @throws {TypeError} If the converter refuses the value, or does not match the text that it made: the URL would lead
 * nowhere.
 */
export function formatVariable({ converter, name, pattern }: Variable, value: unknown): string {
  const text = converter.format === undefined ? toText(value) : converter.format(value);
  refusePromise(text, `result of 'format' of the converter of '${name}'`, TypeError);
  if (typeof text !== "string" || !pattern.test(text) || converter.parse?.(text) === noMatch) {
    throw new TypeError(`its variable '${name}' does not take '${String(text)}'`);
  }
  return text;
}

/**
 * Converts a value to text for a URL.
 *
 * @throws {TypeError} For objects that have no text of their own, lists, functions and symbols.
 */
export function toText(value: unknown): string {
  if (value instanceof Date) {
    return value.toISOString();
  }
  const hasText =
    typeof value === "object" && value !== null
      ? !Array.isArray(value) && typeof value.toString === "function" && value.toString !== Object.prototype.toString
      : typeof value !== "function" && typeof value !== "symbol";
  if (!hasText) {
    throw new TypeError(`a URL cannot hold ${Array.isArray(value) ? "a list in its path" : `a value of the type ${typeof value}`}`);
  }
  return String(value);
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
