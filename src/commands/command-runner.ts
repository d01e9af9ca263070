import { format } from "node:util";
import { UsageError } from "../base/errors";
import { didYouMean } from "../base/suggestion";
import { type Command, type CommandTypes, formatUsage, toFlag } from "./command-spec";

/**
 * Finds the command that words call, the one with the most words.
 *
 * @throws {UsageError} If there is none.
 */
export function findCommand(commands: readonly Command[], words: readonly string[]): { command: Command; rest: readonly string[] } {
  const [command] = commands
    .filter((candidate) => candidate.words.every((word, index) => word === words[index]))
    .sort((left, right) => right.words.length - left.words.length);
  if (command === undefined) {
    throw missingCommand(commands, words);
  }
  return { command, rest: words.slice(command.words.length) };
}

/** Makes the error that no command is called by these words. */
export function missingCommand(commands: readonly Command[], words: readonly string[]): UsageError {
  const names = commands.map((candidate) => candidate.words.join(" "));
  return new UsageError(`There is no command '${words.join(" ")}'.${didYouMean(words.join(" "), names)}`);
}

/**
 * Reads the arguments and options of a command.
 *
 * @throws {UsageError} If there are too few or too many, or one does not convert.
 */
export function parseArguments(command: Command, given: readonly string[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  const plain: string[] = [];
  const usage = `\n\nUsage: ${formatUsage(command)}`;
  for (let index = 0; index < given.length; index++) {
    const word = given[index] ?? "";
    if (word === "--") {
      plain.push(...given.slice(index + 1));
      break;
    }
    if (!word.startsWith("--")) {
      plain.push(word);
      continue;
    }
    const [flag = "", inline] = word.split(/=(.*)/s, 2);
    const name = Object.keys(command.flags).find((candidate) => toFlag(candidate) === flag);
    const type = name === undefined ? undefined : command.flags[name];
    if (name === undefined || type === undefined) {
      throw new UsageError(`There is no option '${flag}'.${didYouMean(flag, Object.keys(command.flags).map(toFlag))}${usage}`);
    }
    if (type === "boolean") {
      values[name] = true;
      continue;
    }
    const text = inline ?? given[++index];
    if (text === undefined) {
      throw new UsageError(`The option '${flag}' needs a value.${usage}`);
    }
    values[name] = convert(text, type, `option '${flag}'`, usage);
  }
  for (const { isRequired, isSeveral, name, type } of command.arguments) {
    const taken = isSeveral ? plain.splice(0) : plain.splice(0, 1);
    if (isRequired && taken.length === 0) {
      throw new UsageError(`The argument '${name}' is missing.${usage}`);
    }
    const converted = taken.map((text) => convert(text, type, `argument '${name}'`, usage));
    if (isSeveral || taken.length > 0) {
      values[name] = isSeveral ? converted : converted[0];
    }
  }
  if (plain.length > 0) {
    throw new UsageError(`There is an argument too many: '${plain[0]}'.${usage}`);
  }
  return values;
}

function convert(text: string, type: keyof CommandTypes, what: string, usage: string): unknown {
  const isNumber =
    type === "int" ? /^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text)) : text.trim() !== "" && Number.isFinite(Number(text));
  if (type === "string") {
    return text;
  }
  if (!isNumber) {
    throw new UsageError(`The ${what} must be a ${type === "int" ? "whole number" : "number"}, but got '${text}'.${usage}`);
  }
  return Number(text);
}

/** The result of a command. */
export interface CommandResult {
  /** All that it printed. */
  readonly output: string;
  /** 0 if it succeeded, 1 if it failed, 2 if it was called in a way that it does not take. */
  readonly exitCode: number;
  /** The error that the command threw. */
  readonly error: unknown;
}

/** Runs the app's commands in tests, one after another. */
export class CommandRunner {
  readonly #invoke: (words: readonly string[]) => unknown;

  /** @param invoke Runs a command by its words. */
  constructor(invoke: (words: readonly string[]) => unknown) {
    this.#invoke = invoke;
  }

  /**
   * Runs a command, and gathers what it prints by `console` and by `process.stdout`.
   *
   * @param command The words, or one text of them; a text in double quotes is one word.
   */
  async invoke(command: string | readonly string[]): Promise<CommandResult> {
    const words = typeof command === "string" ? splitWords(command) : command;
    let output = "";
    const restore = capture((text) => {
      output += text;
    });
    try {
      const value = await this.#invoke(words);
      if (typeof value === "string") {
        output += `${value}\n`;
      }
      return { output, exitCode: 0, error: undefined };
    } catch (error) {
      output += `${error instanceof Error ? error.message : String(error)}\n`;
      return { output, exitCode: error instanceof UsageError ? 2 : 1, error };
    } finally {
      restore();
    }
  }
}

function splitWords(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
}

/** Hands on what is printed, until the function that is returned is called. */
function capture(take: (text: string) => void): () => void {
  const { error, info, log, warn } = console;
  const { stderr, stdout } = process;
  const [writeOut, writeErr] = [stdout.write, stderr.write];
  const print = (...values: unknown[]): void => take(`${format(...values)}\n`);
  Object.assign(console, { log: print, info: print, warn: print, error: print });
  const write = (chunk: string | Uint8Array): boolean => {
    take(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8"));
    return true;
  };
  stdout.write = write;
  stderr.write = write;
  return () => {
    Object.assign(console, { log, info, warn, error });
    stdout.write = writeOut;
    stderr.write = writeErr;
  };
}
