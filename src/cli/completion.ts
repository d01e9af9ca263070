import type { Command } from "commander";
import type { Flagon } from "../app";
import { toFlag } from "../commands/command-spec";

/** The shells with a completion script. */
export const shells = ["bash", "zsh", "fish"] as const;

/** The name of a shell with a completion script. */
export type Shell = (typeof shells)[number];

/** The script for a shell's start-up file: it completes words by `flagon complete`. */
export const completionScripts: Readonly<Record<Shell, string>> = {
  bash: `_flagon() {
  local IFS=$'\\n'
  COMPREPLY=($(flagon complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _flagon flagon`,
  zsh: `_flagon() {
  local -a found
  found=("\${(@f)$(flagon complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  [[ -n "$found" ]] && compadd -- $found || _files
}
compdef _flagon flagon`,
  fish: `complete -c flagon -a '(flagon complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'`,
};

/**
 * Lists the words that can replace the last one.
 *
 * @param program The command line.
 * @param words The words that were typed, the last of which is perhaps not whole, and perhaps empty.
 * @param load Loads the app, whose commands count as well.
 */
export async function complete(program: Command, words: readonly string[], load: () => Promise<Flagon>): Promise<string[]> {
  const before = words.slice(0, -1);
  const last = words.at(-1) ?? "";
  const called = program.commands.find((command) => before.includes(command.name()));
  const option = (called ?? program).options.find(({ long, required, short }) => required && [long, short].includes(before.at(-1)));
  if (option !== undefined) {
    return (option.argChoices ?? []).filter((choice) => choice.startsWith(last));
  }
  const own = called === undefined ? await listOwn(before, load) : [];
  const isFirst = called === undefined && before.every((word) => word.startsWith("-"));
  const names = isFirst ? listNames(program) : [];
  const options = last.startsWith("-") ? ((isFirst ? program : called)?.options ?? []).map(({ long }) => long ?? "") : [];
  return [...new Set([...names, ...own, ...options])].filter((word) => word !== "" && word.startsWith(last));
}

/** Lists the names of the command line's own commands. */
export function listNames(program: Command): string[] {
  return program.commands.map((command) => command.name()).filter((name) => name !== "*" && name !== "complete");
}

/** Lists the words with which the app's own commands go on, or their options; an app that does not load has none. */
async function listOwn(before: readonly string[], load: () => Promise<Flagon>): Promise<string[]> {
  const app = await load().catch(() => undefined);
  const given = before.filter((word) => !word.startsWith("-"));
  return (app?.registry.commands ?? []).flatMap(({ flags, words }) => {
    const isCalled = words.every((word, index) => given[index] === word);
    const next = given.every((word, index) => words[index] === word) ? words[given.length] : undefined;
    return [...(isCalled ? Object.keys(flags).map(toFlag) : []), ...(next === undefined ? [] : [next])];
  });
}
