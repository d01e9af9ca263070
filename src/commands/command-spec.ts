import { SetupError } from "../base/errors";
import { describeGiven, refuseUnknown } from "../base/unknown-options";

/** The types that an argument or an option of a command can have. */
export interface CommandTypes {
  /** The text as it is. */
  string: string;
  /** A whole number. */
  int: number;
  /** A number. */
  float: number;
  /** Whether the option was given; for options alone. */
  boolean: boolean;
}

/** The options of a command by name, with their types: `--name value`, or `--name` for a `boolean`. */
export type CommandFlags = Readonly<Record<string, keyof CommandTypes>>;

/** Options of a command. */
export interface CommandOptions {
  /** The description, for the help. */
  readonly description?: string;
  /** Its options by name, in camel case, with their types: `{ dryRun: "boolean" }` is `--dry-run`. */
  readonly options?: CommandFlags;
}

/** The argument of a command: its arguments and options by name. */
export type CommandValues<Usage extends string, Flags> = Arguments<Usage> &
  (Flags extends CommandFlags ? { readonly [Name in keyof Flags]?: CommandTypes[Flags[Name]] } : unknown);

type Arguments<Usage extends string> = Usage extends `${infer Word} ${infer Rest}` ? Argument<Word> & Arguments<Rest> : Argument<Usage>;

type Argument<Word extends string> = Word extends `<${infer Name}...>`
  ? Several<Name>
  : Word extends `[${infer Name}...]`
    ? Several<Name>
    : Word extends `<${infer Name}>`
      ? One<Name>
      : Word extends `[${infer Name}]`
        ? Partial<One<Name>>
        : unknown;

type One<Name extends string> = Name extends `${infer Type extends keyof CommandTypes}:${infer Key}`
  ? { readonly [Property in Key]: CommandTypes[Type] }
  : { readonly [Property in Name]: string };

type Several<Name extends string> = Name extends `${infer Type extends keyof CommandTypes}:${infer Key}`
  ? { readonly [Property in Key]: readonly CommandTypes[Type][] }
  : { readonly [Property in Name]: readonly string[] };

/** An argument of a command. */
interface CommandArgument {
  readonly name: string;
  readonly type: keyof CommandTypes;
  readonly isRequired: boolean;
  readonly isSeveral: boolean;
}

/** A command of the app's own. */
export interface Command {
  /** The words that call it, such as `["user", "create"]`. */
  readonly words: readonly string[];
  /** The arguments after them. */
  readonly arguments: readonly CommandArgument[];
  /** Its options, by name. */
  readonly flags: CommandFlags;
  /** The function that runs. */
  readonly description: string;
  /** Runs the command. A text that it returns is printed. */
  run(values: Record<string, unknown>): unknown;
}

const wordPattern = /^[a-z][\w-]*$/i;
const argumentPattern = /^(?:<(?:(\w+):)?(\w+)(\.\.\.)?>|\[(?:(\w+):)?(\w+)(\.\.\.)?\])$/;
const commandOptions = Object.keys({ description: true, options: true } satisfies Record<keyof CommandOptions, true>);
const flagTypes: ReadonlySet<string> = new Set(
  Object.keys({ string: true, int: true, float: true, boolean: true } satisfies Record<keyof CommandTypes, true>),
);
const types: ReadonlySet<string> = new Set(["string", "int", "float"]);

/**
 * Reads the usage of a command, such as `"user create <name> [int:age]"`.
 *
 * @throws {SetupError} If it cannot be read.
 */
export function createCommand(usage: string, run: Command["run"], given: CommandOptions): Command {
  if (typeof run !== "function") {
    throw new SetupError(`The command '${usage}' needs a function as its second argument, but got ${describeGiven(run)}.`);
  }
  refuseUnknown(given, commandOptions, `the command '${usage}'`, SetupError);
  const { description = "", options = {} } = given;
  const wrong = Object.entries(options).find(([, type]) => !flagTypes.has(type));
  if (wrong !== undefined) {
    throw new SetupError(
      `The option '${wrong[0]}' of the command '${usage}' cannot have the type ${describeGiven(wrong[1])}. The types are: ${[...flagTypes].join(", ")}.`,
    );
  }
  const words: string[] = [];
  const found: CommandArgument[] = [];
  for (const part of usage.trim().split(/\s+/)) {
    const match = argumentPattern.exec(part);
    const last = found.at(-1);
    if (match === null && found.length === 0 && wordPattern.test(part)) {
      words.push(part);
      continue;
    }
    const [, type = match?.[4] ?? "string", name = match?.[5] ?? "", several = match?.[6]] = match ?? [];
    const isRequired = part.startsWith("<");
    if (match === null || !isArgumentType(type) || last?.isSeveral === true || (isRequired && last?.isRequired === false)) {
      throw new SetupError(
        `The command '${usage}' cannot be read at '${part}'. Write words, then <required> and [optional] arguments, such as "user create <name> [int:age]"; the last may be several: <files...>.`,
      );
    }
    found.push({ name, type, isRequired, isSeveral: several !== undefined });
  }
  if (words.length === 0) {
    throw new SetupError(`The command '${usage}' has no name.`);
  }
  return { words, arguments: found, flags: options, description, run };
}

function isArgumentType(type: string): type is keyof CommandTypes {
  return types.has(type);
}

/** Writes a name as the command line has it: `dryRun` is `dry-run`. */
export function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Writes the name of an option as it is given: `dryRun` is `--dry-run`. */
export function toFlag(name: string): string {
  return `--${kebabCase(name)}`;
}

/** Formats the words, arguments and options of a command: `user create <name> [age] [--admin]`. */
export function formatUsage({ arguments: found, flags, words }: Command): string {
  const parts = found.map(({ isRequired, isSeveral, name }) => {
    const inner = `${name}${isSeveral ? "..." : ""}`;
    return isRequired ? `<${inner}>` : `[${inner}]`;
  });
  const options = Object.entries(flags).map(([name, type]) => `[${toFlag(name)}${type === "boolean" ? "" : ` <${type}>`}]`);
  return [...words, ...parts, ...options].join(" ");
}
