import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { project, run, until } from "../cli-project";
import { findPort } from "../support";

const execute = promisify(execFile);
// No mail is sent here, but a server starts only with a way to send them.
const production = {
  FLAGON_SECRET_KEY: "a key that is long enough",
  MAIL_URL: "smtp://127.0.0.1:1",
  FLAGON_SERVER_NAME: "127.0.0.1",
};
const titles = { minimal: "Hello, world!", site: "<h1>Guest book</h1>", api: '"document":"/openapi.json"', app: "<h1>Log in</h1>" };

describe("flagon new, from the published package", () => {
  let folder: string;
  let packed: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "flagon-starter-"));
    const modules = join(folder, "package-modules");
    mkdirSync(modules);
    const { stdout } = await execute("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder], { cwd: project });
    packed = join(modules, "flagon");
    mkdirSync(packed);
    await execute("tar", ["-xzf", join(folder, stdout.trim()), "-C", packed, "--strip-components=1"]);
    symlinkSync(join(project, "node_modules"), join(packed, "node_modules"));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  /** Links the packages that a project asks for, and no other. */
  function install(made: string): void {
    const manifest = JSON.parse(readFileSync(join(made, "package.json"), "utf8")) as Record<string, Record<string, string>>;
    const modules = join(made, "node_modules");
    mkdirSync(join(modules, ".bin"), { recursive: true });
    for (const name of Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })) {
      mkdirSync(join(modules, name, ".."), { recursive: true });
      symlinkSync(name === "flagon" ? packed : join(project, "node_modules", name), join(modules, name));
    }
    for (const name of readdirSync(join(project, "node_modules/.bin"))) {
      symlinkSync(join(project, "node_modules/.bin", name), join(modules, ".bin", name));
    }
    symlinkSync(join(packed, "dist/cli/bin.js"), join(modules, ".bin/flagon"));
  }

  const combinations = (["minimal", "site", "api", "app"] as const).flatMap((kind) =>
    (["commonjs", "esm"] as const).flatMap((module) => (["ts-node", "tsx"] as const).map((loader) => ({ kind, module, loader }))),
  );

  it.each(combinations)(
    "makes a whole project: $kind, $module, $loader",
    async ({ kind, module, loader }) => {
      const made = join(folder, `my ${kind} ${module} ${loader}`);
      const bin = join(packed, "dist/cli/bin.js");
      await execute(process.execPath, [bin, "new", made, "--kind", kind, "--module", module, "--loader", loader]);
      install(made);
      const script = (name: string) =>
        execute("npm", ["run", "--silent", name], { cwd: made }).catch((error: { stdout: string; stderr: string }) => {
          throw new Error(`${name}: ${error.stdout}${error.stderr}`);
        });
      for (const name of ["check", "lint", "test", "build"]) {
        await script(name);
      }
      expect(existsSync(join(made, "dist/app.test.js"))).toBe(false);
      // What an app writes into its instance folder outlives a build.
      mkdirSync(join(made, "instance"), { recursive: true });
      writeFileSync(join(made, "instance/kept"), "kept");
      writeFileSync(join(made, "dist/stale.js"), "");
      await script("build");
      expect([existsSync(join(made, "instance/kept")), existsSync(join(made, "dist/stale.js"))]).toEqual([true, false]);

      const port = await findPort();
      const words = ["--app", "dist/app.js", "--port", String(port), "--health", "/healthz"];
      run(made, [join(made, "node_modules/flagon/dist/cli/bin.js"), "serve", ...words], production);
      await until(`http://127.0.0.1:${port}/healthz`, "ok");
      await until(`http://127.0.0.1:${port}/`, titles[kind]);
      const development = await findPort();
      run(made, [join(made, "node_modules/flagon/dist/cli/bin.js"), "run", "--port", String(development)]);
      await until(`http://127.0.0.1:${development}/`, titles[kind]);
      const sources = readdirSync(made).filter((name) => /^(?!.*\.test)\w+\.ts$/.test(name));
      const compiled = sources.flatMap((name) => [name.replace(/ts$/, "js"), name.replace(/ts$/, "js.map")]);
      expect(readdirSync(join(made, "dist")).sort()).toEqual(compiled.sort());
    },
    180_000,
  );
});
