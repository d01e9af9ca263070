import { Flagon, renderTemplateString, streamTemplateString } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp } from "../support";

function render(source: string, data: object = {}): string {
  const app = createApp();
  app.templateGlobal("known", undefined);
  return app.appContext(() => String(renderTemplateString(source, data)));
}

describe("a name without 'it'", () => {
  it.each<[source: string, message: string]>([
    ["<h1><%= title %></h1>", "line 1: 'title' is undefined. The data has it: write it.title."],
    ["\n<%~ title %>", "line 2: 'title' is undefined. The data has it: write it.title."],
    ["<% if (user) { %>in<% } else { %>out<% } %>", "'user' is undefined. The data has it: write it.user."],
    ["<% if (!user) { %>out<% } %>", "'user' is undefined. The data has it: write it.user."],
    ["<% if (user && it.title) { %>in<% } %>", "'user' is undefined. The data has it: write it.user."],
    ["<% if (user !== null) { %>in<% } %>", "'user' is undefined. The data has it: write it.user."],
    ["<% for (const t of list) { %><% } %>", "list is not iterable. The data has it: write it.list"],
    ["<%= user.name %>", "'user' is undefined. The data has it: write it.user"],
    ["<%= format(1) %>", "format is not a function. The data has it: write it.format"],
    ["<% for (const t of it.later) { %><% } %>", "'it.later' is a promise. Await it before the template renders"],
    ["<%= it.later.map(String) %>", "'it.later' is a promise. Await it before the template renders"],
  ])("that the data has is an error with the cure: %s", (source, message) => {
    const data = { title: "T", user: { name: "Ann" }, list: [1], later: Promise.resolve([1]), format: String };
    expect(() => render(source, data)).toThrow(message);
  });

  it.each<[source: string, message: string]>([
    ["<%= url_for('index') %>", "url_for is not a function. Did you mean 'urlFor'?"],
    ["<%= get_flashed_messages() %>", "get_flashed_messages is not a function. Did you mean 'getFlashedMessages'?"],
    ["<%= csrf_token() %>", "csrf_token is not a function. Did you mean 'csrfToken'?"],
    ["<%= inclde('a') %>", "inclde is not a function. Did you mean 'include'?"],
    ["<%= longDat(it.title) %>", "longDat is not a function. Did you mean 'longDate'?"],
    ["<%= sesion.get('a') %>", "'sesion' is undefined. Did you mean 'session'?"],
    [
      "<%= signToken({ id: 1 }, { purpose: 'x', expiresIn: 9 }) %>",
      "signToken is not a function. 'signToken' is for code: call it in the view, and pass its result",
    ],
    ["<%= signurl('/') %>", "signurl is not a function. Did you mean 'signUrl'?"],
    ["<%= nowhere() %>", "nowhere is not a function\n"],
  ])("that is like one in scope is an error with that one: %s", (source, message) => {
    const app = createApp();
    app.templateFilter("longDate", String);
    expect(() => app.appContext(() => renderTemplateString(source, { title: "T" }))).toThrow(message);
  });

  it.each<[source: string, text: string]>([
    ["<% const title = 'own' %><%= title %>", "own"],
    ["<% let title %>[<%= known %>]", "[]"],
    ["<% for (const title of ['a', 'b']) { %><%= title %><% } %>", "ab"],
    ["<% ['a'].forEach((title) => { %><%= title %><% }) %>", "a"],
    ["<% const { title } = { title: 'x' } %><% if (title) { %><%= title %><% } %>", "x"],
    ["[<%= nowhere %>]", "[]"],
    ["<% if (nowhere) { %>in<% } else { %>out<% } %>", "out"],
    ["<% if (it.title) { %><%= it.title %><% } %>", "T"],
    ["<%= it.nothing %>|<%= undefined %>|<%= null %>", "||"],
    ["<% if (known) { %>in<% } else if (nowhere) { %>else<% } %>!", "!"],
  ])("of the template's own, or unknown, stays as it was: %s", (source, text) => {
    expect(render(source, { title: "T" })).toBe(text);
  });

  it("is found in templates that are streamed", async () => {
    const app = new Flagon(__dirname, { config: { testing: true } });
    app.get("/", () => streamTemplateString("<%= title %>", { title: "T" }), { endpoint: "page" });
    await expect(app.testClient().get("/")).rejects.toThrow("write it.title");
  });
});

it.each<[source: string, message: string]>([
  ["<h1><%= it.title </h1>\n<p><%= it.text %></p>", "line 1: '%>' is missing at the end of the tag: <%= it.title </h1>"],
  ["<p>\n<% if (it.a) { \n<%= it.text %></p>", "line 2: '%>' is missing at the end of the tag: <% if (it.a) {"],
])("a tag without its end is named: %s", (source, message) => {
  expect(() => render(source, {})).toThrow(message);
});
