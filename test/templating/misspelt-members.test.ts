import { Flagon, renderTemplate, renderTemplateString, streamTemplateString } from "flagon";
import { expect, it, onTestFinished, vi } from "vitest";
import { createApp, createLiveApp, writeFiles } from "../support";

/** Renders a template in a request, and returns the warnings. */
async function warningsOf(source: string, data: object, app = createApp()): Promise<string[]> {
  const emit = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  onTestFinished(() => emit.mockRestore());
  app.get("/", () => renderTemplateString(source, data));
  expect((await app.testClient().get("/")).status).toBe(200);
  await app.testClient().get("/");
  return emit.mock.calls.map(([message]) => String(message));
}

const data = {
  title: "T",
  user: { name: "Ann", nickname: "A" },
  posts: [{ heading: "H", author: { surname: "B" } }],
  errors: [],
  created: new Date(0),
};

it.each<[source: string, place: string, meant: string]>([
  ["\n<h1><%= it.titel %></h1>", "line 2, prints 'it.titel'", "it.title"],
  ["<%~ it.tilte %>", "line 1, prints 'it.tilte'", "it.title"],
  ["<%= it.Title %>", "prints 'it.Title'", "it.title"],
  ["<% if (it.user) { %><%= it.user.nick_name %><% } %>", "prints 'it.user.nick_name'", "it.user.nickname"],
  ["<% for (const post of it.posts) { %><%= post.haeding %><% } %>", "prints 'post.haeding'", "post.heading"],
  ["<% for (const post of it.posts) { %><%= post.author.surnam %><% } %>", "prints 'post.author.surnam'", "post.author.surname"],
  ["<% it.posts.forEach((post) => { %><%= post.headng %><% }) %>", "prints 'post.headng'", "post.heading"],
])("a misspelt member is said once: %s", async (source, place, meant) => {
  const [warning, ...others] = await warningsOf(source, data);
  expect(others).toEqual([]);
  expect(warning).toContain("The template '<string>', ");
  expect(warning).toContain(`${place}, which is undefined, so nothing is shown. Did you mean '${meant}'?`);
});

it.each([
  "<%= it.title %>",
  "<% if (it.titel) { %><%= it.titel %><% } %>",
  "<%= it.titel ?? '' %>",
  "<%= it.titel || 'none' %>",
  "<%= it.subtitle %>",
  "<%= it.error %>",
  "<%= it.user.age %>",
  "<%= it.created.fullYear %>",
  "<%= it.posts.lenght %>",
  "<%= it.nobody?.nam %>",
  "<%= it.titel ? 'a' : 'b' %>",
  "<% for (const post of it.none ?? []) { %><%= post.heading %><% } %>",
])("an optional member, or one that is like no other, is not: %s", async (source) => {
  expect(await warningsOf(source, data)).toEqual([]);
});

it("is said in debug mode by the log, in layouts and streams too, and not in production", async () => {
  const root = writeFiles({
    "templates/page.eta": "<% layout('frame') %>page",
    "templates/frame.eta": "<title><%= it.titel %></title><%~ it.body %>",
  });
  const app = new Flagon(root, { config: { debug: true, secretKey: "a key for tests" } });
  const warn = vi.spyOn(app.logger, "warn").mockImplementation(() => undefined);
  app.get("/", () => renderTemplate("page", { title: "T" }));
  app.get("/stream", () => streamTemplateString("<%= it.titel %>", { title: "T" }), { endpoint: "stream" });
  expect(await (await app.testClient().get("/")).text()).toContain("<title></title>page");
  await (await app.testClient().get("/stream")).text();
  expect(warn.mock.calls.map(([message]) => String(message).slice(0, 40))).toEqual([
    "The template 'frame', line 1, prints 'it",
    "The template '<string>', line 1, prints ",
  ]);
  expect(await warningsOf("<%= it.titel %>", data, createLiveApp())).toEqual([]);
});
