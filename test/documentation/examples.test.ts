import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import * as ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compileAsyncTemplate } from "../../src/templating/template-compiler";
import { compile, compilePages, compilerOptions, listLastStates, listParts } from "./compile";
import { listStates, parseSession, project, readPages, type State } from "./pages";
import { complete } from "./preamble";

const pages = readPages();
// Pages that need more than this project's packages are tested against the packed package, by test/packed.
const states = listStates(pages).filter(({ needs }) => needs.size === 0);
const runs = states.filter(({ session }) => session !== undefined && parseSession(session).length > 0);

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
    const files = listLastStates(states).flatMap(({ files, line, name, page }) =>
      [...files]
        .filter(([file]) => /\.m?ts$/.test(file))
        .map(([file, code]) => ({ path: join(folder, name, file), where: `${page}:${line}`, code })),
    );
    const found = compilePages([...pages.flatMap((page) => listParts(page, folder)), ...files], folder);
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
      file: join(folder, name, "app.js"),
      exchanges: parseSession(session),
    }));
    for (const { files, name } of runs) {
      for (const [file, text] of files) {
        if (/\.ts$/.test(file)) {
          const options = { ...compilerOptions, module: ts.ModuleKind.CommonJS, noEmit: false };
          writeFileSync(join(folder, name, file.replace(/ts$/, "js")), ts.transpileModule(text, { compilerOptions: options }).outputText);
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
    // States share nothing but packages. So a process runs many of them, and loads the packages once.
    writeFileSync(
      join(folder, "vitest.config.mts"),
      `export default { test: { include: ${JSON.stringify(tested.map(({ name }) => `${name}/**/*.test.ts`))}, isolate: false, testTimeout: 30000 } };`,
    );
    const result = await promisify(execFile)(process.execPath, [join(project, "node_modules/vitest/vitest.mjs"), "run"], {
      cwd: folder,
    }).catch((error: { stdout: string; stderr: string }) => error);
    expect(result.stdout + result.stderr).not.toMatch(/FAIL|failed/);
    expect(result.stdout).toMatch(/passed/);
  }, 600_000);
});
