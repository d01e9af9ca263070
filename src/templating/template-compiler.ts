import type { Eta } from "eta";
import { TemplateError } from "../base/errors";
import { lazily } from "../base/lazily";
import { AttributeScanner } from "./attributes";
import type { BuiltTemplate, TemplateMode } from "./given-templates";
import {
  excerpt,
  explainParsing,
  findAwait,
  findBrokenExpression,
  findForeignComment,
  findUnbalanced,
  findUnclosed,
  inOwnWords,
  locateError,
  opensBlock,
  type TemplateMistake,
  withoutComment,
} from "./template-mistakes";
import type { runtime, TemplateFrame } from "./template-runtime";

/** A template, compiled: it gives its text without its layout. */
export type CompiledTemplate = (data: object, frame: TemplateFrame, tools: typeof runtime) => string;
/** A template that may await, compiled. */
export type AsyncCompiledTemplate = (data: object, frame: TemplateFrame, tools: typeof runtime) => Promise<string>;

/** A template that is sent while it renders, compiled: it gives its text piece by piece. */
export type StreamingTemplate = (data: object, frame: TemplateFrame, tools: typeof runtime) => AsyncGenerator<string, void>;

const loadEta = lazily(() => {
  const { Eta }: typeof import("eta") = require("eta");
  return new Eta({ debug: true, autoEscape: true, autoTrim: false });
});
const AsyncFunction: FunctionConstructor = Object.getPrototypeOf(async () => undefined).constructor;
const AsyncGeneratorFunction: FunctionConstructor = Object.getPrototypeOf(async function* () {}).constructor;
/** The text that is gathered before it is sent, in characters. */
const pieceSize = 16 * 1024;

const creators: { readonly [Kind in TemplateMode]: FunctionConstructor } = {
  sync: Function,
  async: AsyncFunction,
  stream: AsyncGeneratorFunction,
};

/**
 * Compiles a template that renders at once.
 *
 * @throws {TemplateError} If the template is malformed.
 */
export function compileTemplate(source: string, name: string): CompiledTemplate {
  const compiled: unknown = compile(source, name, "sync");
  return isCompiled(compiled) ? compiled : unreachable();
}

/**
 * Compiles a template that may await.
 *
 * @throws {TemplateError} If the template is malformed.
 */
export function compileAsyncTemplate(source: string, name: string): AsyncCompiledTemplate {
  const compiled: unknown = compile(source, name, "async");
  return isAsyncCompiled(compiled) ? compiled : unreachable();
}

/**
 * Compiles a template that is sent while it renders, and may await.
 *
 * @throws {TemplateError} If the template is malformed.
 */
export function compileStreamingTemplate(source: string, name: string): StreamingTemplate {
  const compiled: unknown = compile(source, name, "stream");
  return isStreaming(compiled) ? compiled : unreachable();
}

/** The head of a function of each mode, to find the place of an error. */
const heads: { readonly [Kind in TemplateMode]: string } = {
  sync: "function ()",
  async: "async function ()",
  stream: "async function* ()",
};

/** Returns the functions that are built already, or compiles them from the text. */
export function compileBuilt(built: BuiltTemplate = { source: "" }): {
  readonly sync: typeof compileTemplate;
  readonly async: typeof compileAsyncTemplate;
  readonly stream: typeof compileStreamingTemplate;
} {
  return {
    sync: (source, name) => (isCompiled(built.sync) ? built.sync : compileTemplate(source, name)),
    async: (source, name) => (isAsyncCompiled(built.async) ? built.async : compileAsyncTemplate(source, name)),
    stream: (source, name) => (isStreaming(built.stream) ? built.stream : compileStreamingTemplate(source, name)),
  };
}

/**
 * Returns the code of a template's function, with `it`, `frame` and `runtime` as parameters.
 *
 * @throws {TemplateError} If the template is malformed.
 */
export function toFunctionCode(source: string, name: string, mode: TemplateMode): string {
  compile(source, name, mode);
  const tree = parse(withoutMark(source));
  const prefix = { sync: "function", async: "async function", stream: "async function*" }[mode];
  const write = (mayYield: boolean): string => `${prefix} (it, frame, runtime) {\n${toCode(tree, mode, mayYield)}\n}`;
  try {
    creators[mode]("it", "frame", "runtime", toCode(tree, mode, true));
    return write(true);
  } catch {
    return write(false);
  }
}

