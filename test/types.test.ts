import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { createProject, project } from "./cli-project";
import { messages } from "./types/messages";

const run = promisify(execFile);
const strictly = {
  module: "nodenext",
  target: "es2022",
  lib: ["es2023", "esnext.decorators"],
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: ["node"],
};
const names = ["index", "add", "create", "show", "edit", "update", "remove"] as const;

/** An app of controllers whose views link to three others each, in an order that is the same in each run. */
function createLinkedApp(controllers: number, viewsOfEach: number): string {
  let state = 7;
  const choose = (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
  const link = () => `urlFor(C${choose(controllers)}, "m${choose(viewsOfEach)}", { id })`;
  const classes = Array.from({ length: controllers }, (_, controller) => {
    const views = Array.from(
      { length: viewsOfEach },
      (_, index) =>
        `@route("/c${controller}/m${index}/<int:id>") m${index}({ id }: { id: number }) { return { links: [${link()}, ${link()}, ${link()}] }; }`,
    );
    return `export class C${controller} { ${views.join("\n")} }`;
  });
  return `import { route, urlFor } from "flagon";\n${classes.join("\n")}`;
}

/** Controllers as they are written by hand: each view links to its neighbours, and to the next controller. */
function createCrudApp(controllers: number): string {
  const classes = Array.from({ length: controllers }, (_, n) => {
    const next = `C${(n + 1) % controllers}`;
    const views = names.map((name, index) => {
      const following = names[(index + 1) % names.length];
      return `@route("/c${n}/${name}/<int:id>") ${name}({ id }: { id: number }) {
        return id > 9 ? redirect(urlFor(C${n}, "${following}", { id })) : renderTemplateString("x", { next: urlFor(${next}, "show", { id }), all: urlFor(${next}, "index", { id }) });
      }`;
    });
    return `export class C${n} { ${views.join("\n")} }`;
  });
  return `import { redirect, renderTemplateString, route, urlFor } from "flagon";\n${classes.join("\n")}`;
}

/** One ring of views, each of which links to the next, and one that links to itself. */
function createRing(length: number): string {
  const views = Array.from({ length }, (_, n) => `@route("/r${n}") v${n}() { return urlFor(Ring, "v${(n + 1) % length}"); }`);
  return `import { route, urlFor } from "flagon";\nexport class Ring { ${views.join("\n")}
    @route("/self") self() { return redirectTo(urlFor(Ring, "self")); } }
    const redirectTo = (url: string) => ({ url });`;
}

describe("types", () => {
  it.each([
    ["typescript-5.9", "legacy"],
    ["typescript-5.9", "standard"],
    ["typescript", "legacy"],
    ["typescript", "standard"],
    ["typescript-7", "legacy"],
    ["typescript-7", "standard"],
  ])("are right in %s with %s decorators", async (compiler, standard) => {
    const tsc = join(project, "node_modules", compiler, "bin/tsc");
    const { stdout } = await run(
      process.execPath,
      [tsc, "-p", join(__dirname, "types/tsconfig.json"), "--experimentalDecorators", String(standard === "legacy")],
      { cwd: project },
    ).catch((error: { stdout: string }) => error);
    expect(stdout).toBe("");
  });

  it.each([
    ["typescript-5.9", "legacy"],
    ["typescript", "standard"],
    ["typescript-7", "legacy"],
  ])("carry apps of a thousand routes that link to one another, in %s with %s decorators", async (compiler, standard) => {
    const root = createProject({
      "linked.ts": createLinkedApp(100, 10),
      "crud.ts": createCrudApp(70),
      "ring.ts": createRing(200),
      "tsconfig.json": JSON.stringify({
        compilerOptions: { ...strictly, experimentalDecorators: standard === "legacy" },
        files: ["linked.ts", "crud.ts", "ring.ts"],
      }),
    });
    const tsc = join(project, "node_modules", compiler, "bin/tsc");
    const { stdout } = await run(process.execPath, [tsc, "-p", root]).catch((error: { stdout: string }) => error);
    expect(stdout).toBe("");
  });

  it.each([
    ["typescript-5.9", "legacy"],
    ["typescript", "standard"],
    ["typescript-7", "legacy"],
    ["typescript-7", "standard"],
  ])("show mistakes in the words of the errors, in %s with %s decorators", async (compiler, standard) => {
    const lines = messages.map(([code], index) => `class C${index} { ${code} }`);
    const root = createProject({
      "mistakes.ts": `import { Flagon, beforeRequest, command, errorHandler, route, urlFor } from "flagon";
        declare const app: Flagon; class Target { show({ id }: { id: number }) { return { id }; } }
        export const used = [beforeRequest, command, errorHandler, route, urlFor];\n${lines.join("\n")}`,
      "tsconfig.json": JSON.stringify({
        compilerOptions: { ...strictly, experimentalDecorators: standard === "legacy" },
        files: ["mistakes.ts"],
      }),
    });
    const tsc = join(project, "node_modules", compiler, "bin/tsc");
    const { stdout } = await run(process.execPath, [tsc, "-p", root], { cwd: root }).catch((error: { stdout: string }) => error);
    const found = stdout.split(/^(?=mistakes\.ts)/m);
    const inLine = (index: number) => found.filter((text) => text.startsWith(`mistakes.ts(${index + 4},`));
    // One error for each mistake, in few lines, with the text that says it.
    expect(messages.map((_, index) => inLine(index).length)).toEqual(messages.map(() => 1));
    for (const [index, [code, message]] of messages.entries()) {
      expect(inLine(index).join(""), code).toContain(message);
      expect(inLine(index).join("").trim().split("\n").length, code).toBeLessThan(4);
    }
  });
});
