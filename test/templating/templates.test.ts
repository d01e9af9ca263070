import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  abort,
  Blueprint,
  html,
  Markup,
  renderTemplate,
  renderTemplateAsync,
  renderTemplateString,
  request,
  streamTemplateString,
  TemplateNotFound,
  template,
} from "flagon";
import { describe, expect, it, vi } from "vitest";
import { createApp, writeFiles } from "../support";

/** Renders one template of several. */
function render(files: Readonly<Record<string, string>>, data: object = {}): string {
  const root = writeFiles(files);
  const app = createApp();
  app.templates.addFolder(root);
  return app.appContext(() => renderTemplate("page", data).html);
}

function renderText(source: string, data: object = {}): string {
  return createApp().appContext(() => renderTemplateString(source, data).html);
}

describe("renderTemplate()", () => {
  it("escapes everything but Markup, and prints nothing for null and undefined", () => {
    const page =
      "<%= it.text %>|<%= it.safe %>|<%~ it.text %>|<%= it.none %><%= it.nil %><%~ it.none %><%= nowhere %>|<%= it.list %>|<%= 0 %><%= false %>";
    const data = { text: `<&"'>`, safe: html`<b>${"<"}</b>`, nil: null, list: ["<", new Markup("<i>")] };
    expect(render({ "page.eta": page }, data)).toBe(`&lt;&amp;&#34;&#39;&gt;|<b>&lt;</b>|<&"'>||&lt;<i>|0false`);
  });

  it("fills layouts and blocks, through several levels", () => {
    const files = {
      "page.eta": `<% layout("section", { title: "T" }) %>\n<% block("nav", () => { %>N<%= it.x %><% }) %>\nbody`,
      "section.eta": `<% layout("/base") %>\n<% block("nav", () => { %>not this<% }) %>\n<% block("foot", () => { %>F<% }) %>\n<main><%= it.body %></main>`,
      "base.eta": `<title><%= it.title %></title><%= block("nav", () => { %>default<% }) %>[<%= it.body %>]<%~ block("foot") %><%= block("other", () => { %>O<%= it.x %><% }) %>`,
    };
    expect(render(files, { x: "<" })).toBe("<title>T</title>N&lt;[<main>body</main>]FO&lt;");
  });

  it("includes templates with their own data, by absolute and relative names", () => {
    const files = {
      "page.eta": `<%= include("parts/a", { y: "<" }) %>`,
      "parts/a.eta": `<%= it.x %><%= it.y %><%= include("./b") %><%= include("parts/b") %><%= include("../top") %>`,
      "parts/b.eta": "b<%= it.x %>",
      "top.eta": "top<%= it.y %>",
    };
    expect(render(files, { x: 1 })).toBe("1&lt;b1b1top&lt;");
  });

  it("keeps the declarations of a template local", () => {
    expect(
      render({ "page.eta": "<% const request = 1; let config = 2; for (const g of [3]) { %><%= request + config + g %><% } %>" }),
    ).toBe("6");
    expect(render({ "page.eta": "<%= JSON.stringify({ a: Math.max(1, 2) }) %>" })).toBe("{&#34;a&#34;:2}");
    expect(render({ "page.eta": `<% const f = capture(() => { %><b>x</b><% }) %><%= f %><%= f %>` })).toBe("<b>x</b><b>x</b>");
  });

  it("makes JSON safe inside scripts", () => {
    expect(render({ "page.eta": "<script>x = <%= tojson(it.x) %></script>" }, { x: "</script><!-- ' & \u2028" })).toBe(
      '<script>x = "\\u003c/script\\u003e\\u003c!-- \\u0027 \\u0026 \\u2028"</script>',
    );
  });

  it("types its data by template()", () => {
    const root = writeFiles({ "page.eta": "<%= it.n %>" });
    const app = createApp();
    app.templates.addFolder(root);
    const page = template<{ n: number }>("page");
    expect(app.appContext(() => page({ n: 3 }).html)).toBe("3");
  });
});