/** A byte order mark would be printed. */
function withoutMark(source: string): string {
  return source.replace(/^\ufeff/, "");
}

function compile(source: string, name: string, mode: TemplateMode): unknown {
  const text = withoutMark(source);
  let tree: Tree | undefined;
  try {
    tree = parse(text);
    checkAttributes(tree, name, text);
    return create(tree, mode);
  } catch (cause) {
    if (cause instanceof TemplateError) {
      throw cause;
    }
    if (cause instanceof EvalError) {
      throw new TemplateError(
        `The template '${name}' cannot be compiled here: this runtime does not compile code during a request. Build the templates by 'flagon build', or give their texts to app.addTemplates() before the app starts.`,
        name,
        1,
        { cause },
      );
    }
    const message = cause instanceof Error ? (cause.message.split("\n", 1)[0] ?? "") : String(cause);
    const mistake = tree ? explain(tree, mode, message) : explainParsing(message);
    throw new TemplateError(
      `The template '${name}' cannot be compiled, line ${mistake.line}: ${mistake.message}\n\n${excerpt(text, mistake.line)}`,
      name,
      mistake.line,
      { cause },
    );
  }
}

type Tree = ReturnType<Eta["parse"]>;

function parse(source: string): Tree {
  const eta = loadEta();
  const tree = eta.parse.call(eta, source);
  // A tag may begin with line breaks. Its line is that of its code.
  let line = 1;
  let at = 0;
  for (const part of tree) {
    if (typeof part !== "string") {
      const found = source.indexOf(part.val, at);
      if (found >= 0) {
        line += source.slice(at, found).split("\n").length - 1;
        at = found;
        part.lineNo = Math.max(line, part.lineNo ?? 1);
      }
    }
  }
  return tree;
}

function create(tree: Tree, mode: TemplateMode): unknown {
  const creator = creators[mode];
  try {
    return creator("it", "frame", "runtime", toCode(tree, mode, true));
  } catch (error) {
    if (mode !== "stream" || !(error instanceof SyntaxError)) {
      throw error;
    }
    // The compiler took a place inside a function for one of the template itself. The text is then sent at the end.
    return creator("it", "frame", "runtime", toCode(tree, mode, false));
  }
}

/** Refuses printed values that are attributes without quotes: a value with a blank would add an attribute of its own. */
function checkAttributes(tree: Tree, name: string, source: string): void {
  const scanner = new AttributeScanner();
  for (const part of tree) {
    if (typeof part === "string") {
      scanner.read(part.replace(/\\(.)/g, (_, character: string) => (character === "n" ? "\n" : character)));
    } else if (part.t !== "e" && scanner.readValue()) {
      const line = part.lineNo ?? 1;
      throw new TemplateError(
        `The template '${name}' cannot be compiled, line ${line}: the value of an attribute needs quotes: ="<%${part.t === "i" ? "=" : "~"} ${part.val.trim()} %>". Without them a value with a blank adds an attribute of its own.\n\n${excerpt(source, line)}`,
        name,
        line,
      );
    }
  }
}

/** Finds the mistake of a template that JavaScript refuses: the message of JavaScript is about generated code. */
function explain(tree: Tree, mode: TemplateMode, message: string): TemplateMistake {
  const tags = tree.filter((part): part is Exclude<typeof part, string> => typeof part !== "string");
  const waiting = mode === "sync" ? findAwait(tags) : undefined;
  if (waiting !== undefined && compiles(tree.map((part) => (typeof part === "string" ? part : { ...part, val: withoutAwait(part.val) })))) {
    return {
      line: waiting.lineNo ?? 1,
      message:
        "'await' needs renderTemplateAsync() or streamTemplate(), and includeAsync() for a template that is included; renderBlock() takes none, so await in the view",
    };
  }
  return (
    findUnclosed(tags) ??
    findForeignComment(tags) ??
    findUnbalanced(tags) ??
    findBrokenExpression(tags, creators[mode]) ?? {
      line: locateError(toCode(tree, mode, mode === "stream"), heads[mode]) ?? 1,
      message: inOwnWords(message),
    }
  );
}

