import { FlagonError, RuleError } from "../base/errors";
import { didYouMean } from "../base/suggestion";
import type { Converter, ConverterArgument, ConverterArguments, ConverterFactory } from "./converters";

/** A variable of a rule. */
export interface Variable {
  /** The name under which the view gets it. */
  readonly name: string;
  /** The converter of its values. */
  readonly converter: Converter;
  /** Whether it may hold slashes. */
  readonly spans: boolean;
}

/** The parts of a rule: static text and variables. */
export type Part = string | Variable;

const variablePattern = /<(?:([A-Za-z_]\w*)(?:\((.*?)\))?:)?([A-Za-z_]\w*)>/y;
const argumentPattern = /\s*(?:([A-Za-z_]\w*)\s*=\s*)?("(?:[^"]*)"|'(?:[^']*)'|[^,=\s][^,=]*?)\s*(?:,|$)/y;

/**
 * Takes a rule apart, be it for a path or for a host.
 *
 * @throws {RuleError} If it cannot be read.
 */
export function parseRule(rule: string, converters: ReadonlyMap<string, ConverterFactory>): Part[] {
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
