import type { Eta } from "eta";
import { TemplateError } from "../base/errors";
import { lazily } from "../base/lazily";
import type { runtime, TemplateFrame } from "./template-runtime";

/** A template, compiled: it gives its text without its layout. */
export type CompiledTemplate = (data: object, frame: TemplateFrame, tools: typeof runtime) => string;
/** A template that may await, compiled. */
export type AsyncCompiledTemplate = (data: object, frame: TemplateFrame, tools: typeof runtime) => Promise<string>;

/** A template that is sent while it renders, compiled: it gives its text piece by piece. */
export type StreamingTemplate = (data: object, frame: TemplateFrame, tools: typeof runtime) => AsyncGenerator<string, void>;

const loadEta = lazily(() => {
  const { Eta }: typeof import("eta") = require("eta");
  return new Eta({ debug: true, autoEscape: true });
});
const AsyncFunction: FunctionConstructor = Object.getPrototypeOf(async () => undefined).constructor;
const AsyncGeneratorFunction: FunctionConstructor = Object.getPrototypeOf(async function* () {}).constructor;
/** The text that is gathered before it is sent, in characters. */
const pieceSize = 16 * 1024;

/** Whether a template renders at once, may await, or is sent while it renders. */
type Mode = "sync" | "async" | "stream";
const creators: { readonly [Kind in Mode]: FunctionConstructor } = { sync: Function, async: AsyncFunction, stream: AsyncGeneratorFunction };

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

function compile(source: string, name: string, mode: Mode): unknown {
  const create = creators[mode];
  // A byte order mark would be printed.
  const text = source.replace(/^\ufeff/, "");
  try {
    try {
      return create("it", "frame", "runtime", toCode(text, mode, true));
    } catch (error) {
      if (mode !== "stream" || !(error instanceof SyntaxError)) {
        throw error;
      }
      // A place between two tags that looked like one of the template's own was inside a function: all is sent at the end.
      return create("it", "frame", "runtime", toCode(text, mode, false));
    }
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const line = Number(/at line (\d+)/.exec(message)?.[1] ?? findBrokenLine(source, create));
    throw new TemplateError(
      `The template '${name}' cannot be compiled, line ${line}: ${message.split("\n", 1)[0]}\n\n${excerpt(source, line)}`,
      name,
      line,
      { cause },
    );
  }
}

/** Eta's own function text keeps helpers and data in one object; here they are apart, so that data never reaches an option. */
function toCode(source: string, mode: Mode, mayYield: boolean): string {
  const eta = loadEta();
  const tree = eta.parse.call(eta, source);
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
${toBody(tree, mode === "stream" && mayYield)}
} catch (error) { frame.fail(error, __eta.line); }
${mode === "stream" ? "yield __eta.res;" : "return __eta.res;"}
}`;
}

/** A tag whose code opens a block that a later tag closes. */
interface OpenTag {
  /** The way in which the value of the expression is escaped, if the tag prints one. */
  readonly escaping: "e" | "r" | undefined;
  /** Whether the block is the body of a function. */
  readonly isFunction: boolean;
  /** Whether the block is the body of a loop that awaits each of its turns. */
  readonly isAwaiting: boolean;
}

/** Sends what is printed so far, at the latest before the template waits for something. */
const sendNow = 'if (__eta.res !== "") { yield __eta.res; __eta.res = ""; }\n';

/**
 * Writes the statements of a template.
 *
 * An expression may hold the text between two tags, as in `<%= block("title", () => { %>Text<% }) %>`: it is then
 * kept aside until the tag that closes it, and escaped like any other.
 *
 * @param mayYield Whether text is given away between two tags of the template's own, outside of functions.
 */
function toBody(tree: ReturnType<Eta["parse"]>, mayYield: boolean): string {
  let body = "";
  const opened: OpenTag[] = [];
  const isOwn = (): boolean => mayYield && opened.every(({ isFunction }) => !isFunction);
  for (const part of tree) {
    if (typeof part === "string") {
      body += `__eta.res += '${part}';\n`;
      if (isOwn()) {
        body += `if (__eta.res.length > ${pieceSize}) { yield __eta.res; __eta.res = ""; }\n`;
      }
      continue;
    }
    const code = part.val;
    const escaping = part.t === "i" ? "e" : part.t === "r" ? "r" : undefined;
    body += `__eta.line = ${part.lineNo ?? 1};\n`;
    const closing = /^\s*\}/.test(code) ? opened.pop() : undefined;
    if (isOwn() && (closing?.isAwaiting === true || /\bawait\b/.test(code))) {
      body += sendNow;
    }
    if (/\{\s*$/.test(code)) {
      body += escaping === undefined ? `${code}\n` : `__eta.open[${opened.length}] = ${code}\n`;
      opened.push({
        escaping,
        isFunction: escaping !== undefined || /(?:=>|\bfunction\b[^{}]*)\s*\{\s*$/.test(code),
        isAwaiting: /\bfor\s+await\b/.test(code),
      });
    } else if (escaping === undefined) {
      body += `${code}\n`;
    } else {
      body += isOwn() ? toPiece(code, escaping) : `__eta.res += __eta.${escaping}(${code}\n);\n`;
    }
    if (closing?.escaping !== undefined) {
      body += `;__eta.res += __eta.${closing.escaping}(__eta.open[${opened.length}]);\n`;
    }
  }
  return body;
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
    "it frame runtime __eta include includeAsync layout output capture captureAsync block blockAsync " +
    "break case catch class const continue debugger default delete do else export extends false finally for function if import in instanceof new null return super switch this throw true try typeof var void while with yield let static async await of undefined arguments eval enum implements interface package private protected public"
  ).split(" "),
);

/**
 * Finds the bare names that the code of a template mentions.
 *
 * Only these are read from the scope, so that a template which never says `session` never opens one. Names that turn
 * out to be parameters, or words in a text, cost one read and do no harm: what the template declares itself hides them.
 */
function findNames(tree: ReturnType<Eta["parse"]>): string[] {
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

/** Formats the lines around one, which is marked. */
export function excerpt(source: string, line: number): string {
  const lines = source.split(/\r\n|\n|\r/);
  const first = Math.max(1, line - 2);
  return lines
    .slice(first - 1, line + 2)
    .map((text, index) => `${first + index === line ? " > " : "   "}${String(first + index).padStart(3)} | ${text}`)
    .join("\n");
}

/** Finds the line at which a template stops compiling, for which JavaScript's own error gives no place. */
function findBrokenLine(source: string, create: FunctionConstructor): number {
  try {
    const eta = loadEta();
    for (const part of eta.parse.call(eta, source)) {
      if (typeof part === "object" && (part.t === "i" || part.t === "r")) {
        try {
          create(`return (${part.val}\n)`);
        } catch {
          return part.lineNo ?? 1;
        }
      }
    }
  } catch {
    // The parser's own error has said more.
  }
  return 1;
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