function withoutAwait(code: string): string {
  return code.replace(/\bfor\s+await\b/g, "for").replace(/\bawait\b/g, "void");
}

function compiles(tree: Tree): boolean {
  try {
    return create(tree, "sync") !== undefined;
  } catch {
    return false;
  }
}

/** Eta keeps helpers and data in one object; here they are apart, so that data never reaches an option. */
function toCode(tree: Tree, mode: TemplateMode, mayYield: boolean): string {
  const body = toBody(tree, mode === "stream" && mayYield);
  // A template that returns ends there: its text so far is the page.
  const returns = tree.some((part) => typeof part !== "string" && /\breturn\b/.test(part.val));
  const names = findNames(tree);
  const known = names.map((name) =>
    Object.hasOwn(globalThis, name)
      ? `${name} = ${JSON.stringify(name)} in frame.scope ? frame.scope.${name} : globalThis.${name}`
      : `${name} = frame.scope.${name}`,
  );
  return `"use strict";
${known.length === 0 ? "" : `const ${known.join(", ")};`}
{
const __eta = { res: "", e: runtime.escape, r: runtime.raw, line: 1, open: [], value: undefined };
const include = (name, data) => frame.include(name, data);
const includeAsync = (name, data) => frame.includeAsync(name, data);
const layout = (name, data) => runtime.layout(frame, name, data);
const output = (value) => { __eta.res += runtime.escape(value); };
const capture = (fill) => runtime.capture(__eta, fill), captureAsync = capture;
const block = (name, fill) => runtime.block(__eta, frame, name, fill), blockAsync = block;
try {
${returns ? `${wrappers[mode]}{\n${body}\n})();` : body}
} catch (error) { frame.fail(error, __eta.line); }
${mode === "stream" ? "yield __eta.res;" : "return __eta.res;"}
}`;
}

/** The head of the function that a template with `return` runs in. */
const wrappers: { readonly [Kind in TemplateMode]: string } = {
  sync: "(() => ",
  async: "await (async () => ",
  stream: "yield* (async function* () ",
};

/** A tag whose code opens a block that a later tag closes. */
interface OpenTag {
  /** The escaping of the value, if the tag prints one. */
  readonly escaping: "e" | "r" | undefined;
  /** Whether the block is the body of a function. */
  readonly isFunction: boolean;
  /** Whether the block is the body of a loop that awaits each of its turns. */
  readonly isAwaiting: boolean;
}

/** Sends the printed text, at the latest before the template waits. */
const sendNow = ' if (__eta.res !== "") { yield __eta.res; __eta.res = ""; }';

/**
 * Writes the statements of a template.
 *
 * An expression may hold the text between two tags, as in `<%= block("title", () => { %>Text<% }) %>`: this text is
 * collected until the closing tag, and then escaped like any other value.
 *
 * @param mayYield Whether text is given away between two tags of the template's own, outside of functions.
 */
function toBody(tree: Tree, mayYield: boolean): string {
  let body = "";
  /** Whether the tag before printed nothing: the line break after it is not part of the page. */
  let isAfterCode = false;
  const opened: OpenTag[] = [];
  const isOwn = (): boolean => mayYield && opened.every(({ isFunction }) => !isFunction);
  for (const part of tree) {
    if (typeof part === "string") {
      body += `__eta.res += '${isAfterCode && part.startsWith("\\n") ? part.slice(2) : part}';\n`;
      isAfterCode = false;
      if (isOwn()) {
        body += `if (__eta.res.length > ${pieceSize}) { yield __eta.res; __eta.res = ""; }\n`;
      }
      continue;
    }
    const code = checkBareName(part.val, part.t !== "e");
    const escaping = part.t === "i" ? "e" : part.t === "r" ? "r" : undefined;
    const closing = /^\s*\}/.test(code) ? opened.pop() : undefined;
    const mustSend = isOwn() && (closing?.isAwaiting === true || /\bawait\b/.test(code));
    // The code begins on the line after this one: errors are located by it.
    body += `__eta.line = ${part.lineNo ?? 1};${mustSend ? sendNow : ""}${escaping === undefined ? checkCondition(code) : ""}\n`;
    if (opensBlock(code)) {
      body += escaping === undefined ? `${code}\n` : `__eta.open[${opened.length}] = ${code}\n`;
      opened.push({
        escaping,
        isFunction: escaping !== undefined || /(?:=>|\bfunction\b[^{}]*)\s*\{\s*$/.test(withoutComment(code)),
        isAwaiting: /\bfor\s+await\b/.test(code),
      });
    } else if (escaping === undefined) {
      body += `${code}\n`;
    } else {
      body += isOwn() ? toPiece(code, escaping) : `__eta.res += __eta.${escaping}(${code}\n);\n`;
    }
    isAfterCode = opensBlock(code) || (escaping === undefined && closing?.escaping === undefined);
    if (closing?.escaping !== undefined) {
      body += `;__eta.res += __eta.${closing.escaping}(__eta.open[${opened.length}]);\n`;
    }
  }
  return body;
}

