import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { flagon, project } from "../cli-project";
import { writeFiles } from "../support";

const list = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
const read = (folder: string, name: string): unknown => JSON.parse(readFileSync(join(folder, name), "utf8"));
const shared = [
  ".dockerignore",
  ".editorconfig",
  ".env.example",
  ".github/workflows/ci.yml",
  ".gitignore",
  ".vscode/extensions.json",
  ".vscode/launch.json",
  ".vscode/settings.json",
  "Dockerfile",
  "README.md",
  "app.test.ts",
  "app.ts",
  "biome.json",
  "package.json",
  "tsconfig.build.json",
  "tsconfig.json",
  "vitest.config.mts",
];

describe("flagon new", () => {
  it.each([
    ["minimal", []],
    [
      "site",
      [
        "static/icon.svg",
        "static/style.css",
        "templates/about.eta",
        "templates/index.eta",
        "templates/layout.eta",
        "templates/missing.eta",
      ],
    ],
    ["api", []],
    [
      "app",
      [
        "accounts.ts",
        "database.ts",
        "migrations/0000_tables.sql",
        "migrations/meta/0000_snapshot.json",
        "migrations/meta/_journal.json",
        "notes.ts",
        "schema.ts",
        "static/icon.svg",
        "static/style.css",
        "templates/form.eta",
        "templates/layout.eta",
        "templates/login.eta",
        "templates/mail/confirm.eta",
        "templates/mail/known.eta",
        "templates/mail/reset.eta",
        "templates/missing.eta",
        "templates/notes.eta",
        "users.ts",
      ],
    ],
  ])("writes all files of a project of the kind %s", async (kind, more) => {
    const root = writeFiles({});
    expect((await flagon(root, ["new", "shop", "--kind", kind])).code).toBe(0);
    expect(list(join(root, "shop"))).toEqual([...shared, ...more].sort());
    const readMe = readFileSync(join(root, "shop/README.md"), "utf8");
    expect(readMe).toMatch(/^# shop\n/);
    expect(readMe).not.toContain("{{");
  });

  it("names the packages and the settings that the kind app needs", async () => {
    const root = writeFiles({});
    await flagon(root, ["new", "shop", "--kind", "app"]);
    await flagon(root, ["new", "nodemailer", "--kind", "app"]);
    const { dependencies } = read(join(root, "shop"), "package.json") as { dependencies: object };
    expect(Object.keys(dependencies)).toEqual(["@libsql/client", "croner", "drizzle-orm", "flagon", "nodemailer", "zod"]);
    expect(readFileSync(join(root, "shop/.env.example"), "utf8")).toMatch(
      /^# FLAGON_SECRET_KEY=$[\s\S]*^# MAIL_URL=smtps:[\s\S]*^# FLAGON_SERVER_NAME=/m,
    );
    expect(read(join(root, "nodemailer"), "package.json")).toMatchObject({ name: "nodemailer-app" });
  });

  it("writes CommonJS for ts-node by default", async () => {
    const root = writeFiles({});
    const make = async (name: string, ...options: string[]) => {
      await flagon(root, ["new", name, ...options]);
      const folder = join(root, name);
      const manifest = read(folder, "package.json") as { type: string; devDependencies: object };
      const tools = Object.keys(manifest.devDependencies).filter((tool) => tool.startsWith("ts"));
      return [manifest.type, tools, /new Flagon\(([\w.]+)/.exec(readFileSync(join(folder, "app.ts"), "utf8"))?.[1]];
    };
    expect(await make("a")).toEqual(["commonjs", ["ts-node"], "__dirname"]);
    expect(await make("b", "--loader", "tsx")).toEqual(["commonjs", ["tsx"], "__dirname"]);
    expect(await make("c", "--module", "esm")).toEqual(["module", ["tsx"], "import.meta.dirname"]);
    expect(await make("d", "--module", "esm", "--loader", "ts-node")).toEqual(["module", ["ts-node"], "import.meta.dirname"]);
    expect(readFileSync(join(root, "c/app.test.ts"), "utf8")).toContain('from "./app.js"');
  });

  it("prints the next steps, with a quoted path", async () => {
    const root = writeFiles({});
    const hint = async (name: string) => /^ {4}cd (.*)$/m.exec((await flagon(root, ["new", name, "-k", "minimal"])).stdout)?.[1];
    expect(await hint("shop")).toBe("shop");
    expect(await hint("my shop")).toBe('"my shop"');
    expect(await hint("Ann's $HOME")).toBe("'Ann'\\''s $HOME'");
    expect(await hint("a(b)&c;d")).toBe('"a(b)&c;d"');
    expect(await hint("deep/er")).toBe("deep/er");
    mkdirSync(join(root, "here"));
    const { stdout } = await flagon(join(root, "here"), ["new", "."]);
    expect(stdout).toBe("The project is in .:\n\n    npm install\n    npm run dev");
  });

  it("gives the package a name that npm accepts", async () => {
    const root = writeFiles({});
    const name = async (folder: string) => {
      await flagon(root, ["new", folder, "-k", "minimal"]);
      return (read(join(root, folder), "package.json") as { name: string }).name;
    };
    expect(await name("My Shop!")).toBe("my-shop");
    expect(await name("_.x._")).toBe("x");
    expect(await name("日本")).toBe("app");
    expect(await name("flagon")).toBe("flagon-app");
  });

  it("refuses, in one line, a folder with files and a wrong path, and accepts an empty repository", async () => {
    const root = writeFiles({ "full/file.txt": "x", file: "x", "repository/.git/HEAD": "x" });
    const refuse = async (path: string) => (await flagon(root, ["new", path])).stderr;
    expect(await refuse("full")).toBe(`The folder '${join(root, "full")}' is not empty. Choose another one.`);
    expect(await refuse("file")).toBe(`'${join(root, "file")}' is a file. Choose another name for the project's folder.`);
    expect(await refuse("file/inside")).toMatch(/^The project cannot be written to '[^\n]+$/);
    expect(await refuse("full")).toContain("is not empty");
    expect((await flagon(root, ["new", "repository"])).code).toBe(0);
  });

  it("lints, and finds a promise that is not awaited", async () => {
    const root = writeFiles({});
    await flagon(root, ["new", "shop", "--kind", "minimal"]);
    const lint = async () =>
      promisify(execFile)(join(project, "node_modules/.bin/biome"), ["check", "--error-on-warnings"], { cwd: join(root, "shop") }).then(
        () => "clean",
        ({ stderr }: { stderr: string }) => stderr,
      );
    expect(await lint()).toBe("clean");
    writeFileSync(join(root, "shop/late.ts"), "const save = async () => 1;\n\nexport async function run() {\n  save();\n}\n");
    expect(await lint()).toContain("noFloatingPromises");
  });
});

describe("create-flagon", () => {
  it("runs flagon new, and has the version of flagon", async () => {
    const root = writeFiles({});
    const manifest = read(join(project, "create-flagon"), "package.json");
    const { version } = read(project, "package.json") as { version: string };
    expect(manifest).toMatchObject({ version, dependencies: { flagon: `^${version}` }, bin: { "create-flagon": "./index.js" } });
    mkdirSync(join(root, "node_modules/create-flagon"), { recursive: true });
    symlinkSync(project, join(root, "node_modules/flagon"));
    const bin = join(root, "node_modules/create-flagon/index.js");
    writeFileSync(bin, readFileSync(join(project, "create-flagon/index.js")));
    const create = (...words: string[]) =>
      promisify(execFile)(process.execPath, [bin, ...words], { cwd: root }).then(
        ({ stdout }) => stdout,
        (error: { code: number; stderr: string }) => [error.code, error.stderr],
      );
    expect(await create("shop", "--kind", "api", "--module", "esm")).toContain("The project is in shop:");
    expect(read(join(root, "shop"), "package.json")).toMatchObject({ name: "shop", type: "module" });
    expect(await create("shop")).toEqual([2, expect.stringContaining("is not empty")]);
    expect(await create()).toEqual([2, expect.stringContaining("missing required argument 'folder'")]);
  });
});
