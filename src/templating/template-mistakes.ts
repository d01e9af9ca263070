import { lazily } from "../base/lazily";

/** A tag of a parsed template. */
export interface TemplateTag {
  /** `i` prints a value escaped, `r` prints it as it is, `e` runs code. */
  readonly t: string;
  /** The code. */
  readonly val: string;
  /** The line of the tag, counted from 1. */
  readonly lineNo?: number;
}

/** A mistake in the code of a template. */
export interface TemplateMistake {
  /** The line, counted from 1. */
  readonly line: number;
  /** The mistake, as a sentence without a full stop. */
  readonly message: string;
}

/** A bracket that is open, with its tag. */
interface OpenBracket {
  readonly bracket: string;
  readonly line: number;
  readonly tag: TemplateTag;
}

const closers: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };
const loadVm = lazily((): typeof import("node:vm") => process.getBuiltinModule("node:vm"));

/** Removes the text of strings, comments and regular expressions from code, and keeps its line breaks. */
function stripText(code: string): string {
  const pattern =
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\[\s\S]|[^'\\\n])*'|"(?:\\[\s\S]|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`|(?<=^|[=(,:[!&|?{};]|\breturn)\s*\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+\//g;
  return code.replace(pattern, (found) => found.replace(/[^\n]/g, " "));
}

/** Writes a tag as it stands in the template, on one line. */
function show({ t, val }: TemplateTag): string {
  const code = val.replace(/\s+/g, " ").trim();
  return `<%${t === "i" ? "=" : t === "r" ? "~" : ""} ${code.length > 60 ? `${code.slice(0, 60)}…` : code} %>`;
}

/** Finds a tag that holds the beginning of another one, since its own end is missing. */
export function findUnclosed(tags: readonly TemplateTag[]): TemplateMistake | undefined {
  const tag = tags.find(({ val }) => val.includes("<%"));
  return (
    tag && {
      line: tag.lineNo ?? 1,
      message: `'%>' is missing at the end of the tag: ${show({ t: tag.t, val: tag.val.split("\n", 1)[0] ?? "" }).replace(/ %>$/, "")}`,
    }
  );
}

/** Finds a bracket without its partner: each is opened in one tag and closed in the same or a later one. */
export function findUnbalanced(tags: readonly TemplateTag[]): TemplateMistake | undefined {
  const open: OpenBracket[] = [];
  for (const tag of tags) {
    let line = tag.lineNo ?? 1;
    for (const character of stripText(tag.val)) {
      if (character === "\n") {
        line++;
      } else if (character in closers) {
        open.push({ bracket: character, line, tag });
      } else if (character === ")" || character === "]" || character === "}") {
        const last = open.pop();
        if (last === undefined) {
          return { line, message: `'${character}' closes nothing: ${show(tag)}` };
        }
        if (closers[last.bracket] !== character) {
          return { line, message: `'${character}' comes where '${last.bracket}' of line ${last.line} is open: ${show(tag)}` };
        }
      }
    }
  }
  const last = open.at(-1);
  return last && { line: last.line, message: `${last.bracket === "{" ? "a block" : `'${last.bracket}'`} is not closed: ${show(last.tag)}` };
}

/** Finds a tag that prints, but whose code is no expression. */
export function findBrokenExpression(tags: readonly TemplateTag[], create: FunctionConstructor): TemplateMistake | undefined {
  for (const tag of tags) {
    const isWhole = !/\{\s*$/.test(tag.val) && !/^\s*\}/.test(tag.val);
    if ((tag.t === "i" || tag.t === "r") && isWhole) {
      try {
        create(`return (${tag.val}\n)`);
      } catch (error) {
        const reason = /;\s*$/.test(tag.val)
          ? "a tag that prints holds an expression, without a semicolon"
          : error instanceof Error
            ? error.message
            : String(error);
        return { line: tag.lineNo ?? 1, message: `${reason}: ${show(tag)}` };
      }
    }
  }
  return undefined;
}

/** Finds the line of the template at which its generated code stops to compile. Each tag notes its line there. */
export function locateError(code: string, head: string): number | undefined {
  try {
    new (loadVm().Script)(`(${head}{\n${code}\n})`, { filename: "template" });
  } catch (error) {
    const at = Number(/^template:(\d+)/.exec(error instanceof Error ? (error.stack ?? "") : "")?.[1]);
    const lines = code.split("\n");
    for (let index = Math.min(at - 2, lines.length - 1); index >= 0; index--) {
      const marker = /^__eta\.line = (\d+);$/.exec(lines[index] ?? "");
      if (marker !== null) {
        return Number(marker[1]);
      }
    }
  }
  return undefined;
}

/** Finds the first tag whose code awaits. */
export function findAwait(tags: readonly TemplateTag[]): TemplateTag | undefined {
  return tags.find(({ val }) => /\bawait\b/.test(stripText(val)));
}