/** A bare name, and a condition that begins with one. */
const bareName = /^\s*([A-Za-z_$][\w$]*)\s*$/;
const bareCondition = /^\s*if\s*\(\s*!?\s*([A-Za-z_$][\w$]*)\s*(?:\)|&&|\|\||[!=]==?|[<>])/;

/** Writes the code of a tag that prints a bare name. A name that only the data has is an error: it would print no text. */
function checkBareName(code: string, isPrinted: boolean): string {
  const name = isPrinted ? bareName.exec(code)?.[1] : undefined;
  return name === undefined || reserved.has(name) ? code : ` ${name} === undefined ? runtime.bare(frame, it, "${name}") : ${name} `;
}

/** Writes the same check before a condition, which would be false. */
function checkCondition(code: string): string {
  const name = bareCondition.exec(code)?.[1];
  return name === undefined || reserved.has(name) ? "" : ` if (${name} === undefined) runtime.bare(frame, it, "${name}");`;
}

/** Prints a value; one that is still being rendered is sent as it comes. */
function toPiece(code: string, escaping: "e" | "r"): string {
  return `__eta.value = (${code}
);
if (runtime.isStreamed(__eta.value)) { yield __eta.res; __eta.res = ""; yield* __eta.value.pieces; } else { __eta.res += __eta.${escaping}(__eta.value); }
`;
}

const reserved = new Set(
  (
    "it frame runtime globalThis __eta include includeAsync layout output capture captureAsync block blockAsync " +
    "break case catch class const continue debugger default delete do else export extends false finally for function if import in instanceof new null return super switch this throw true try typeof var void while with yield let static async await of undefined arguments eval enum implements interface package private protected public"
  ).split(" "),
);

/**
 * Finds the bare names that the code of a template mentions.
 *
 * Only these are read from the scope, so that a template without the name `session` opens no session. Names that turn
 * out to be parameters, or words in a text, cost one read and do no harm: the template's own declarations hide them.
 */
function findNames(tree: Tree): string[] {
  const names = new Set<string>();
  const all = tree.map((part) => (typeof part === "string" ? "" : part.val)).join("\n");
  const declared = new Set([...all.matchAll(/\b(?:const|let|function|class)\s+([A-Za-z_$][\w$]*)/g)].map(([, name]) => name));
  for (const part of tree) {
    const code = typeof part === "string" ? "" : part.val.replace(/\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g, " ");
    for (const match of code.matchAll(/(?:\.\.\.|(?<![\w$.]))\s*([A-Za-z_$][\w$]*)(\s*:(?!:))?/g)) {
      const [, name = "", colon] = match;
      const isKey = colon !== undefined && /[{,]\s*$/.test(code.slice(0, match.index));
      if (!isKey && !reserved.has(name) && !declared.has(name)) {
        names.add(name);
      }
    }
  }
  return [...names];
}

function isCompiled(value: unknown): value is CompiledTemplate {
  return typeof value === "function";
}

function isAsyncCompiled(value: unknown): value is AsyncCompiledTemplate {
  return typeof value === "function";
}

function isStreaming(value: unknown): value is StreamingTemplate {
  return typeof value === "function";
}

function unreachable(): never {
  throw new TypeError("A compiled template is a function.");
}
