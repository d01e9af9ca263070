import { renderTemplateAsync, renderTemplateString, safeUrl, streamTemplateString, TemplateError } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp, writeFiles } from "../support";

function render(source: string, data: object = {}): string {
  return createApp().appContext(() => renderTemplateString(source, data).html);
}

/** Returns the message and the line of the error that a template does not compile by. */
function refuse(source: string): readonly [message: string, line: number] {
  try {
    render(source);
  } catch (error) {
    return error instanceof TemplateError ? [error.message.split("\n", 1)[0] ?? "", error.line] : [String(error), 0];
  }
  return ["none", 0];
}

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
    expect(render(source, { a: "Ann", b: "Lee" })).toBe(text);
  });
});

describe("return in a template", () => {
  it("ends it with its text so far", async () => {
    expect(render("a<% if (it.x) return; %>b", { x: true })).toBe("a");
    expect(render("a<% if (it.x) return 'ignored'; %>b", { x: true })).toBe("a");
    expect(render("a<% if (it.x) return; %>b", { x: false })).toBe("ab");
    expect(render("<% const twice = (n) => { return n * 2; } %><%= twice(2) %>")).toBe("4");
    const app = createApp();
    app.templates.addFolder(writeFiles({ "page.eta": "a<% if (await it.x) return; %>b" }));
    expect(await app.appContext(async () => (await renderTemplateAsync("page", { x: Promise.resolve(true) })).html)).toBe("a");
    app.get("/", () => streamTemplateString("a<% if (await it.x) { return; } %>b", { x: Promise.resolve(true) }));
    expect(await (await app.testClient().get("/")).text()).toBe("a");
  });
});

describe("a template that does not compile", () => {
  it.each([
    ["a\nb\n<% if (1) { %>\nx", 3, "a block is not closed: <% if (1) { %>"],
    ["<% if (1) { %>\n<% for (const x of []) { %>\n<% } %>", 1, "a block is not closed: <% if (1) { %>"],
    ["a\n<% } %>", 2, "'}' closes nothing: <% } %>"],
    ["<% if (1) { %>\n<% } %>\n<% } %>", 3, "'}' closes nothing"],
    ["\n<%= it.a( %>", 2, "'(' is not closed: <%= it.a( %>"],
    ["\n\n<%= block('a', () => { %>x<% } %>", 3, "'(' is not closed"],
    ["a\n<%= it.a; %>", 2, "an expression, without a semicolon: <%= it.a; %>"],
    ["a\n<%= it.a it.b %>", 2, "<%= it.a it.b %>"],
    ["\n<%= await it.p %>", 2, "'await' needs renderTemplateAsync() or streamTemplate()"],
    ["\n\n<% for await (const x of it.p) { %><% } %>", 3, "'await' needs renderTemplateAsync()"],
    ["\n<% block('a', () => { %>\n<%= await it.p %><% }) %>", 3, "'await' needs renderTemplateAsync()"],
    ["\n\n<% const a = 1; const a = 2; %>", 3, "Identifier 'a' has already been declared"],
    ["ok\n<% const = 1 %>\nx", 2, "Unexpected token '='"],
  ])("is an error with the line and the mistake: %j", (source, line, message) => {
    expect(refuse(source)).toEqual([expect.stringContaining(message), line]);
  });

  it("is not one with brackets in strings, comments and expressions", () => {
    expect(render('<%= "}" + `{` + \'(\' %><% /* { */ %><% const r = /[{(]/ %><%= r.test("{") %>')).toBe("}{(true");
  });
});

describe("an attribute without quotes", () => {
  it.each([
    ["<a title=<%= it.x %>>", 1],
    ["<p>\n<a\n  title = <%= it.x %>>", 3],
    ["<a href=/users/<%= it.x %>>", 1],
    ["<a href=<%= it.x %>/<%= it.x %>>", 1],
    ["<input value=<%~ it.x %>>", 1],
    ["<a class='a' title=<%= it.x %>>", 1],
  ])("is refused: %j", (source, line) => {
    expect(refuse(source)).toEqual([expect.stringContaining("the value of an attribute needs quotes"), line]);
  });

  it.each([
    "<a title=\"<%= it.x %>\" href='/<%= it.x %>'>",
    "<a <%= it.x %>>",
    '<a class="a b=<%= it.x %>">',
    "a=<%= it.x %>",
    "1 < 2 a=<%= it.x %>",
    "<script>if (a<b && c==<%= it.x %>) {}</script>",
    "<style>a{b:<%= it.x %>}</style>",
    "<!-- <a b=<%= it.x %>> -->",
    '<a disabled <% if (it.x) { %>class="x"<% } %>>=<%= it.x %>',
  ])("is allowed in %j", (source) => {
    expect(render(source, { x: "X" })).toContain("X".repeat(source.includes("if (it.x)") ? 1 : 0));
  });
});

describe("safeUrl()", () => {
  it.each([
    ["https://a.test/?q=1", "https://a.test/?q=1"],
    ["HTTP://a.test", "HTTP://a.test"],
    ["mailto:a@b.test", "mailto:a@b.test"],
    ["tel:+1", "tel:+1"],
    ["/a:b", "/a:b"],
    ["a/b?c=d:e", "a/b?c=d:e"],
    ["#top", "#top"],
    ["//cdn.test/a", "//cdn.test/a"],
    ["", ""],
    [null, ""],
    [undefined, ""],
    ["javascript:alert(1)", "#"],
    [" JaVaScRiPt:alert(1)", "#"],
    ["java\tscript:alert(1)", "#"],
    ["\u0001java\r\nscript:alert(1)", "#"],
    ["data:text/html,<script>", "#"],
    ["vbscript:x", "#"],
    ["blob:https://a.test/x", "#"],
    ["\u00a0javascript:alert(1)", "#"],
    ["x:y", "#"],
  ])("turns %j into %j, in code and in templates", (url, safe) => {
    expect(safeUrl(url)).toBe(safe);
    expect(render("<%~ safeUrl(it.url) %>", { url })).toBe(safe);
  });
});

describe("a printed promise", () => {
  it.each(["<%= it.p %>", "<%~ it.p %>"])("is an error that names the cure: %s", (source) => {
    const data = { p: Promise.resolve(1) };
    expect(() => createApp().appContext(() => renderTemplateString(`a\n${source}`, data))).toThrow(
      /line 2: [\s\S]*A promise was printed. Await it/,
    );
  });
});

describe("globalThis in a template", () => {
  it("is that of JavaScript", () => {
    expect(`${createApp().appContext(() => renderTemplateString("<%= typeof globalThis.URL %> <%= NaN %>"))}`).toBe("function NaN");
  });
});
