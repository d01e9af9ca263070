import type { Flagon } from "../app";
import { formatList, missingCommand } from "../commands/command-runner";

const takingValues = new Set(["-A", "--app", "-e", "--env-file"]);
const asking = new Set(["-h", "--help"]);

/** The words of an app's command: without the options of the command line that stand before them. */
export function ownWords(words: readonly string[]): readonly string[] {
  return words.slice(countOptions(words));
}

/**
 * Puts `--app file` before the words of an app's command, where the command line reads it: `db migrate --app dist/app.js`.
 *
 * @param words The words behind `flagon`.
 */
export function withAppFirst(words: readonly string[]): readonly string[] {
  const end = words.indexOf("--");
  const index = words.findIndex((word, position) => /^--app(?:=|$)/.test(word) && (end === -1 || position < end));
  if (index <= countOptions(words)) {
    return words;
  }
  const count = words[index] === "--app" ? 2 : 1;
  return [...words.slice(index, index + count), ...words.slice(0, index), ...words.slice(index + count)];
}

/**
 * Turns `--help` behind one of the app's commands into `flagon commands` with its words.
 *
 * @param words The words behind `flagon`.
 * @param builtIn The names of the command line's own commands, which have a help of their own.
 */
export function asHelp(words: readonly string[], builtIn: readonly string[]): readonly string[] {
  const own = ownWords(words);
  return own[0] === undefined || builtIn.includes(own[0]) || !own.some((word) => asking.has(word))
    ? words
    : [...words.slice(0, countOptions(words)), "commands", ...own.filter((word) => !word.startsWith("-"))];
}

/**
 * Runs a command. If its promise never settles, and nothing else keeps the process, the process ends with 1 and an error: Node itself
 * would end it with 0, as if all were done.
 */
export async function toItsEnd(words: readonly string[], run: () => Promise<unknown>): Promise<unknown> {
  const fail = (): void => {
    console.error(`The command '${words.join(" ")}' has not ended: it awaits a promise that nothing settles any more.`);
    process.exitCode = 1;
  };
  process.once("beforeExit", fail);
  try {
    return await run();
  } finally {
    process.off("beforeExit", fail);
  }
}

/**
 * Formats the usage of the app's commands: of all, or of those that begin with words.
 *
 * @throws {UsageError} If none does.
 */
export function formatCommands(app: Flagon, words: readonly string[]): string {
  const { registry } = app;
  const commands = registry.commands.filter((command) => words.every((word, index) => (command.words[index] ?? word) === word));
  if (commands.length === 0 && words.length > 0) {
    throw missingCommand(registry.commands, words);
  }
  return commands.length === 0 ? "The app has no commands of its own." : formatList(commands);
}

function countOptions(words: readonly string[]): number {
  let index = 0;
  while (words[index]?.startsWith("-") === true) {
    index += takingValues.has(words[index] ?? "") ? 2 : 1;
  }
  return index;
}
