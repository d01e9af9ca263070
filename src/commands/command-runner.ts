import { format } from "node:util";
import { FlagonError, UsageError } from "../base/errors";
import { describeReason, hideValues } from "../base/query-errors";
import { didYouMean } from "../base/suggestion";
import { textConverters } from "../base/text-values";
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

/** Makes the error for words that call no command. It lists the commands that begin with the same words, such as `db`. */
export function missingCommand(commands: readonly Command[], words: readonly string[]): UsageError {
  const text = words.join(" ");
  const hint = didYouMean(
    text,
    commands.map((candidate) => candidate.words.join(" ")),
  );
  for (let count = words.length; count > 0; count--) {
    const group = commands.filter((candidate) => words.slice(0, count).every((word, index) => word === candidate.words[index]));
    if (group.length > 0 && (hint === "" || count === words.length)) {
      const reason = count === words.length ? `The command '${text}' needs a further word.` : `There is no command '${text}'.`;
      return new UsageError(`${reason} There are:\n\n${formatList(group)}`);
    }
  }
  return new UsageError(`There is no command '${text}'.${hint}`);
}

/** Formats the usages and the descriptions of commands, one a line. */
export function formatList(commands: readonly Command[]): string {
  const lines = commands.map((command) => [formatUsage(command), command.description] as const);
  const width = Math.max(0, ...lines.map(([usage]) => usage.length));
  return lines.map(([usage, description]) => `${usage.padEnd(width)}  ${description}`.trimEnd()).join("\n");
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

function convert(text: string, type: keyof CommandTypes, label: string, usage: string): unknown {
  const value = textConverters[type](text);
  if (value === undefined) {
    throw new UsageError(`The ${label} must be a ${type === "int" ? "whole number" : "number"}, but got '${text}'.${usage}`);
  }
  return value;
}

/** The result of a command. */
export interface CommandResult {
  /** The text that it printed. */
  readonly output: string;
  /** 0 for success, 1 for a failure, 2 for wrong arguments. */
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
   * Runs a command, and gathers the text that it prints by `console` and by `process.stdout`. Both belong to the whole process,
   * so that one command runs at a time.
   *
   * @param command The words, or one text of them; a text in double quotes is one word.
   * @throws {FlagonError} If another command is still running, here or in another runner.
   */
  async invoke(command: string | readonly string[]): Promise<CommandResult> {
    if (isCapturing) {
      throw new FlagonError(
        "A command is still running in this process, and the two would print into each other. Await its invoke() before the next one. Inside a command, call app.runCommand().",
      );
    }
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
      hideValues(error);
      output += `${error instanceof Error ? describeReason(error) : String(error)}\n`;
      return { output, exitCode: error instanceof UsageError ? 2 : 1, error };
    } finally {
      restore();
    }
  }
}

function splitWords(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
}

/** Whether the output of the process goes to a command's result. */
let isCapturing = false;

/** Passes the output of the process to a function, until the returned function is called. */
function capture(take: (text: string) => void): () => void {
  isCapturing = true;
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
    isCapturing = false;
    Object.assign(console, { log, info, warn, error });
    stdout.write = writeOut;
    stderr.write = writeErr;
  };
}