describe("a template's names", () => {
  it("come from the app's folder before a blueprint's", async () => {
    const root = writeFiles({ "templates/both.eta": "app", "part/both.eta": "part", "part/own.eta": "own" });
    const { Flagon, Blueprint } = await import("flagon");
    const app = new Flagon(root, { config: { testing: true } });
    app.register(new Blueprint("part", { templates: "part" }));
    expect(app.appContext(() => renderTemplate("both").html + renderTemplate("own").html)).toBe("appown");
  });

  it("never leave the folders", () => {
    const root = writeFiles({ "secret.eta": "secret", "in/page.eta": "<%= include('../secret') %>" });
    const app = createApp();
    app.templates.addFolder(join(root, "in"));
    for (const name of ["../secret", "/../secret", "a/../../secret", "..", "x\0"]) {
      expect(() => app.appContext(() => renderTemplate(name))).toThrow(TemplateNotFound);
    }
    expect(() => app.appContext(() => renderTemplate("page"))).toThrow("leads out of the template folders");
  });

  it("get a suggestion if they are unknown", () => {
    const root = writeFiles({ "posts/show.eta": "x" });
    const app = createApp();
    app.templates.addFolder(root);
    expect(() => app.appContext(() => renderTemplate("posts/shwo"))).toThrow(
      /^There is no template 'posts\/shwo'\. Did you mean 'posts\/show'\? Looked for 'posts\/shwo\.eta' in .*flagon-test-/,
    );
  });
});

describe("a template's error", () => {
  it("passes through unchanged if it is an answer such as abort(404)", async () => {
    const app = createApp();
    app.route("/", () => renderTemplateString("<% it.abort(403) %>", { abort }), { endpoint: "x" });
    expect((await app.testClient().get("/")).status).toBe(403);
  });
});

describe("the scope", () => {
  it("has the standard names, and opens a session only for a template that uses it", async () => {
    const app = createApp({ config: { secretKey: "k" } });
    app.route(
      "/url",
      () => renderTemplateString("<%= urlFor('url', { a: 1 }) %> <%= request.path %> <%= config.sessionCookieName %> <%= it.session %>"),
      {
        endpoint: "url",
      },
    );
    app.route("/session", () => renderTemplateString("<%= session.get('x') %>"), { endpoint: "session" });
    const client = app.testClient();
    const plain = await client.get("/url");
    expect([await plain.text(), plain.headers.get("vary")]).toEqual(["/url?a=1 /url session ", null]);
    expect((await client.get("/session")).headers.get("vary")).toBe("cookie");
  });

  it("holds no inherited members of objects", () => {
    const app = createApp();
    const source = "<%= typeof hasOwnProperty %> <%= typeof constructor %> <%= typeof __proto__ %>";
    expect(app.appContext(() => renderTemplateString(source).html)).toBe("undefined undefined undefined");
  });

  it("throws for 'request' outside of a request", () => {
    const render = (source: string) => createApp().appContext(() => renderTemplateString(source).html);
    expect(render("<%= request ? 'yes' : 'no' %>")).toBe("no");
    expect(() => render("<%= request.path %>")).toThrow("'request' is undefined");
    expect(() => render("<%= getFlashedMessages() %>")).toThrow("A template used 'getFlashedMessages' while no request is active");
  });
});

