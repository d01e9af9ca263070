import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import * as ts from "typescript";
import { describe, expect, it } from "vitest";

/** What each layer knows, from the bottom up: a module imports only from its own layer and lower ones, types included. */
const layers: readonly (readonly string[])[] = [
  "errors suggestion command-spec command-runner html schema environment settings config metadata hmac signing keyed encryption tagged-json logging terminal signals maybe-promise lazily json-provider command-line node-middleware background http/status http/headers http/http-date http/cookies http/cache-control http/content-hash http/file-cache http/file-part http/safe-path http/loopback",
  "http/request-source http/conditions http/conditional http/response http/exceptions http/client-errors http/miss http/server-errors http/status-exceptions http/typed-values http/body http/form-values http/upload http/multipart http/urlencoded http/query http/negotiation http/authorization http/proxy http/request-headers http/request-body http/request-head http/request http/send-file http/mounted-source http/web-request cookie-jar",
  "routing/converters routing/rule-parser routing/rule routing/rule-types routing/host-pattern routing/route routing/route-tree routing/route-map route-options hooks decorators template-loader template-runtime template-compiler templating session cookie-sessions default-headers request-settings error-pages response-value forms/names forms/members forms/zod forms/binder forms/controls forms/fields forms/field-descriptions forms/form-base forms/validation forms/csrf",
  "registry application context context-proxy controller flashes url-building template-scope static-files route-schemas request-routing error-handlers pushed-stream response-stream debug-page tear-down",
  "registration scaffold blueprint dispatch mounting server/free-memory server/node-source server/node-file server/unread-body server/node-reply server/tick-shape server/node server/node-server server/unix-socket server/limits server/production server/workers server/fetch-source server/bun-file server/in-process server/fetch server/page-script server/live-reload server/request-reports server/toolbar-script server/toolbar server/reloader server/development testing",
  "app",
  "globals helpers event-stream recording rendering redirecting flashing forms/form forms/bound-form",
  "index openapi/document openapi/index login/passwords login/remember login/users login/state login/current-user login/manager login/index sessions/store sessions/index cli/load-app cli/environment-files cli/routes cli/check cli/completion cli/new-project cli/own-commands cli/shell cli/program cli/bin",
].map((names) => names.split(" "));

const root = join(__dirname, "../src");
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
const sources = new Map(files.map((file) => [file.slice(0, -3).replaceAll("\\", "/"), readFileSync(join(root, file), "utf8")]));

/** Lists the modules of src that a module imports, types included. */
function listImports(name: string): string[] {
  const { importedFiles } = ts.preProcessFile(sources.get(name) ?? "");
  return importedFiles.filter(({ fileName }) => fileName.startsWith(".")).map(({ fileName }) => posix.join(posix.dirname(name), fileName));
}

function countAny(node: ts.Node): number {
  let count = node.kind === ts.SyntaxKind.AnyKeyword ? 1 : 0;
  ts.forEachChild(node, (child) => {
    count += countAny(child);
  });
  return count;
}

describe("src", () => {
  it("has each module in one layer", () => {
    expect([...sources.keys()].sort()).toEqual(layers.flat().sort());
  });

  it("imports only from the same layer and lower ones", () => {
    const levels = new Map(layers.flatMap((names, level) => names.map((name) => [name, level] as const)));
    const upward = [...sources.keys()].flatMap((name) =>
      listImports(name)
        .filter((imported) => (levels.get(imported) ?? Number.POSITIVE_INFINITY) > (levels.get(name) ?? 0))
        .map((imported) => `${name} -> ${imported}`),
    );
    expect(upward).toEqual([]);
  });

  it("has no cycles", () => {
    const done = new Set<string>();
    const visit = (name: string, trail: readonly string[]): void => {
      expect(trail, [...trail, name].join(" -> ")).not.toContain(name);
      if (!done.has(name)) {
        for (const imported of listImports(name)) {
          visit(imported, [...trail, name]);
        }
        done.add(name);
      }
    };
    for (const name of sources.keys()) {
      visit(name, []);
    }
  });

  it("has no file over 400 lines, no any, and no suppression", () => {
    for (const [name, source] of sources) {
      expect(source.split("\n").length, name).toBeLessThanOrEqual(400);
      expect(countAny(ts.createSourceFile(name, source, ts.ScriptTarget.ES2022)), name).toBe(0);
      expect(source, name).not.toMatch(/@ts-|biome-ignore|eslint-disable/);
    }
  });

  it("touches Reflect metadata and Symbol.metadata in one module, and reads the globals in none", () => {
    for (const [name, source] of sources) {
      if (name !== "metadata") {
        expect(source, name).not.toMatch(/reflect-metadata|Symbol\.metadata/);
      }
      if (name !== "index") {
        expect(source, name).not.toMatch(/from "\.\.?\/globals"/);
      }
    }
  });

  it("is what ARCHITECTURE.md says", () => {
    const page = readFileSync(join(__dirname, "../ARCHITECTURE.md"), "utf8");
    for (const name of layers.flat()) {
      expect(page, name).toContain(`\`${name}\``);
    }
  });
});
