import { randomBytes } from "node:crypto";
import { html, request, route, type Session, SessionError, session, Tuple, Uuid } from "flagon";
import { MemoryStore, ServerSessions } from "flagon/sessions";
import { describe, expect, it, vi } from "vitest";
import { TimestampSigner } from "../../src/signing/signing";
import { createApp } from "../support";

class Views {
  @route("/set", { methods: ["POST"] })
  async set() {
    for (const [key, value] of Object.entries((await request.json()) as object)) {
      session.set(key, value);
    }
    return "set";
  }
  @route("/get")
  get() {
    return { ...session.toObject(), isNew: session.isNew };
  }
  @route("/untouched")
  untouched() {
    return "x";
  }
  @route("/nested")
  nested() {
    (session.get("list") as unknown[] | undefined)?.push(1);
    return "x";
  }
  @route("/clear")
  clear() {
    session.clear();
    return "x";
  }
  @route("/permanent")
  permanent() {
    session.permanent = true;
    return "x";
  }
}

function cookieOf(response: Response): string {
  return response.headers.getSetCookie().join("\n");
}

describe("the session", () => {
  it("keeps values from request to request in a signed cookie", async () => {
    const client = createApp({}, Views).testClient();
    const set = await client.post("/set", { json: { user: 7, name: "ö" } });
    expect(cookieOf(set)).toMatch(/^session=[\w-]+\.[\w-]{6}\.[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
    const got = await client.get("/get");
    expect(await got.json()).toEqual({ user: 7, name: "ö", isNew: false });
    expect([cookieOf(got), got.headers.get("vary"), got.headers.get("cache-control")]).toEqual(["", "cookie", "private"]);
  });

  it("costs nothing when it is unused", async () => {
    const client = createApp({}, Views).testClient();
    await client.post("/set", { json: { a: 1 } });
    const { headers } = await client.get("/untouched");
    expect([headers.get("vary"), headers.get("cache-control"), headers.getSetCookie()]).toEqual([null, null, []]);
  });

  it("can be encrypted, so that visitors cannot read it; turning that on or off loses no session", async () => {
    const app = createApp({ config: { secretKey: "old" } }, Views);
    const client = app.testClient();
    const read = async () => (await client.get("/get")).json();
    const write = async (json: object) => cookieOf(await client.post("/set", { json }));
    const content = (cookie: string) => Buffer.from(cookie.replace(/^session=~?([^.]*).*$/s, "$1"), "base64url").toString("latin1");
    expect(content(await write({ salary: 1 }))).toContain("salary");
    app.config.update({ sessionEncrypted: true });
    expect(await read()).toEqual({ salary: 1, isNew: false });
    const encrypted = await write({ more: "x".repeat(100) });
    expect(encrypted).toMatch(/^session=~[\w-]{200,}\.[\w-]{6}\.[\w-]{43};/);
    expect(content(encrypted)).not.toMatch(/salary|x{5}/);
    app.config.update({ secretKey: "new", secretKeyFallbacks: ["old"] });
    expect(await read()).toMatchObject({ salary: 1 });
    app.config.update({ sessionEncrypted: false });
    expect(await read()).toMatchObject({ salary: 1 });
    const { cookies } = client;
    const cookie = encrypted.slice(8).split(";")[0] ?? "";
    for (const changed of [cookie.slice(1), cookie.replace("~", "."), cookie.replace("~", "~A")]) {
      cookies.set(new URL("http://localhost/"), `session=${changed}; Path=/`);
      expect(await read()).toEqual({ isNew: true });
    }
  });

  it("can be partitioned by embedding site", async () => {
    const client = createApp({ config: { sessionCookiePartitioned: true, sessionCookieSameSite: "None" } }, Views).testClient();
    expect(cookieOf(await client.post("/set", { json: { a: 1 } }))).toMatch(/; HttpOnly; Secure; Partitioned; SameSite=None$/);
  });

  it("notices changes deep inside a value", async () => {
    const client = createApp({}, Views).testClient();
    await client.post("/set", { json: { list: [] } });
    await client.get("/nested");
    expect(await (await client.get("/get")).json()).toMatchObject({ list: [1] });
  });

  it("drops the cookie when it is emptied, and sets none for an empty one", async () => {
    const client = createApp({}, Views).testClient();
    expect(cookieOf(await client.get("/clear"))).toBe("");
    await client.post("/set", { json: { a: 1 } });
    expect(cookieOf(await client.get("/clear"))).toBe(
      "session=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax",
    );
    expect(client.cookies.get(new URL("http://localhost/"), "session")).toBeUndefined();
  });

  it("expires with the browser, or after its lifetime if it is permanent, and each use extends it", async () => {
    const client = createApp({ config: { permanentSessionLifetime: 3600 } }, Views).testClient();
    expect(cookieOf(await client.get("/permanent"))).toMatch(/; Expires=/);
    expect(cookieOf(await client.get("/get"))).toMatch(/; Expires=/);
    const fixed = createApp({ config: { sessionRefreshEachRequest: false } }, Views).testClient();
    await fixed.get("/permanent");
    expect(cookieOf(await fixed.get("/get"))).toBe("");
  });

  it("is checked for its age on the server", async () => {
    const client = createApp({ config: { permanentSessionLifetime: 60 } }, Views).testClient();
    await client.post("/set", { json: { a: 1 } });
    vi.useFakeTimers({ now: Date.now() + 60_000, toFake: ["Date"] });
    try {
      expect(await (await client.get("/get")).json()).toMatchObject({ a: 1 });
      vi.setSystemTime(Date.now() + 2000);
      expect(await (await client.get("/get")).json()).toEqual({ isNew: true });
    } finally {
      vi.useRealTimers();
    }
  });

  it("is empty and new when the cookie was changed, or signed by another key", async () => {
    const client = createApp({}, Views).testClient();
    await client.post("/set", { json: { a: 1 } });
    const good = client.cookies.get(new URL("http://localhost/"), "session") ?? "";
    for (let index = 0; index < good.length; index++) {
      const bad = good.slice(0, index) + (good[index] === "A" ? "B" : "A") + good.slice(index + 1);
      expect(await (await client.get("/get", { headers: { cookie: `session=${bad}` } })).json()).toEqual({ isNew: true });
    }
    const other = createApp({ config: { secretKey: "another" } }, Views).testClient();
    expect(await (await other.get("/get", { headers: { cookie: `session=${good}` } })).json()).toEqual({ isNew: true });
  });

  it("is read under a former key, and then signed by the current one", async () => {
    const old = createApp({ config: { secretKey: "old" } }, Views).testClient();
    await old.post("/set", { json: { a: 1 } });
    const cookie = `session=${old.cookies.get(new URL("http://localhost/"), "session")}`;
    const app = createApp({ config: { secretKey: "new", secretKeyFallbacks: ["older", "old"] } }, Views);
    expect(await (await app.testClient().get("/get", { headers: { cookie } })).json()).toMatchObject({ a: 1 });
    const client = app.testClient();
    await client.post("/set", { json: { b: 2 }, headers: { cookie } });
    const fresh = `session=${client.cookies.get(new URL("http://localhost/"), "session")}`;
    expect(
      await (
        await createApp({ config: { secretKey: "new" } }, Views)
          .testClient()
          .get("/get", { headers: { cookie: fresh } })
      ).json(),
    ).toMatchObject({ a: 1, b: 2 });
  });

  it("is Secure over HTTPS, and named and placed by the configuration", async () => {
    const config = {
      sessionCookieName: "sid",
      sessionCookiePath: "/app",
      sessionCookieDomain: "example.com",
      sessionCookieSameSite: "Strict",
    } as const;
    const response = await createApp({ config }, Views)
      .testClient()
      .post("https://www.example.com/set", { json: { a: 1 } });
    expect(cookieOf(response)).toMatch(/^sid=.*; Domain=example\.com; Path=\/app; HttpOnly; Secure; SameSite=Strict$/);
  });

  it("has the path / below a mount as well, if its name begins with __Host-", async () => {
    for (const [sessionCookieName, path] of [
      ["__Host-sid", "/"],
      ["sid", "/shop"],
    ] as const) {
      const outer = createApp();
      outer.mount("/shop", createApp({ config: { sessionCookieName } }, Views));
      const response = await outer.testClient().post("https://localhost/shop/set", { json: { a: 1 } });
      expect(cookieOf(response)).toMatch(new RegExp(`^${sessionCookieName}=.*; Path=${path}; HttpOnly; Secure; `));
    }
  });

  it("keeps dates, bytes, tuples, UUIDs and Markup", async () => {
    const app = createApp();
    const values = {
      date: new Date("2026-01-02T03:04:05Z"),
      bytes: new Uint8Array([0, 255]),
      tuple: Tuple.of<unknown>(1, "a"),
      uuid: new Uuid("9b2e1b1e-1111-2222-3333-444455556666"),
      markup: html`<b>`,
      tagLike: { " t": "not a tuple" },
    };
    const client = app.testClient();
    await client.session((opened) => {
      for (const [key, value] of Object.entries(values)) {
        opened.set(key, value);
      }
    });
    expect(await client.session((opened) => opened.toObject())).toEqual(values);
  });

  it("can be read without a key, but not written", async () => {
    const app = createApp({ config: { secretKey: null } }, Views);
    const client = app.testClient();
    expect(await (await client.get("/get")).json()).toEqual({ isNew: true });
    await expect(client.post("/set", { json: { a: 1 } })).rejects.toThrow(SessionError);
    await expect(client.post("/set", { json: { a: 1 } })).rejects.toThrow("because the app has no secret key to sign it.\nSet one:");
  });

  it("warns when the cookie is too large for browsers, and names the largest value", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    try {
      const client = createApp({}, Views).testClient();
      await client.post("/set", { json: { small: "x", large: randomBytes(3500).toString("base64") } });
      expect(warn.mock.calls).toEqual([
        [
          expect.stringMatching(/^The session cookie is \d{4} bytes long, .* Its largest value is 'large'\./),
          { code: "FLAGON_COOKIE_SIZE" },
        ],
      ]);
      await createApp({ config: { maxCookieSize: 0 } }, Views)
        .testClient()
        .post("/set", { json: { large: randomBytes(3500).toString("base64") } });
      expect(warn).toHaveBeenCalledTimes(1);
    } finally {
      warn.mockRestore();
    }
  });

  it("names the value that it cannot keep", async () => {
    const client = createApp().testClient();
    await expect(client.session((opened: Session) => opened.set("fn", () => 1))).rejects.toThrow(
      "The session cannot hold its value 'fn': a function",
    );
    await expect(client.session((opened: Session) => opened.set("nan", Number.NaN))).rejects.toThrow(
      "The session cannot hold its value 'nan'",
    );
  });

  it("reads and writes Flask's cookies with its digest", async () => {
    vi.useFakeTimers({ now: 1_704_067_200_000, toFake: ["Date"] });
    try {
      const app = createApp({ config: { secretKey: "test key", sessionDigest: "sha1" } }, Views);
      for (const [cookie, values] of [
        ["eyJhIjoxfQ.ZZIAgA.Zg_86c1HGwWSxm7xmBrNfHmVPcE", { a: 1 }],
        ["eyJiIjoxLCJhIjoyfQ.ZZIAgA.4wodAF2ZY56bhldoqzzUFIwYrWc", { a: 2, b: 1 }],
        [".eJyrVspWslJKpANQqgUAaH8oCg.ZZIAgA.84a0t0HK06HXLHCQpnVlkEDFbhk", { k: "a".repeat(100) }],
      ] as const) {
        expect(await (await app.testClient().get("/get", { headers: { cookie: `session=${cookie}` } })).json()).toEqual({
          ...values,
          isNew: false,
        });
      }
      const client = app.testClient();
      await client.post("/set", { json: { b: 1, a: 2 } });
      expect(client.cookies.get(new URL("http://localhost/"), "session")).toBe("eyJhIjoyLCJiIjoxfQ.ZZIAgA.M25T3otYDQaqPlNPQ6NdFqo-X3k");
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("a session that a former key signed", () => {
  it("is signed again by a request that uses it, and by no other", async () => {
    const old = createApp({ config: { secretKey: "old" } }, Views).testClient();
    await old.post("/set", { json: { user: 1 } });
    const cookie = `session=${old.cookies.get(new URL("http://localhost/"), "session")}`;
    for (const sessionEncrypted of [false, true]) {
      const config = { secretKey: "new", secretKeyFallbacks: ["older", "old"], sessionEncrypted };
      const client = createApp({ config }, Views).testClient();
      expect(cookieOf(await client.get("/untouched", { headers: { cookie } }))).toBe("");
      await client.get("/get", { headers: { cookie } });
      expect(cookieOf(await client.get("/get"))).toBe("");
      const fresh = `session=${client.cookies.get(new URL("http://localhost/"), "session")}`;
      const later = createApp({ config: { secretKey: "new" } }, Views).testClient();
      expect(await (await later.get("/get", { headers: { cookie: fresh } })).json()).toEqual({ user: 1, isNew: false });
    }
  });
});

describe("a session that is set to the same values", () => {
  it("is signed again after a tenth of its lifetime, so that daily visitors stay logged in", async () => {
    const client = createApp({ config: { permanentSessionLifetime: 1000 } }, Views).testClient();
    const set = async () => cookieOf(await client.post("/set", { json: { a: 1 } })) !== "";
    const start = Date.now();
    vi.useFakeTimers({ now: start, toFake: ["Date"] });
    try {
      const sent: boolean[] = [];
      for (const seconds of [0, 50, 150, 200, 1100, 2000]) {
        vi.setSystemTime(start + seconds * 1000);
        sent.push(await set());
      }
      expect(sent).toEqual([true, false, true, false, true, true]);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("a value that a session cannot keep", () => {
  class Point {
    readonly #x = 1;
    get x() {
      return this.#x;
    }
  }
  const circle: unknown[] = [];
  circle.push(circle);
  const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);

  it.each<[string, unknown, string]>([
    ["a Map", new Map([["a", 1]]), "class Map"],
    ["a Set", new Set([1]), "class Set"],
    ["a Map inside", { list: [{ map: new Map() }] }, "class Map"],
    ["an error", new TypeError("x"), "class TypeError"],
    ["a regular expression", /x/, "class RegExp"],
    ["floats", new Float64Array(2), "class Float64Array"],
    ["search parameters", new URLSearchParams("a=1"), "class URLSearchParams"],
    ["an object with private fields", new Point(), "class Point"],
    ["a big integer", 1n, "a bigint"],
    ["a symbol", Symbol("x"), "a symbol"],
    ["an invalid date", new Date(Number.NaN), "an invalid date"],
    ["a circle", circle, "contains itself"],
    ["101 levels", deep(101), "more than 100 levels"],
  ])("is named in the error: %s", async (_, value, reason) => {
    for (const app of [createApp(), createApp()]) {
      await expect(app.testClient().session((opened: Session) => opened.set("thing", value))).rejects.toThrow(
        new RegExp(`The session cannot hold its value 'thing': .*${reason}`),
      );
      app.sessionInterface = new ServerSessions(new MemoryStore());
    }
  });

  it("excludes null, undefined, class instances with fields, objects without a prototype, 100 levels", async () => {
    class Item {
      constructor(readonly name: string) {}
    }
    const client = createApp().testClient();
    const values = {
      nothing: null,
      item: new Item("a"),
      bare: Object.assign(Object.create(null), { a: 1 }),
      url: new URL("http://a.test/"),
      deep: deep(100),
    };
    await client.session((opened: Session) => {
      for (const [key, value] of Object.entries(values)) {
        opened.set(key, value);
      }
    });
    expect(await client.session((opened) => opened.toObject())).toEqual({
      nothing: null,
      item: { name: "a" },
      bare: { a: 1 },
      url: "http://a.test/",
      deep: deep(100),
    });
  });

  it("is dropped on reading: a signed session nested 1,000 levels is empty", async () => {
    for (const inner of ["[", '{" t":[', '{"a":']) {
      const close = inner === "[" ? "]" : inner === '{"a":' ? "}" : "]}";
      const json = `{"a":${inner.repeat(1000)}1${close.repeat(1000)}}`;
      const signer = new TimestampSigner(["a key for tests"], { salt: "cookie-session", digest: "sha256", derivation: "hmac" });
      const cookie = `session=${signer.sign(Buffer.from(json).toString("base64url"))}`;
      const client = createApp({}, Views).testClient();
      expect(await (await client.get("/get", { headers: { cookie } })).json()).toEqual({ isNew: true });
    }
  });
});

describe("a change after the response", () => {
  class Streams {
    @route("/late")
    async *late() {
      yield "a";
      session.set("n", 1);
      yield "b";
    }
    @route("/early")
    async *early() {
      yield String(session.get("n") ?? "none");
      yield session.has("n") ? "has" : "has not";
      session.delete("absent");
      session.pop("absent");
    }
    @route("/permanent-late")
    async *permanentLate() {
      yield String(session.has("n"));
      session.permanent = true;
    }
    @route("/clear-late")
    async *clearLate() {
      yield String(session.has("n"));
      session.clear();
    }
    @route("/pop-late")
    async *popLate() {
      yield String(session.has("n"));
      session.pop("n");
    }
    @route("/set")
    set() {
      session.set("n", 1);
      return "set";
    }
  }

  it.each(["cookie", "server"])("is an error, since it would be lost, and reading is not (%s)", async (kind) => {
    const app = createApp({}, Streams);
    if (kind === "server") {
      app.sessionInterface = new ServerSessions(new MemoryStore());
    }
    const client = app.testClient();
    await client.get("/set");
    expect(await (await client.get("/early")).text()).toBe("1has");
    for (const path of ["/late", "/permanent-late", "/clear-late", "/pop-late"]) {
      const response = await client.get(path);
      await expect(response.text(), path).rejects.toThrow("The session was changed after its response was sent");
    }
    expect(await (await client.get("/early")).text()).toBe("1has");
  });
});
