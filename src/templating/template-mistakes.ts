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

/** Finds a comment in the way of other engines. */
export function findForeignComment(tags: readonly TemplateTag[]): TemplateMistake | undefined {
  const tag = tags.find(({ t, val }) => t === "e" && val.startsWith("#"));
  return tag && { line: tag.lineNo ?? 1, message: `a comment is written <% /* … */ %>: ${show(tag)}` };
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
    const isWhole = !opensBlock(tag.val) && !/^\s*\}/.test(tag.val);
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

/** Finds the line of the template at which its generated code stops to compile. */
export function locateError(code: string, head: string): number | undefined {
  try {
    new (loadVm().Script)(`(${head}{\n${code}\n})`, { filename: "template" });
  } catch (error) {
    const at = Number(/^template:(\d+)/.exec(error instanceof Error ? (error.stack ?? "") : "")?.[1]);
    return findTag(code, at - 1)?.line;
  }
  return undefined;
}

/**
 * Finds the line of the template at which its function failed: a tag of several lines notes the line of its first one.
 *
 * @param error The error, in whose stack V8 notes the line in the function.
 * @param run The function.
 * @param line The line of the tag.
 */
export function locateFailure(error: unknown, run: unknown, line: number): number {
  const at = Number(/<anonymous>:(\d+):\d+/.exec(error instanceof Error && typeof error.stack === "string" ? error.stack : "")?.[1]);
  const found = typeof run === "function" && at > 0 ? findTag(String(run), at) : undefined;
  return found?.tag === line ? found.line : line;
}

/** Finds the tag of a line of the generated code, counted from 1. Each tag notes the line of its code, which begins on the next one. */
function findTag(code: string, at: number): { readonly tag: number; readonly line: number } | undefined {
  const lines = code.split("\n");
  for (let index = Math.min(at, lines.length) - 1; index >= 0; index--) {
    const marker = /^__eta\.line = (\d+);/.exec(lines[index] ?? "");
    if (marker !== null) {
      const tag = Number(marker[1]);
      return { tag, line: tag + Math.max(0, at - index - 2) };
    }
  }
  return undefined;
}

/** Explains the text of an error of Eta, which finds where a tag, a string or a comment is not closed. */
export function explainParsing(message: string): TemplateMistake {
  const [, kind = "", line = "1"] = /^unclosed (tag|string|comment) at line (\d+)/.exec(message) ?? [];
  const cure: Readonly<Record<string, string>> = {
    tag: "unclosed tag: '%>' is missing",
    string: "unclosed string: its quote is missing before '%>'",
    comment: "unclosed comment: '*/' is missing before '%>'",
  };
  return { line: Number(line), message: cure[kind] ?? message };
}

/** Returns the text of an error without the words of the generated code. */
export function inOwnWords(message: string): string {
  return message.includes("__eta")
    ? "the code of a tag cannot go on after the text behind it. Put 'switch' and its first 'case' into one tag: <% switch (x) { case 1: %>"
    : message;
}

/** Removes a comment at the end of code. */
export function withoutComment(code: string): string {
  return code.replace(/\s*(?:\/\*(?:[^*]|\*(?!\/))*\*\/|(?<=[{;)]\s*)\/\/[^\n]*)\s*$/, "");
}

/** Tells whether the code of a tag opens a block that a later tag closes. */
export function opensBlock(code: string): boolean {
  return /\{\s*$/.test(code) || /\{\s*$/.test(withoutComment(code));
}

/** Finds the first tag whose code awaits. */
export function findAwait(tags: readonly TemplateTag[]): TemplateTag | undefined {
  return tags.find(({ val }) => /\bawait\b/.test(stripText(val)));
}

/** Formats the lines around one, which is marked. */
export function excerpt(source: string, line: number): string {
  const lines = source.split(/\r\n|\n|\r/);
  const first = Math.max(1, line - 2);
  return lines
    .slice(first - 1, line + 2)
    .map((text, index) => `${first + index === line ? " > " : "   "}${String(first + index).padStart(3)} | ${text}`)
    .join("\n");
}
