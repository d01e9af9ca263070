import { execFile } from "node:child_process";
import { cpSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { project } from "../cli-project";
import { writeFiles } from "../support";

/** Runs a script with two copies of the package, `a` and `b`, and returns the lines that it prints. */
async function run(script: string): Promise<{ readonly lines: readonly string[]; readonly other: string }> {
  const other = writeFiles({ "package.json": '{"name":"flagon","main":"dist/index.js"}' });
  cpSync(join(project, "dist"), join(other, "dist"), { recursive: true });
  symlinkSync(join(project, "node_modules"), join(other, "node_modules"));
  const source = `const a = require(${JSON.stringify(project)}), b = require(${JSON.stringify(other)});
    const app = new a.Flagon(".", { static: null, config: { testing: true, secretKey: "a key that is long enough" } });
    const tell = (error) => console.log(error.message.replaceAll("\\n", " "));
    ${script}`;
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", source]);
  return { lines: stdout.trim().split("\n"), other };
}

describe("two copies of the package", () => {
  it("are named by the first use of a response, an exception, a context or a blueprint of the other", async () => {
    const { lines, other } = await run(`
      app.get("/redirect", () => b.redirect("/"));
      app.get("/json", () => b.json({}));
      app.get("/abort", () => b.abort(404));
      app.get("/request", () => b.request.path);
      app.get("/session", () => ({ n: b.session.get("n") }));
      app.get("/url", () => b.urlFor("index"));
      (async () => {
        try { app.register(new b.Blueprint("admin")); } catch (error) { tell(error); }
        for (const path of ["/redirect", "/json", "/abort", "/request", "/session", "/url"]) {
          await app.testClient().get(path).then((response) => console.log(response.status), tell);
        }
      })();`);
    expect(lines).toHaveLength(7);
    for (const line of lines) {
      expect(line).toContain(`Two copies of flagon are loaded: ${project} and ${other}.`);
    }
  });

  it("share the records of decorators, and one mounts the other", async () => {
    const { lines } = await run(`
      class Pages { index() { return "index"; } }
      b.route("/")(Pages.prototype, "index", Object.getOwnPropertyDescriptor(Pages.prototype, "index"));
      app.register(Pages);
      const inner = new b.Flagon(".", { static: null });
      inner.get("/in", () => b.request.path);
      app.mount("/inner", inner);
      (async () => {
        for (const path of ["/", "/inner/in"]) {
          console.log(await (await app.fetch(new Request("http://localhost" + path))).text());
        }
      })();`);
    expect(lines).toEqual(["index", "/in"]);
  });
});
