import { join } from "node:path";
import * as ts from "typescript";
import { type Page, project, type State } from "./pages";
import { complete } from "./preamble";

/** A module of TypeScript for the compiler: a file of a state, or a block that is a part of something. */
export interface Source {
  readonly path: string;
  readonly where: string;
  readonly code: string;
  /** Whether the code needs more than itself: a view around it (`in=view`), or a server beside it (`needs=redis`). */
  readonly isPart?: boolean;
}

/** The options of the compiler that the pages speak of. */
export const compilerOptions: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2023.d.ts", "lib.esnext.decorators.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
  types: ["node"],
  strict: true,
  experimentalDecorators: true,
  skipLibCheck: true,
  noEmit: true,
};

/** Lists the states with files that no later state of their page has as well. */
export function listLastStates(states: readonly State[]): State[] {
  return states.filter(({ files, page }, index) => {
    const later = states.slice(index + 1).filter((state) => state.page === page);
    return !later.some((state) => files.size === state.files.size && [...files].every(([file, text]) => state.files.get(file) === text));
  });
}

/** Lists the blocks of a page that stand alone. Those without imports see all of Flagon, zod and an app. */
export function listParts(page: Page, folder: string, extension: "cts" | "mts" = "mts"): Source[] {
  return page.blocks
    .filter(({ language, words }) => language === "ts" && !words.has("file") && !words.has("refused"))
    .map(({ before, code, line, words }) => {
      const name = `${page.path.replace(/\.md$/, "").replaceAll("/", "-")}-line-${line}.${extension}`;
      return {
        path: join(folder, "parts", name),
        where: `${page.path}:${line}`,
        code: complete(before, code),
        isPart: words.has("in") || words.has("needs"),
      };
    });
}

const parsed = new Map<string, ts.SourceFile>();

/**
 * Compiles the modules of pages, and lists the complaints.
 *
 * Declarations that a page adds to Flagon's types are its own, so such a page is compiled alone, or together with the pages
 * that make the same ones in the same words, as the chapters of the tutorial do. A difference between their types is an error.
 */
export function compilePages(sources: readonly Source[], folder: string): string[] {
  const toPage = ({ where }: Source) => where.replace(/:\d+$/, "");
  const pages = [...new Set(sources.map(toPage))].map((page) => sources.filter((source) => toPage(source) === page));
  const groups = new Map<string, Source[]>();
  for (const page of pages) {
    const declarations = new Set(page.map(({ code }) => code).filter((code) => /declare module/.test(code)));
    const key = [...declarations].join("\n");
    groups.set(key, [...(groups.get(key) ?? []), ...page]);
  }
  return [...groups.values()].flatMap((group) => compile(group, folder));
}

/** Compiles modules, and lists the complaints. Declarations are parsed once for all programs. */
export function compile(sources: readonly Source[], folder: string): string[] {
  const options = { ...compilerOptions, typeRoots: [join(project, "node_modules/@types")] };
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile, readFile } = host;
  // A module of examples is compiled from memory.
  const own = new Map(sources.map(({ path, code }) => [path, code]));
  host.fileExists = (file) => own.has(file) || fileExists(file);
  host.readFile = (file) => own.get(file) ?? readFile(file);
  host.getSourceFile = (file, version, ...rest) => {
    const known = parsed.get(file) ?? getSourceFile.call(host, file, version, ...rest);
    if (known !== undefined && file.endsWith(".d.ts")) {
      parsed.set(file, known);
    }
    return known;
  };
  const program = ts.createProgram(
    sources.map(({ path }) => path),
    options,
    host,
  );
  return sources.flatMap(({ path, where }) => {
    const file = program.getSourceFile(path);
    const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    return found.map(({ code, messageText, start = 0, file: at }) => {
      const line = (at?.getLineAndCharacterOfPosition(start).line ?? 0) + 1;
      return `${where} ${path.slice(folder.length + 1)}:${line} TS${code} ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
    });
  });
}
