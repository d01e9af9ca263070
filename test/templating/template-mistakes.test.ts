import { renderTemplate, renderTemplateAsync, renderTemplateString, TemplateError } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp, writeFiles } from "../support";

function render(source: string, data: object = {}): string {
  return createApp().appContext(() => renderTemplateString(source, data).html);
}

/** Renders the template `page` of several. */
function renderPage(files: Readonly<Record<string, string>>): string {
  const app = createApp();
  app.templates.addFolder(writeFiles(files));
  return app.appContext(() => renderTemplate("page").html);
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
    ["a\n<%\n\nconst a = 1;\nconst b = ;\n%>", 5, "Unexpected token ';'"],
    ["a\n<%=\n\n  it.a it.b %>", 4, "<%= it.a it.b %>"],
    ["a\r\n<%\r\nconst b = ;\r\n%>", 3, "Unexpected token ';'"],
    ["\ufeffa\r\nb <%= it.x", 2, "unclosed tag: '%>' is missing"],
    ["a\n<%= 'x %>", 2, "unclosed string: its quote is missing"],
    ["a\n\n<%= `x %>", 3, "unclosed string"],
    ["a\n<% /* x %>", 2, "unclosed comment: '*/' is missing"],
    ["a\n<%# note %>", 2, "a comment is written <% /* … */ %>: <% # note %>"],
    ["a\n<% switch (1) { %>\n<% case 1: %>x<% } %>", 3, "Put 'switch' and its first 'case' into one tag"],
  ])("is an error with the line and the mistake: %j", (source, line, message) => {
    expect(refuse(source)).toEqual([expect.stringContaining(message), line]);
  });

  it("is not one with brackets in strings, comments and expressions", () => {
    expect(render('<%= "}" + `{` + \'(\' %><% /* { */ %><% const r = /[{(]/ %><%= r.test("{") %>')).toBe("}{(true");
  });
});

describe("a tag", () => {
  it.each([
    ["ends with a comment", "<%= block('a', () => { /* here */ %>T<% }) %>", "T"],
    ["ends with a comment of a line", "<% if (1) { // here %>T<% } %>", "T"],
    ["prints a comment", "<%= 1 /* { */ %>", "1"],
  ])("%s", (_, source, text) => {
    expect(render(source)).toBe(text);
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

describe("a printed promise", () => {
  it.each(["<%= it.p %>", "<%~ it.p %>"])("is an error that names the cure: %s", (source) => {
    const data = { p: Promise.resolve(1), a: { p: Promise.resolve(1) } };
    expect(() => render(`a\n${source}`, data)).toThrow(/line 2: [\s\S]*'it\.p' is a promise\. Await it/);
    expect(() => render(`a\n${source.replace("p", "a.p")}`, data)).toThrow(/line 2: [\s\S]*A promise was printed\. Await it/);
  });
});

describe("a template's error", () => {
  it("names template, line and variable", () => {
    const failing = () => renderPage({ "page.eta": "one\n<% const a = 1 %>\n<p><%= it.post.title %></p>\nfour" });
    expect(failing).toThrow(TemplateError);
    expect(failing).toThrow(
      "The template 'page' failed, line 3: TypeError: Cannot read properties of undefined (reading 'title'); 'it.post' is undefined",
    );
    expect(failing).toThrow(" >   3 | <p><%= it.post.title %></p>\n     4 | four");
  });

  it.each([
    ["a\n<%\nconst a = 1;\nit.x.y;\n%>", 4],
    ["\n<%=\n\nit.x.y %>", 4],
    ["<% if (1) { %>\n<%= it\n.x\n.y %><% } %>", 4],
    ["<%= [1].map((n) => {\n return it.x.y; }) %>", 2],
    ["a\r\n<% const a = 1;\r\nit.x.y; %>", 3],
  ])("names the line inside of a tag: %j", (source, line) => {
    expect(() => render(source)).toThrow(`failed, line ${line}: TypeError`);
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ["an include", { "page.eta": "<%~ include('part') %>", "part.eta": "<%~ include('page') %>" }],
    ["a layout", { "page.eta": "<% layout('page') %>" }],
    ["two layouts", { "page.eta": "<% layout('other') %>", "other.eta": "<% layout('page') %>" }],
  ])("says that templates have no end: %s", async (_, files) => {
    expect(() => renderPage(files)).toThrow("includes itself without end, or is its own layout");
    const app = createApp();
    const inTurn = Object.entries(files).map(([name, text]) => [name, text.replace("include(", "await includeAsync(")]);
    app.templates.addFolder(writeFiles(Object.fromEntries(inTurn)));
    await expect(app.appContext(() => renderTemplateAsync("page"))).rejects.toThrow("includes itself without end");
  });

  it("names the template that asks for a missing one", () => {
    expect(() => renderPage({ "page.eta": "\n<%~ include('prat') %>", "part.eta": "" })).toThrow("\nIt is included by 'page', line 2.");
    expect(() => renderPage({ "page.eta": "<%~ include('part') %>", "part.eta": "<% layout('none') %>" })).toThrow(
      "\nIt is the layout of 'part'.",
    );
  });

  it("names the included template, not the including one", () => {
    const files = { "page.eta": "\n\n<%= include('part') %>", "part.eta": "\n<%= it.f() %>" };
    expect(() => renderPage(files)).toThrow("The template 'part' failed, line 2: TypeError: it.f is not a function");
  });

  it.each([
    ["<p>\n<%= it.x", "line 2: unclosed tag"],
    ["a\nb <%= it.x + %>", "line 2: Unexpected token"],
    ["<% if (true) { %>x", "cannot be compiled, line 1"],
  ])("has a line if it is one of syntax: %j", (source, message) => {
    expect(() => renderPage({ "page.eta": source })).toThrow(message);
  });
});
