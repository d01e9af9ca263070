import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import fc from "fast-check";
import { Flagon, flash, getFlashedMessages, html, Markup, readToken, request, route, session, signToken, Tuple, Uuid } from "flagon";
import { currentUser, hashPassword, LoginManager, loginUser, verifyPassword } from "flagon/login";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const key = "a key for both sides";

describe("sessions shared with Flask", () => {
  let python: ChildProcess;
  let lines: Interface;
  const waiting: ((line: string) => void)[] = [];

  beforeAll(() => {
    python = spawn("/usr/bin/python3", [join(__dirname, "flask_driver.py")], { stdio: ["pipe", "pipe", "inherit"] });
    lines = createInterface({ input: python.stdout ?? process.stdin });
    lines.on("line", (line) => waiting.shift()?.(line));
  });

  afterAll(() => {
    lines.close();
    python.kill();
  });

  /** Asks real Flask. */
  async function ask<Answer>(op: string, value: unknown): Promise<Answer> {
    python.stdin?.write(`${JSON.stringify({ op, key, value })}\n`);
    return JSON.parse(await new Promise<string>((resolve) => waiting.push(resolve))) as Answer;
  }

  const config = { secretKey: key, sessionDigest: "sha1" as const, testing: true };

  /** An app that writes a session of any values, and gives what it reads. */
  function createApp() {
    const app = new Flagon(__dirname, { static: null, config });
    let written: Record<string, unknown> = {};
    let read: Record<string, unknown> = {};
    app.route(
      "/write",
      () => {
        for (const [name, value] of Object.entries(written)) {
          session.set(name, value);
        }
        return "";
      },
      { endpoint: "write" },
    );
    app.route(
      "/read",
      () => {
        read = session.toObject();
        return "";
      },
      { endpoint: "read" },
    );
    return {
      app,
      async write(values: Record<string, unknown>): Promise<string> {
        written = values;
        const response = await app.testClient().get("/write");
        return /session="?([^;"]*)/.exec(response.headers.getSetCookie().join())?.[1] ?? "";
      },
      async read(cookie: string): Promise<Record<string, unknown>> {
        await app.testClient().get("/read", { headers: { cookie: `session=${cookie}` } });
        return read;
      },
    };
  }

  const plain = fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
    fc.boolean(),
    fc.constant(null),
    fc
      .date({ min: new Date("1900-01-01"), max: new Date("9000-01-01"), noInvalidDate: true })
      .map((date) => new Date(Math.floor(date.getTime() / 1000) * 1000)),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => new Uint8Array(bytes)),
    fc.uuid().map((text) => new Uuid(text)),
    fc.string({ maxLength: 10 }).map((text) => new Markup(text)),
  );
  const name = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
    .filter((text) => !text.startsWith(" ") && !["__proto__", "_permanent", "csrf_token"].includes(text));
  const value = fc.letrec((tie) => ({
    any: fc.oneof({ depthSize: "small", withCrossShrink: true }, plain, tie("list"), tie("tuple"), tie("object")),
    list: fc.array(tie("any"), { maxLength: 4 }),
    tuple: fc.array(tie("any"), { maxLength: 3 }).map((items) => Tuple.of(...items)),
    object: fc.dictionary(name, tie("any"), { maxKeys: 4, noNullPrototype: true }),
  })).any;
  const sessions = fc.sample(fc.dictionary(name, value, { minKeys: 1, maxKeys: 5, noNullPrototype: true }), { numRuns: 1000, seed: 7 });

  it("round-trips a thousand random sessions: Flagon writes, Flask reads and writes, Flagon reads", async () => {
    const { read, write } = createApp();
    const cookies: string[] = [];
    for (const values of sessions) {
      cookies.push(await write(values));
    }
    const tagged = await ask<string[]>("read", cookies);
    const again = await ask<string[]>("write", tagged);
    for (const [index, cookie] of again.entries()) {
      expect(await read(cookie)).toEqual(sessions[index]);
    }
  });

  it("refuses a session with any changed byte, on both sides", async () => {
    const { read, write } = createApp();
    const cookie = await write({ user: 7 });
    const changed = [...cookie].map(
      (character, index) => cookie.slice(0, index) + (character === "A" ? "B" : "A") + cookie.slice(index + 1),
    );
    // The last character of a signature carries bits that are not part of it: Flask takes any, Flagon only the one way to write it.
    expect(await ask<number>("refuse", changed.slice(0, -1))).toBe(changed.length - 1);
    for (const one of changed) {
      expect(await read(one)).toEqual({});
    }
  });

  it("shares flashed messages", async () => {
    const app = new Flagon(__dirname, { static: null, config });
    app.route(
      "/flash",
      () => {
        flash("Grüße", "info");
        flash(html`<b>${"<"}</b>`);
        return "";
      },
      { endpoint: "flash" },
    );
    app.route("/show", () => getFlashedMessages({ withCategories: true }).map(([category, message]) => [category, String(message)]), {
      endpoint: "show",
    });
    const response = await app.testClient().get("/flash");
    const cookie = /session=([^;]*)/.exec(response.headers.getSetCookie().join())?.[1] ?? "";
    const [tagged = ""] = await ask<string[]>("read", [cookie]);
    expect(JSON.parse(tagged)).toEqual({ _flashes: [{ " t": ["info", "Grüße"] }, { " t": ["message", { " m": "<b>&lt;</b>" }] }] });
    const [theirs = ""] = await ask<string[]>("write", ['{"_flashes":[{" t":["error","Nope"]}]}']);
    expect(await (await app.testClient().get("/show", { headers: { cookie: `session=${theirs}` } })).json()).toEqual([["error", "Nope"]]);
  });

  it("reads password hashes both ways", async () => {
    const passwords = ["secret", "pässwörd 🔑", " ", "a".repeat(200)];
    const ours = await Promise.all(passwords.map((password) => hashPassword(password, { method: "pbkdf2:sha256:1000" })));
    ours.push(await hashPassword("scrypted"));
    // Flask 2.2 of Debian knows no scrypt; its pbkdf2 is the same.
    expect(
      await ask(
        "check",
        ours.slice(0, -1).map((hash, index) => [hash, passwords[index]]),
      ),
    ).toEqual(passwords.map(() => true));
    expect(
      await ask(
        "check",
        ours.slice(0, -1).map((hash) => [hash, "wrong"]),
      ),
    ).toEqual(passwords.map(() => false));
    const theirs = await ask<string[]>(
      "hash",
      passwords.map((password) => [password, "pbkdf2:sha512:1000"]),
    );
    for (const [index, hash] of theirs.entries()) {
      expect([await verifyPassword(hash, passwords[index] ?? ""), await verifyPassword(hash, "wrong")]).toEqual([true, false]);
    }
  });

  it("reads remembered logins both ways", async () => {
    interface User {
      readonly id: string;
    }
    const ids = ["1", "a|b", "käse", "x".repeat(100)];
    const app = new Flagon(__dirname, { static: null, config });
    app.use(new LoginManager<User>({ loadUser: (id) => ({ id }) }));
    app.route("/in", () => String(loginUser({ id: request.query.get("id") ?? "" } as never, { remember: true })), { endpoint: "in" });
    app.route("/who", () => ({ id: currentUser.id ?? null }), { endpoint: "who" });
    const theirs = await ask<string[]>("remember", ids);
    for (const [index, id] of ids.entries()) {
      const client = app.testClient();
      await client.get("/in", { query: { id } });
      const response = await app.testClient().get("/in", { query: { id } });
      const line = response.headers.getSetCookie().find((one) => one.startsWith("remember_token="));
      if (/^[\x21-\x7e]+$/.test(id)) {
        const cookie = /^remember_token=([^;]*)/.exec(line ?? "")?.[1] ?? "";
        expect(cookie).toBe(theirs[index]);
        expect(await ask("recall", [cookie])).toEqual([id]);
        expect(await (await app.testClient().get("/who", { headers: { cookie: `remember_token=${theirs[index]}` } })).json()).toEqual({
          id,
        });
      }
    }
    expect(await ask("recall", ["1|forged"])).toEqual([null]);
  });

  it("reads CSRF tokens both ways", async () => {
    class Views {
      @route("/token")
      token() {
        return request.query.get("x") ?? "";
      }
      @route.post("/act")
      act() {
        return "done";
      }
    }
    const app = new Flagon(__dirname, { static: null, config });
    app.register(Views);
    app.route("/form", async () => (await import("flagon")).renderTemplateString("<%= csrfToken() %>"), { endpoint: "form" });
    const old = { "sec-fetch-site": null };
    const theirs = await ask<{ token: string; session: string }>("csrf", null);
    const headers = { ...old, cookie: `session=${theirs.session}` };
    expect(await (await app.testClient().post("/act", { headers, form: { csrf_token: theirs.token } })).text()).toBe("done");
    expect((await app.testClient().post("/act", { headers, form: { csrf_token: `${theirs.token}x` } })).status).toBe(403);
    const response = await app.testClient().get("/form");
    const token = await response.text();
    const cookie = /session=([^;]*)/.exec(response.headers.getSetCookie().join())?.[1] ?? "";
    expect(await ask("validate", { token, session: cookie })).toBe("valid");
    expect(await ask("validate", { token: `${token}x`, session: cookie })).toBe("The CSRF token is invalid.");
  });

  it("signs tokens that itsdangerous reads, and reads those that it signs", async () => {
    const app = new Flagon(__dirname, { static: null, config });
    const kinds = [0, -1.5, 1e21, 5e-324, Number.MAX_SAFE_INTEGER, "", "\ud83d\ude00", '\u2028\0\x7f"\\', " blank \n", true, false];
    const nested: object[] = [[], {}, [null], { a: null, "": [[[{ b: [1] }]]] }, { "1": 2, ü: "ü" }, { constructor: 1 }];
    for (const data of [{ user: 3, name: "Jörg" }, [1, 2], "text", { text: "x".repeat(400) }, ...kinds, ...nested]) {
      const token = app.appContext(() => signToken(data, { purpose: "reset", expiresIn: 60 }));
      expect(await ask("read token", { purpose: "reset", token })).toEqual(data);
      const theirs = await ask<string>("sign token", { purpose: "reset", data });
      expect(app.appContext(() => readToken(theirs, { purpose: "reset" }))).toEqual(data);
    }
  });
});
