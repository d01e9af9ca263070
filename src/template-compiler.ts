import { Eta } from "eta";
import { TemplateError } from "./errors";
import { Markup, toHtml } from "./html";

/** What a compiled template needs while it runs: one for each template of a rendering. */
export interface TemplateFrame {
  /** The values in scope by bare name. */
  readonly scope: object;
  /** What blocks of templates that extend this one hold, by name. */
  readonly blocks: Record<string, Markup>;
  /** The layout that the template chose, if it did. */
  layout: { readonly name: string; readonly data: object | undefined } | undefined;
  /** Renders another template in the same scope. */
  include(name: string, data?: object): Markup;
  /** Renders another template that may await. */
  includeAsync(name: string, data?: object): Promise<Markup>;
  /** Throws the error of the template with its place. */
  fail(error: unknown, line: number): never;
}

/** A template, compiled: it gives its text without its layout. */
export type CompiledTemplate = (data: object, frame: TemplateFrame, tools: typeof runtime) => string;
/** A template that may await, compiled. */
export type AsyncCompiledTemplate = (data: object, frame: TemplateFrame, tools: typeof runtime) => Promise<string>;

/** What the code of every template uses: escaping, and text that is not to be escaped. */
export const runtime: {
  readonly escape: (value: unknown) => string;
  readonly raw: (value: unknown) => string;
  readonly markup: (text: string) => Markup;
} = {
  escape: toHtml,
  raw: (value) => (value === null || value === undefined ? "" : String(value)),
  markup: (text) => new Markup(text),
};

const eta = new Eta({ debug: true, autoEscape: true });
const AsyncFunction: FunctionConstructor = Object.getPrototypeOf(async () => undefined).constructor;

/**
 * Compiles a template that renders at once.
 *
 * @throws {TemplateError} If the template is malformed.
 */
export function compileTemplate(source: string, name: string): CompiledTemplate {
  const compiled: unknown = compile(source, name, Function, "");
  return isCompiled(compiled) ? compiled : unreachable();
}

/**
 * Compiles a template that may await.
 *
 * @throws {TemplateError} If the template is malformed.
 */
export function compileAsyncTemplate(source: string, name: string): AsyncCompiledTemplate {
  const compiled: unknown = compile(source, name, AsyncFunction, "async ");
  return isAsyncCompiled(compiled) ? compiled : unreachable();
}

function compile(source: string, name: string, create: FunctionConstructor, async: "" | "async "): unknown {
  try {
    // A byte order mark would be printed.
    return create("it", "frame", "runtime", toCode(source.replace(/^\ufeff/, ""), async));
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
function toCode(source: string, async: "" | "async "): string {
  const tree = eta.parse.call(eta, source);
  const names = findNames(tree);
  const known = names.map((name) =>
    Object.hasOwn(globalThis, name)
      ? `${name} = ${JSON.stringify(name)} in frame.scope ? frame.scope.${name} : globalThis.${name}`
      : `${name} = frame.scope.${name}`,
  );
  const wait = async === "" ? "" : "await ";
  return `"use strict";
${known.length === 0 ? "" : `const ${known.join(", ")};`}
{
const __eta = { res: "", e: runtime.escape, r: runtime.raw, line: 1, open: [] };
const include = (name, data) => frame.include(name, data);
const includeAsync = (name, data) => frame.includeAsync(name, data);
const layout = (name, data) => { frame.layout = { name, data }; };
const output = (value) => { __eta.res += runtime.escape(value); };
const capture = ${async}(fill) => { const before = __eta.res; __eta.res = ""; try { ${wait}fill(); return runtime.markup(__eta.res); } finally { __eta.res = before; } };
const block = ${async}(name, fill) => {
  if (frame.layout !== undefined) { if (fill && !Object.hasOwn(frame.blocks, name)) frame.blocks[name] = ${wait}capture(fill); return ""; }
  return Object.hasOwn(frame.blocks, name) ? frame.blocks[name] : fill ? ${wait}capture(fill) : "";
};
const captureAsync = capture, blockAsync = block;
try {
${toBody(tree)}
} catch (error) { frame.fail(error, __eta.line); }
return __eta.res;
}`;
}

/**
 * Writes the statements of a template.
 *
 * An expression may hold the text between two tags, as in `<%= block("title", () => { %>Text<% }) %>`: it is then
 * kept aside until the tag that closes it, and escaped like any other.
 */
function toBody(tree: ReturnType<typeof eta.parse>): string {
  let body = "";
  const opened: ("e" | "r" | undefined)[] = [];
  for (const part of tree) {
    if (typeof part === "string") {
      body += `__eta.res += '${part}';\n`;
      continue;
    }
    const code = part.val;
    const escaping = part.t === "i" ? "e" : part.t === "r" ? "r" : undefined;
    body += `__eta.line = ${part.lineNo ?? 1};\n`;
    const closed = /^\s*\}/.test(code) ? opened.pop() : undefined;
    if (/\{\s*$/.test(code)) {
      body += escaping === undefined ? `${code}\n` : `__eta.open[${opened.length}] = ${code}\n`;
      opened.push(escaping);
    } else if (escaping === undefined) {
      body += `${code}\n`;
    } else {
      body += `__eta.res += __eta.${escaping}(${code}\n);\n`;
    }
    if (closed !== undefined) {
      body += `;__eta.res += __eta.${closed}(__eta.open[${opened.length}]);\n`;
    }
  }
  return body;
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
function findNames(tree: ReturnType<typeof eta.parse>): string[] {
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

function unreachable(): never {
  throw new TypeError("A compiled template is a function.");
}
