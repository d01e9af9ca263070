import { join } from "node:path";
import { Flagon, renderTemplate } from "flagon";
import { describe, expect, it } from "vitest";
import { writeFiles } from "../support";

const manifest = { "package.json": "{}" };

describe("the root of an app", () => {
  it.each<[label: string, files: Record<string, string>, folder: string, root: string]>([
    ["templates beside the sources", { ...manifest, "templates/a.eta": "", "dist/app.js": "" }, "dist", ""],
    ["static files alone", { ...manifest, "static/a.css": "", "build/app.js": "" }, "build", ""],
    ["an API without either", { ...manifest, "out/app.js": "" }, "out", ""],
    ["sources in src, compiled to dist", { ...manifest, "src/templates/a.eta": "", "dist/app.js": "" }, "dist", "src"],
    ["sources in src, compiled to dist/src", { ...manifest, "src/templates/a.eta": "", "dist/src/app.js": "" }, "dist/src", "src"],
    ["a package of the project", { ...manifest, "shop/templates/a.eta": "", "dist/shop/app.js": "" }, "dist/shop", "shop"],
    ["templates that the build copies", { ...manifest, "templates/a.eta": "", "dist/templates/a.eta": "" }, "dist", "dist"],
    ["static files that a bundler writes", { ...manifest, "templates/a.eta": "", "dist/static/a.css": "" }, "dist", "dist"],
    ["the sources themselves", { ...manifest, "src/app.ts": "" }, "src", "src"],
    ["a folder of another name", { ...manifest, "templates/a.eta": "", "lib/app.js": "" }, "lib", "lib"],
    ["a folder without a project", { "templates/a.eta": "", "dist/app.js": "" }, "dist", "dist"],
    ["a project whose name is dist", { "package.json": "{}", "dist/package.json": "{}", "dist/app.js": "" }, "dist", "dist"],
    [
      "a folder below the sources of such a project",
      { ...manifest, "dist/package.json": "{}", "dist/src/app.js": "" },
      "dist/src",
      "dist/src",
    ],
    ["compiled code whose counterpart is gone", { ...manifest, "dist/gone/app.js": "" }, "dist/gone", "dist/gone"],
  ])("is found for %s", (_, files, folder, root) => {
    const project = writeFiles(files);
    expect(new Flagon(join(project, folder)).root).toBe(join(project, root));
  });

  it("looks for the folders that the options name", () => {
    const project = writeFiles({ ...manifest, "dist/views/a.eta": "", "views/a.eta": "" });
    expect(new Flagon(join(project, "dist"), { templates: "views" }).root).toBe(join(project, "dist"));
    expect(new Flagon(join(project, "dist")).root).toBe(project);
  });

  it("gives templates, static files, the instance folder and the name to compiled code", async () => {
    const project = writeFiles({ ...manifest, "templates/a.eta": "<h1>A</h1>", "static/a.css": "b{}", "dist/app.js": "" });
    const app = new Flagon(join(project, "dist"), { config: { testing: true } });
    app.get("/", () => renderTemplate("a"), { endpoint: "a" });
    const client = app.testClient();
    expect(await (await client.get("/")).text()).toBe("<h1>A</h1>");
    expect(await (await client.get("/static/a.css")).text()).toBe("b{}");
    expect(app.instancePath).toBe(join(project, "instance"));
    expect(join(project)).toContain(app.name);
  });
});
