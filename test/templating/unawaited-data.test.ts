import {
  g,
  renderBlock,
  renderTemplate,
  renderTemplateAsync,
  renderTemplateString,
  request,
  session,
  streamTemplateString,
  TemplateError,
} from "flagon";
import { Mail } from "flagon/mail";
import { describe, expect, it } from "vitest";
import { createApp, writeFiles } from "../support";

const cure = "Await it before the template renders, or await it in the template: renderTemplateAsync() renders one that awaits.";

function createPages(files: Readonly<Record<string, string>> = {}) {
  const app = createApp();
  app.templates.addFolder(writeFiles(files));
  return app;
}

function render(source: string, data: object): string {
  return createPages().appContext(() => renderTemplateString(source, data).html);
}

/** Renders a template in a request. */
async function answer(source: string, data: object): Promise<string> {
  const app = createApp();
  app.get("/", () => renderTemplateString(source, data));
  return await (await app.testClient().get("/")).text();
}

describe("a promise among the data of a template that cannot await", () => {
  it.each([
    "a\n<%= it.user.name %>",
    "a\n<% if (it.user) { %>in<% } %>",
    "a\n<% if (!it.user) { %>out<% } %>",
    "a\n<%= it.user?.name ?? 'nobody' %>",
    "a\n<%= it.user.length %>",
    "a\n<%= it.user %>",
    "a\n<%~ it.user %>",
    "a\n<% for (const one of it.user) { %>x<% } %>",
    "a\n<% const { user } = it %>",
    "a\n<%~ tojson(it) %>",
    "a\n<%= it['user'] %>",
  ])("is refused by its name, with the line: %j", (source) => {
    for (const user of [Promise.resolve(null), Promise.reject(new Error("lost"))]) {
      expect(() => render(source, { title: "T", user })).toThrow(TemplateError);
      expect(() => render(source, { title: "T", user })).toThrow(`failed, line 2: 'it.user' is a promise. ${cure}`);
    }
  });

  it.each<[source: string, name: string]>([
    ["a\n<%= it.post.author.name %>", "it.post.author"],
    ["a\n<%= it.post?.author?.name %>", "it.post.author"],
    ["a\n<% if (!it.post.author) { %>out<% } %>", "it.post.author"],
    ["<% for (const row of it.rows) { %>\n<%= row.author.name %><% } %>", "row.author"],
    ["<% it.ids.forEach((id) => { %>\n<%= id.length %><% }) %>", "id"],
  ])("is refused deeper in the requests of tests: %j", async (source, name) => {
    const make = () => Promise.reject(new Error("lost"));
    const data = { post: { author: make() }, rows: [{ author: make() }], ids: [make()] };
    await expect(answer(source, data)).rejects.toThrow(`failed, line 2: '${name}' is a promise. ${cure}`);
  });

  it.each(["<%= typeof it.post.author %>", "<% it.post.author.then(String) %>object", "<%= it.post.title ?? 'object' %>"])(
    "may be deeper, if no member of it is read: %j",
    (source) => {
      expect(render(source, { post: { author: Promise.resolve(1) } })).toBe("object");
    },
  );

  it("is refused in includes, layouts, blocks and mails", async () => {
    const app = createPages({
      "row.eta": "<%= it.user.name %>",
      "page.eta": '<%~ include("row") %>',
      "own.eta": '<%~ include("row", { user: it.make() }) %>',
      "base.eta": "<%= it.user.name %>",
      "child.eta": '<% layout("base") %>x',
      "blocks.eta": '<% block("b", () => { %><%= it.user.name %><% }) %>',
    });
    const mail = new Mail({ from: "a@b.example" });
    app.use(mail);
    await app.appContext(async () => {
      const user = Promise.resolve({ name: "Ann" });
      expect(() => renderTemplate("page", { user })).toThrow(/The template 'row' failed, line 1: 'it\.user' is a promise/);
      expect(() => renderTemplate("own", { make: () => user })).toThrow(/The template 'row' failed, line 1: 'it\.user' is a promise/);
      expect(() => renderTemplate("child", { user })).toThrow(/The template 'base' failed, line 1: 'it\.user' is a promise/);
      expect(() => renderBlock("blocks", "b", { user })).toThrow(/'it\.user' is a promise/);
      const sending = mail.send({ to: "a@b.example", subject: "x", template: "row", data: { user } });
      await expect(sending).rejects.toThrow(/'it\.user' is a promise/);
    });
  });

  it("is refused as a value of a context processor, a global and a member of g", () => {
    const app = createPages();
    app.contextProcessor(() => ({ visitor: Promise.resolve({ name: "Ann" }) }));
    app.templateGlobal("site", loose(Promise.resolve("x")));
    app.appContext(() => {
      Object.assign(g, { team: Promise.resolve({ name: "A" }), plain: "P" });
      expect(() => renderTemplateString("<%= visitor.name %>")).toThrow(
        /'visitor', a value of a context processor .* is a promise\. Await/,
      );
      expect(() => renderTemplateString("<% if (site) { %>x<% } %>")).toThrow(/'site', .* is a promise\. Await/);
      expect(() => renderTemplateString("<%= g.team.name %>")).toThrow(/line 1: 'g\.team' is a promise\. Await/);
      expect(renderTemplateString("<%= g.plain %><%= it.a %><%= request === undefined %>", { a: 1 }).html).toBe("P1true");
    });
  });

  it("may stay unread, and leaves the other members as they are", () => {
    let asked = 0;
    const row = { a: 1 };
    const data = {
      user: Promise.resolve(1),
      row,
      same: (value: unknown) => value === row,
      get costly() {
        asked++;
        return 1;
      },
    };
    const app = createPages({
      "part.eta": "<%= it.row.a %>",
      "base.eta": "<%~ it.body %>!",
      "page.eta": '<% layout("base") %><%~ include("part") %>',
    });
    expect(render("<%= Object.keys(it).length %><%= it.same(it.row) %><%= 'user' in it %>", data)).toBe("4truetrue");
    expect(asked).toBe(0);
    expect(app.appContext(() => renderTemplate("page", { user: data.user, row }).html)).toBe("1!");
  });

  it("is not looked for in the values of a request: none is asked for, and no session is opened", async () => {
    const app = createPages();
    app.contextProcessor(() => ({ visitor: session }));
    expect(app.appContext(() => renderTemplateString("a", { session, request }).html)).toBe("a");
    app.get("/", () => renderTemplateString("<% const visitor = 1 %>a", { session, later: Promise.resolve(1) }));
    const response = await app.testClient().get("/");
    expect(response.headers.get("vary")).toBeNull();
    expect(await response.text()).toBe("a");
  });

  it("is what templates that await may have", async () => {
    const app = createPages({ "page.eta": "<%= (await it.user).name %><%= (await visitor).name %>" });
    app.contextProcessor(() => ({ visitor: Promise.resolve({ name: "Bo" }) }));
    const user = Promise.resolve({ name: "Ann" });
    expect((await app.appContext(() => renderTemplateAsync("page", { user }))).html).toBe("AnnBo");
    app.get("/", () => streamTemplateString("<%= (await it.user).name %>", { user }));
    expect(await (await app.testClient().get("/")).text()).toBe("Ann");
  });
});

/** Passes a value as code without the compiler's checks does. */
function loose<Type>(value: unknown): Type {
  return value as Type;
}
