import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { project } from "../cli-project";

const script = `
  const { Flagon, request, urlFor } = require(${JSON.stringify(project)});
  const app = new Flagon(".", { static: null });
  app.get("/", () => "index");
  app.get("/about/", () => "about");
  app.get("/posts/<int:id>", ({ id }) => ({ id }));
  app.get("/posts/<int(min=5):id>.<any(json,xml):format>", ({ id, format }) => ({ id, format }));
  app.get("/posts/new", () => "new");
  app.get("/users/<name>/", ({ name }) => ({ name, url: urlFor("users_name", { name }) }));
  app.get("/files/<path:path>", ({ path }) => ({ path }));
  app.get("/files/<path:path>/raw", ({ path }) => ({ raw: path }));
  app.get("/loose/<uuid:id>", ({ id }) => ({ id }), { strictSlashes: false });
  app.get("/st*r/c:d/<x>", ({ x }) => ({ x }));
  const pages = ({ page }) => ({ page });
  app.get("/page/<int:page>", pages);
  app.get("/pages", pages, { defaults: { page: 1 } });
  app.post("/posts/<int:id>", ({ id }) => ({ posted: id }));
  app.get("/h/<x>", ({ x, tenant }) => ({ x, tenant }), { host: "<tenant>.example.com" });
  const id = "0123abcd-0123-4567-89ab-0123456789ab";
  const paths = ["/", "/none", "/about", "/about/", "/posts/3", "/posts/03", "/posts/-3", "/posts/x", "/posts/7.json", "/posts/3.json", "/posts/7.pdf", "/posts/new", "/posts/new/",
    "/users/Ann", "/users/A%20%3C/", "/users//", "/files/a/b", "/files/a/raw", "/files/a%2Fb/raw", "/files/", "/loose/" + id, "/loose/" + id + "/", "/loose/x",
    "/st*r/c:d/%3F", "/page/1", "/page/2", "/pages", "//posts//3", "/h/1", "/posts/3/", "/%zz"];
  (async () => {
    const answers = [];
    for (const method of ["GET", "POST", "HEAD", "OPTIONS"]) for (const path of paths) for (const host of ["localhost", "a.example.com"]) {
      const response = await app.fetch(new Request("http://" + host + path, { method }));
      answers.push([method, host, path, response.status, response.headers.get("location"), response.headers.get("allow"), response.status < 300 ? await response.text() : ""]);
    }
    console.log(JSON.stringify(answers));
  })();`;

async function run(...flags: string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, "-e", script], { maxBuffer: 8e6 });
  return JSON.parse(stdout);
}

describe("a runtime that compiles no code from text", () => {
  it("routes each request the same", async () => {
    const expected = await run();
    expect(expected).toContainEqual(["GET", "localhost", "/posts/7.json", 200, null, null, '{"id":7,"format":"json"}']);
    expect(await run("--disallow-code-generation-from-strings")).toEqual(expected);
  });
});
