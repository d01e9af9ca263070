import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  Flagon,
  type GivenTemplates,
  renderTemplate,
  renderTemplateAsync,
  renderTemplateString,
  streamTemplate,
  TemplateError,
} from "flagon";
import { describe, expect, it } from "vitest";
import { createProject, flagon } from "../cli-project";
import { writeFiles } from "../support";

async function read(app: Flagon, path: string): Promise<string> {
  return (await app.testClient().get(path)).text();
}

function createApp(root: string, templates: GivenTemplates): Flagon {
  const app = new Flagon(root, { static: null, config: { testing: true } });
  app.addTemplates(templates);
  app.get("/", () => renderTemplate("page", { name: "<Ann>" }));
  app.get("/async", () => renderTemplateAsync("waits", { name: Promise.resolve("Bo") }));
  app.get("/stream", () => streamTemplate("waits", { name: Promise.resolve("Cy") }));
  return app;
}

describe("app.addTemplates()", () => {
  it("adds templates by text, with layouts and includes", async () => {
    const app = createApp("/nowhere", {
      page: '<% layout("shared/layout") %><b><%= it.name %></b><%~ include("./part") %>',
      "shared/layout": "<main><%= it.body %></main>",
      part: "!",
    });
    await app.ready();
    expect(await read(app, "/")).toBe("<main><b>&lt;Ann&gt;</b>!</main>");
    expect(app.templates.list()).toEqual(["page", "shared/layout", "part"]);
  });

  it("prefers a file of the same name", async () => {
    const root = writeFiles({ "templates/page.eta": "file" });
    expect(await read(createApp(root, { page: "text" }), "/")).toBe("file");
  });

  it("reports a mistake when the template is rendered, not before", async () => {
    const app = createApp("/nowhere", { page: "<% if ( %>" });
    await app.ready();
    await expect(app.testClient().get("/")).rejects.toThrow(TemplateError);
  });
});

describe("flagon build", () => {
  const files = {
    "templates/page.eta": '<% layout("layout") %>\n<b><%= it.name %></b>`x`',
    "templates/layout.eta": "<main><%= it.body %></main>",
    "templates/waits.eta": "<i><%= await it.name %></i>",
    "more/waits.eta": "not this one",
    "more/extra.eta": "extra",
  };

  it("writes a module whose templates render without compiling", async () => {
    const root = createProject(files);
    const { code, stdout } = await flagon(root, ["build", "templates", "more", "--out", "built.mjs"]);
    expect([code, stdout]).toEqual([0, "4 templates are in built.mjs. Give them to the app: app.addTemplates(templates)"]);
    expect(readFileSync(join(root, "built.d.mts"), "utf8")).toContain("declare const templates: GivenTemplates");
    const { default: built }: { default: GivenTemplates } = await import(pathToFileURL(join(root, "built.mjs")).href);
    expect(Object.entries(built).map(([name, template]) => [name, Object.keys(template).sort()])).toEqual([
      ["layout", ["async", "source", "stream", "sync"]],
      ["page", ["async", "source", "stream", "sync"]],
      ["waits", ["async", "source", "stream"]],
      ["extra", ["async", "source", "stream", "sync"]],
    ]);
    const app = createApp("/nowhere", built);
    expect(await read(app, "/")).toBe("<main><b>&lt;Ann&gt;</b>`x`</main>");
    expect(await read(app, "/async")).toBe("<i>Bo</i>");
    expect(await read(app, "/stream")).toBe("<i>Cy</i>");
  });

  it("names a missing folder, and a malformed template", async () => {
    const root = createProject({ "templates/bad.eta": "<% if ( %>" });
    expect((await flagon(root, ["build", "none"])).stderr).toContain("There is no folder");
    expect((await flagon(root, ["build"])).stderr).toContain("The template 'bad' cannot be compiled, line 1");
  });
});

describe("a template in a runtime that compiles no code from text", () => {
  it("renders if it was given before the start, else the error names the cure", async () => {
    const app = new Flagon("/nowhere", { static: null, config: { testing: true } });
    const text = "<b><%= it.name %></b>";
    app.addTemplates({ text });
    app.get("/", () => renderTemplateString(text, { name: "Ann" }));
    await app.ready();
    expect(await read(app, "/")).toBe("<b>Ann</b>");
  });
});