describe("templates", () => {
  it("are read again in debug mode when they change, and not otherwise", () => {
    const root = writeFiles({ "page.eta": "one" });
    for (const [debug, expected] of [
      [false, "one"],
      [true, "two"],
    ] as const) {
      writeFileSync(join(root, "page.eta"), "one");
      const app = createApp({ config: { debug } });
      app.templates.addFolder(root);
      app.appContext(() => renderTemplate("page"));
      writeFileSync(join(root, "page.eta"), "two");
      expect(app.appContext(() => renderTemplate("page").html)).toBe(expected);
    }
  });

  it("can await", async () => {
    const root = writeFiles({
      "page.eta": `<% layout("frame") %><%= await it.later("a") %><%= await includeAsync("part") %>`,
      "frame.eta": "[<%= it.body %>]",
      "part.eta": `<%= await it.later("<") %>`,
    });
    const app = createApp();
    app.templates.addFolder(root);
    app.route("/", () => renderTemplateAsync("page", { later: async (text: string) => `${text}${request.path}` }), { endpoint: "x" });
    expect(await (await app.testClient().get("/")).text()).toBe("[a/&lt;/]");
  });

  it("can be named by a list, of which the first that exists is rendered", () => {
    const app = createApp();
    app.templates.addFolder(writeFiles({ "b.eta": "b", "c.eta": "c" }));
    expect(app.appContext(() => renderTemplate(["a", "b", "c"]).html)).toBe("b");
    expect(() => app.appContext(() => renderTemplate(["x", "y"]))).toThrow("There is none of the templates 'x', 'y'.");
  });

  it("are compiled once, or read again with the setting templatesAutoReload", () => {
    for (const templatesAutoReload of [true, false]) {
      const root = writeFiles({ "page.eta": "one" });
      const app = createApp({ config: { templatesAutoReload, debug: !templatesAutoReload } });
      app.templates.addFolder(root);
      app.appContext(() => renderTemplate("page"));
      writeFileSync(join(root, "page.eta"), "two!");
      expect(app.appContext(() => renderTemplate("page").html)).toBe(templatesAutoReload ? "two!" : "one");
    }
  });

  it("log the searched folders, by a setting", () => {
    const app = createApp({ config: { explainTemplateLoading: true } });
    const log = vi.spyOn(app.logger, "info");
    const root = writeFiles({ "page.eta": "x" });
    app.templates.addFolder(root);
    app.appContext(() => renderTemplate("page"));
    expect(() => app.appContext(() => renderTemplate("none"))).toThrow(TemplateNotFound);
    expect(log.mock.calls.map(([fields, message]) => [fields, message])).toEqual([
      [
        { template: "page", folders: app.templates.folders, found: [join(root, "page.eta")] },
        `Looked for the template 'page': ${join(root, "page.eta")}.`,
      ],
      [{ template: "none", folders: app.templates.folders, found: [] }, "Looked for the template 'none': it is in no folder."],
    ]);
  });

  it("see the values of context processors: data over them, inner over outer", async () => {
    const app = createApp();
    const part = new Blueprint("part", { urlPrefix: "/part" });
    app.contextProcessor(() => ({ a: "app", b: "app", request: "mine" }));
    part.contextProcessor(() => ({ b: "part" }));
    const view = () => renderTemplateString("<%= a %> <%= b %> <%= request %> <%= it.a %>", { a: "data" });
    part.route("/x", view, { endpoint: "x" });
    app.register(part);
    app.route("/x", view, { endpoint: "x" });
    expect(await (await app.testClient().get("/part/x")).text()).toBe("app part mine data");
    expect(await (await app.testClient().get("/x")).text()).toBe("app app mine data");
    expect(app.appContext(() => view().html)).toBe("app app mine data");
  });

  it("make JSON by the app's own provider", () => {
    const app = createApp();
    app.json = {
      parse: JSON.parse,
      stringify: (value) => JSON.stringify(value, (_, one: unknown) => (typeof one === "bigint" ? `${one}` : one)),
    };
    expect(app.appContext(() => renderTemplateString("<%= tojson(it) %>", { n: 5n, s: "</script>" }).html)).toBe(
      '{"n":"5","s":"\\u003c/script\\u003e"}',
    );
  });
});

describe("the line break after a tag", () => {
  it.each([
    ["<p>\n<%= it.a %>\n<%= it.b %>\n</p>", "<p>\nAnn\nLee\n</p>"],
    ["<pre>\r\n<%~ it.a %>\r\nx</pre>", "<pre>\nAnn\nx</pre>"],
    ["<% if (true) { %>\nA\n<% } %>\nB", "A\nB"],
    ["<% /* a comment */ %>\nA", "A"],
    ["<%= capture(() => { %>\n<%= it.a %><% }) %>\nB", "Ann\nB"],
    ["<% const x = capture(() => { %>\nA<% }) %>\n<%= x %>\n", "A\n"],
    ["a\n<% const n = 1 %>\n\nb", "a\n\nb"],
    ["<%= it.a -%>\nB", "AnnB"],
  ])("stays if the tag prints: %j", (source, text) => {
    expect(renderText(source, { a: "Ann", b: "Lee" })).toBe(text);
  });
});

describe("return in a template", () => {
  it("ends it with its text so far", async () => {
    expect(renderText("a<% if (it.x) return; %>b", { x: true })).toBe("a");
    expect(renderText("a<% if (it.x) return 'ignored'; %>b", { x: true })).toBe("a");
    expect(renderText("a<% if (it.x) return; %>b", { x: false })).toBe("ab");
    expect(renderText("<% const twice = (n) => { return n * 2; } %><%= twice(2) %>")).toBe("4");
    const app = createApp();
    app.templates.addFolder(writeFiles({ "page.eta": "a<% if (await it.x) return; %>b" }));
    expect(await app.appContext(async () => (await renderTemplateAsync("page", { x: Promise.resolve(true) })).html)).toBe("a");
    app.get("/", () => streamTemplateString("a<% if (await it.x) { return; } %>b", { x: Promise.resolve(true) }));
    expect(await (await app.testClient().get("/")).text()).toBe("a");
  });
});

describe("globalThis in a template", () => {
  it("is that of JavaScript", () => {
    expect(`${createApp().appContext(() => renderTemplateString("<%= typeof globalThis.URL %> <%= NaN %>"))}`).toBe("function NaN");
  });
});
