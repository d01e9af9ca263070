import { Blueprint, blueprint, route, urlFor } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp } from "../support";

describe("app.get(), post(), put(), patch() and delete()", () => {
  it("bind a function for one method", async () => {
    const app = createApp();
    app.get("/users/<int:id>", ({ id }) => `get ${id + 1}`);
    app.post("/users/<int:id>", ({ id }) => `post ${id}`);
    app.put("/users/<int:id>", ({ id }) => `put ${id}`);
    app.patch("/users/<int:id>", ({ id }) => `patch ${id}`);
    app.delete("/users/<int:id>", ({ id }) => `delete ${id}`);
    const client = app.testClient();
    const answers = await Promise.all(
      (["get", "post", "put", "patch", "delete"] as const).map(async (method) => (await client[method]("/users/3")).text()),
    );
    expect(answers).toEqual(["get 4", "post 3", "put 3", "patch 3", "delete 3"]);
    expect((await client.head("/users/3")).status).toBe(200);
    expect((await client.options("/users/3")).headers.get("allow")).toBe("DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
  });

  it("take the options of route(), on a blueprint as well", async () => {
    const app = createApp();
    const part = new Blueprint("part", { urlPrefix: "/part" });
    part.get("/<int:x>", ({ x, y }) => `${x + y}`, { endpoint: "sum", defaults: { y: 2 } });
    app.register(part);
    expect(await (await app.testClient().get("/part/1")).text()).toBe("3");
    app.appContext(() => expect(urlFor("part.sum", { x: 5 })).toBe("/part/5"));
  });
});

describe("the endpoint of a function", () => {
  it("is its name, or a name made of its rule", () => {
    const app = createApp();
    const part = new Blueprint("part", { urlPrefix: "/part" });
    app.get("/", () => "");
    app.post("/", () => "");
    app.get("/users/<int:id>/<any(a,b):kind>.txt", () => "");
    app.get("/feed.xml", () => "");
    app.get("/feed/xml", () => "");
    app.get("/über-uns/日本", () => "");
    app.route("/both", () => "", { methods: ["post", "get"] });
    app.get("/named", function show() {
      return "";
    });
    part.get("", () => "");
    app.register(part);
    expect(app.routes.map(({ endpoint }) => endpoint.name)).toEqual([
      "index",
      "post_index",
      "users_id_kind_txt",
      "feed_xml",
      "feed_xml_2",
      "über_uns_日本",
      "both",
      "show",
      "part.index",
    ]);
  });
});

describe("the empty rule", () => {
  it("is the prefix of a blueprint, for a class, a function and a nested blueprint", async () => {
    @blueprint("users", { urlPrefix: "/users" })
    class Users {
      @route("")
      list() {
        return "list";
      }
      @route.post("")
      add() {
        return "add";
      }
      @route("/<int:id>")
      show({ id }: { id: number }) {
        return `show ${id}`;
      }
    }
    const outer = new Blueprint("outer", { urlPrefix: "/outer/" });
    outer.register(Users);
    outer.get("", () => "outer");
    const app = createApp({}, Users);
    app.register(outer);
    const client = app.testClient();
    const read = async (path: string) => (await client.get(path)).text();
    expect(await Promise.all(["/users", "/users/3", "/outer", "/outer/users"].map(read))).toEqual(["list", "show 3", "outer", "list"]);
    expect(await (await client.post("/users")).text()).toBe("add");
    expect((await client.get("/users/")).status).toBe(404);
    app.appContext(() => expect([urlFor(Users, "list"), urlFor("outer.users.list")]).toEqual(["/users", "/outer/users"]));
  });

  it("is an error without a prefix, and the root below the prefix '/'", async () => {
    expect(() => createApp().get("", () => "x")).toThrow("A rule begins with a slash.");
    const app = createApp();
    const part = new Blueprint("part", { urlPrefix: "/" });
    part.get("", () => "root");
    app.register(part);
    expect(await (await app.testClient().get("/")).text()).toBe("root");
  });
});

describe("a prefix", () => {
  it("can end in any number of slashes", async () => {
    const app = createApp();
    const part = new Blueprint("part", { urlPrefix: "/foo//" });
    part.get("/bar", () => "bar");
    app.register(part);
    expect(await (await app.testClient().get("/foo/bar")).text()).toBe("bar");
  });
});
