import {
  abort,
  Blueprint,
  beforeRequest,
  blueprint,
  csrfExempt,
  type Flagon,
  json,
  redirect,
  request,
  route,
  signedUrl,
  signUrl,
  urlFor,
  viewDecorator,
} from "flagon";
import { freshLoginRequired, LoginManager, loginForTest, loginRequired, requires, requireUser } from "flagon/login";
import { createDocument } from "flagon/openapi";
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { createApp } from "../support";

const New = z.object({ title: z.string().min(3) });
const log = viewDecorator(async (next, values) => `<${String(await next())}:${Object.keys(values).join()}>`);
const half = viewDecorator((next, values) => next({ ...values, n: Number(values.n) / 2 }));

async function read(app: Flagon, path: string): Promise<string> {
  return (await app.testClient().get(path)).text();
}

function createSite(): Flagon {
  const app = createApp();
  app.use(new LoginManager({ loadUser: (id) => ({ id: Number(id) }) }));
  return app;
}

describe("a decorator around a function", () => {
  it("wraps the view of a route, with its values typed", async () => {
    const app = createApp();
    app.get(
      "/n/<int:n>",
      half(({ n }) => {
        expectTypeOf(n).toEqualTypeOf<number>();
        return n.toFixed(1);
      }),
    );
    app.get(
      "/q/<name>",
      log(({ name, query }: { name: string; query: { page: number } }) => `${name.toUpperCase()}${query.page.toFixed()}`),
      { query: z.object({ page: z.int().default(1) }) },
    );
    app.get(
      "/plain",
      log(() => "plain"),
    );
    app.route("/both/<int:n>", log(half(({ n }: { n: number }) => `${n}`)), { endpoint: "both" });
    expect(await read(app, "/n/3")).toBe("1.5");
    expect(await read(app, "/q/ann")).toBe("<ANN1:name>");
    expect(await read(app, "/plain")).toBe("<plain:>");
    expect(await read(app, "/both/4")).toBe("<2:n>");
  });

  it("runs around the checks of the schemas, as on a method", async () => {
    const app = createSite();
    app.post(
      "/posts",
      loginRequired(({ json }: { json: z.output<typeof New> }) => ({ ...json, by: Number(requireUser().id) })),
      {
        json: New,
        returns: New.extend({ by: z.int() }),
        status: 201,
        endpoint: "add",
      },
    );
    const client = app.testClient();
    expect((await client.post("/posts", { json: {} })).status).toBe(401);
    await loginForTest(client, { id: 7 } as never);
    expect((await client.post("/posts", { json: {} })).status).toBe(422);
    const created = await client.post("/posts", { json: { title: "Emma" } });
    expect([created.status, await created.json()]).toEqual([201, { title: "Emma", by: 7 }]);
  });

  it("keeps the endpoint of the function, on two rules as well", async () => {
    const app = createApp();
    function home() {
      return request.path;
    }
    const logged = log(home);
    app.get("/", logged);
    app.get("/start", logged);
    app.get(
      "/users/<int:id>",
      log(({ id }) => `${id}`),
    );
    expect(await read(app, "/start")).toBe("</start:>");
    expect(app.routes.map(({ endpoint }) => endpoint.name)).toEqual(["home", "home", "users_id"]);
  });

  it("can be called by itself", async () => {
    expect(await log(({ name }: { name: string }) => name)({ name: "Ann" })).toBe("<Ann:name>");
    expect(await log(() => "x")()).toBe("<x:>");
  });

  it("may answer in place of the view, with all decorators of Flagon", async () => {
    const app = createSite();
    app.get(
      "/closed",
      viewDecorator(() => redirect("/"))(() => "open"),
    );
    app.get(
      "/login",
      loginRequired(() => "members"),
    );
    app.get(
      "/fresh",
      freshLoginRequired(() => "fresh"),
    );
    app.get(
      "/owner/<int:id>",
      requires<{ id: number }>((user, { id }) => user.id === id)(({ id }: { id: number }) => `own ${id}`),
    );
    app.get(
      "/signed",
      signedUrl(() => "signed"),
    );
    app.get(
      "/campaign",
      signedUrl({ ignore: ["utm"] })(() => "signed"),
    );
    app.get("/link", () => signUrl(urlFor("signed"), { expiresIn: 60 }), { endpoint: "link" });
    app.post(
      "/hook",
      csrfExempt(() => "hooked"),
    );
    app.post("/safe", () => "safe");
    const client = app.testClient();
    const ask = async (path: string) => (await client.get(path)).status;
    expect([await ask("/closed"), await ask("/login"), await ask("/fresh"), await ask("/owner/1"), await ask("/signed")]).toEqual([
      303, 401, 401, 401, 403,
    ]);
    expect(await ask("/campaign")).toBe(403);
    expect(await ask(await read(app, "/link"))).toBe(200);
    await loginForTest(client, { id: 1 } as never);
    expect([await ask("/login"), await ask("/fresh"), await ask("/owner/1"), await ask("/owner/2")]).toEqual([200, 200, 200, 403]);
    const foreign = { headers: { "sec-fetch-site": "cross-site", origin: "https://other.example" } };
    expect((await client.post("/hook", foreign)).status).toBe(200);
    expect((await client.post("/safe", foreign)).status).toBe(403);
  });

  it("guards a blueprint as a hook before its views", async () => {
    const app = createSite();
    const members = new Blueprint("members", { urlPrefix: "/members" });
    members.beforeRequest(loginRequired(() => undefined));
    members.get("/", () => "hello", { endpoint: "index" });
    members.get(
      "/<int:id>",
      requires((user, { id }) => user.id === id)(() => "yours"),
      { endpoint: "show" },
    );
    class Own {
      @route("/own")
      own() {
        return "own";
      }
    }
    members.register(Own);
    app.register(members);
    const client = app.testClient();
    expect((await client.get("/members/")).status).toBe(401);
    expect((await client.get("/members/own")).status).toBe(401);
    await loginForTest(client, { id: 1 } as never);
    expect(await (await client.get("/members/")).text()).toBe("hello");
    expect((await client.get("/members/2")).status).toBe(403);
  });

  it("guards as a decorator of a before hook, which gets the values of the rule", async () => {
    @blueprint("owned", { urlPrefix: "/owned" })
    class Owned {
      @requires((user, { id }) => user.id === id)
      @beforeRequest
      check() {
        return undefined;
      }
      @route("/<int:id>")
      show({ id }: { id: number }) {
        return `${id} ${request.path}`;
      }
    }
    const app = createSite();
    app.register(Owned);
    const client = app.testClient();
    expect((await client.get("/owned/1")).status).toBe(401);
    await loginForTest(client, { id: 1 } as never);
    expect((await client.get("/owned/1")).status).toBe(200);
    expect((await client.get("/owned/2")).status).toBe(403);
  });

  it("is an error on a method without a rule, which it could not guard", () => {
    class Forgotten {
      @route("/x")
      index() {
        return "x";
      }
      @loginRequired
      secret() {
        return "secret";
      }
    }
    expect(() => createApp({}, Forgotten)).toThrow(
      "'Forgotten.secret' has a decorator for views, such as @loginRequired, but no @route. Add the rule: @route(\"/…\").",
    );
  });

  it("states its security in the document, on views and on hooks of any blueprint around them", () => {
    const app = createSite();
    const returns = z.object({});
    const editors = viewDecorator((next) => next(), { responses: { 403: "Only for editors." } });
    app.get("/guarded", loginRequired(editors(() => json(1))), { returns });
    app.get("/open", () => json(1), { returns });
    const outer = new Blueprint("outer", { urlPrefix: "/outer" });
    outer.beforeRequest(loginRequired(() => undefined));
    const inner = new Blueprint("inner", { urlPrefix: "/inner" });
    inner.get("/x", () => abort(404), { returns, endpoint: "x" });
    outer.register(inner);
    app.register(outer);
    const { paths } = createDocument(app, { info: { title: "x", version: "1" } }) as {
      paths: Record<string, { get: { security?: unknown; responses: Record<string, unknown> } }>;
    };
    expect(paths["/guarded"]?.get).toMatchObject({ security: [{ session: [] }], responses: { 401: {}, 403: {} } });
    expect(paths["/open"]?.get.security).toBeUndefined();
    expect(paths["/open"]?.get.responses[401]).toBeUndefined();
    expect(paths["/outer/inner/x"]?.get).toMatchObject({ security: [{ session: [] }], responses: { 401: {} } });
  });
});
