import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import * as ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compileAsyncTemplate } from "../../src/templating/template-compiler";
import { type Block, listStates, type Page, parseSession, project, readPages, type State } from "./pages";
import { complete } from "./preamble";

const pages = readPages();
const states = listStates(pages);
const runs = states.filter(({ session }) => session !== undefined && parseSession(session).length > 0);

/** A module of TypeScript for the compiler: a file of a state, or a block that is a part of something. */
interface Source {
  readonly path: string;
  readonly where: string;
  readonly code: string;
}

/** Tells whether no later state of a page has the same files. */
function isLastOfItsFiles(state: State): boolean {
  const later = states.slice(states.indexOf(state) + 1).filter(({ page }) => page === state.page);
  return !later.some(({ files }) => files.size === state.files.size && [...files].every(([file, text]) => state.files.get(file) === text));
}

function isTypeScript({ language }: Block): boolean {
  return language === "ts";
}

/** Lists the blocks of a page that stand alone. Those without imports see all of Flagon, zod and an app. */
function listParts(page: Page, folder: string): Source[] {
  return page.blocks
    .filter((block) => isTypeScript(block) && !block.words.has("file") && !block.words.has("refused"))
    .map((block) => {
      const name = `${page.path.replace(/\.md$/, "").replaceAll("/", "-")}-line-${block.line}.mts`;
      return { path: join(folder, "parts", name), where: `${page.path}:${block.line}`, code: complete(block.before, block.code) };
    });
}

const options: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2023.d.ts", "lib.esnext.decorators.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
  types: ["node"],
  strict: true,
  experimentalDecorators: true,
  skipLibCheck: true,
  noEmit: true,
};
const parsed = new Map<string, ts.SourceFile>();

/** Compiles modules, and lists the complaints. Declarations are parsed once for all programs. */
function compile(sources: readonly Source[], folder: string): string[] {
  const host = ts.createCompilerHost({ ...options, typeRoots: [join(project, "node_modules/@types")] });
  const { getSourceFile } = host;
  host.getSourceFile = (file, version, ...rest) => {
    const known = parsed.get(file) ?? getSourceFile.call(host, file, version, ...rest);
    if (known !== undefined && file.endsWith(".d.ts")) {
      parsed.set(file, known);
    }
    return known;
  };
  const program = ts.createProgram(
    sources.map(({ path }) => path),
    { ...options, typeRoots: [join(project, "node_modules/@types")] },
    host,
  );
  return sources.flatMap(({ path, where }) => {
    const file = program.getSourceFile(path);
    const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    return found.map(({ messageText, start = 0, file: at }) => {
      const line = (at?.getLineAndCharacterOfPosition(start).line ?? 0) + 1;
      return `${where} ${path.slice(folder.length + 1)}:${line} ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
    });
  });
}

describe("the examples of README and docs", () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "flagon-docs-"));
    mkdirSync(join(folder, "node_modules"));
    for (const name of readdirSync(join(project, "node_modules")).filter((name) => !name.startsWith("."))) {
      symlinkSync(join(project, "node_modules", name), join(folder, "node_modules", name));
    }
    symlinkSync(project, join(folder, "node_modules/flagon"));
    const write = (path: string, text: string) => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    };
    write(join(folder, "package.json"), "{}");
    // Modules that parts of an app import.
    write(join(folder, "parts/package.json"), '{ "type": "module" }');
    write(join(folder, "parts/app.ts"), 'import { Flagon } from "flagon";\nexport default new Flagon(".");\n');
    write(
      join(folder, "parts/templates.mts"),
      'import type { Flagon } from "flagon";\ndeclare const templates: Parameters<Flagon["addTemplates"]>[0];\nexport default templates;\n',
    );
    write(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: { target: "es2022", experimentalDecorators: true } }));
    for (const { files, name } of states) {
      for (const [file, text] of files) {
        write(join(folder, name, file), text);
      }
    }
    for (const { code, path } of pages.flatMap((page) => listParts(page, folder))) {
      write(path, code);
    }
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it("compile", () => {
    const sources = pages.map((page) => ({
      page: page.path,
      sources: [
        ...listParts(page, folder),
        ...states
          .filter((state) => state.page === page.path && isLastOfItsFiles(state))
          .flatMap(({ files, line, name }) =>
            [...files]
              .filter(([file]) => /\.m?ts$/.test(file))
              .map(([file, code]) => ({ path: join(folder, name, file), where: `${page.path}:${line}`, code })),
          ),
      ],
    }));
    // Declarations that a page adds to Flagon's types are its own.
    const alone = sources.filter((page) => page.sources.some(({ code }) => /declare module/.test(code)));
    const together = sources.filter((page) => !alone.includes(page));
    const found = [together.flatMap((page) => page.sources), ...alone.map((page) => page.sources)].flatMap((group) =>
      compile(group, folder),
    );
    expect(found).toEqual([]);
  }, 300_000);

  it("do not compile if the page says so, with the shown message", () => {
    for (const page of pages) {
      for (const block of page.blocks.filter(({ words }) => words.has("refused"))) {
        const path = join(folder, "parts", `refused-${block.line}-${page.path.replaceAll("/", "-")}.mts`);
        const code = complete(block.before, block.code);
        writeFileSync(path, code);
        const found = compile([{ path, where: page.path, code }], folder).join("\n");
        const message = /\/\/ error: (.*)/.exec(block.code)?.[1];
        expect(found, `${page.path}:${block.line}`).toContain(message);
      }
    }
  });

  it("have templates, settings and data that can be read", () => {
    const wrong: string[] = [];
    for (const page of pages) {
      for (const { code, language, line } of page.blocks) {
        try {
          if (language === "json") {
            JSON.parse(code);
          } else if (language === "html") {
            compileAsyncTemplate(code, `${page.path}:${line}`);
          }
        } catch (error) {
          wrong.push(`${page.path}:${line} ${String(error)}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it("answer as the page shows", async () => {
    const plan = runs.map(({ line, name, page, session = "" }) => ({
      line,
      page,
      folder: join(folder, name),
      exchanges: parseSession(session),
    }));
    for (const { files, name } of runs) {
      for (const [file, text] of files) {
        if (/\.ts$/.test(file)) {
          const compilerOptions = { ...options, module: ts.ModuleKind.CommonJS, noEmit: false };
          writeFileSync(join(folder, name, file.replace(/ts$/, "js")), ts.transpileModule(text, { compilerOptions }).outputText);
        }
      }
    }
    writeFileSync(join(folder, "plan.json"), JSON.stringify(plan));
    const { stdout } = await promisify(execFile)(process.execPath, [join(__dirname, "run-sessions.cjs"), join(folder, "plan.json")], {
      maxBuffer: 1e8,
    });
    expect(JSON.parse(stdout.slice(stdout.indexOf("\n{") + 1))).toEqual({ wrong: [] });
  });

  it("pass the tests that they show", async () => {
    const tested = states.filter(
      (state): state is State => state.session === undefined && [...state.files.keys()].some((file) => file.endsWith(".test.ts")),
    );
    writeFileSync(
      join(folder, "vitest.config.mts"),
      `export default { test: { include: ${JSON.stringify(tested.map(({ name }) => `${name}/**/*.test.ts`))}, testTimeout: 30000 } };`,
    );
    const result = await promisify(execFile)(process.execPath, [join(project, "node_modules/vitest/vitest.mjs"), "run"], {
      cwd: folder,
    }).catch((error: { stdout: string; stderr: string }) => error);
    expect(result.stdout + result.stderr).not.toMatch(/FAIL|failed/);
    expect(result.stdout).toMatch(/passed/);
  }, 180_000);
});
