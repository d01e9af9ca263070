import { request, session } from "flagon";
import { LoginManager, loginForTest, loginUser, logoutUser } from "flagon/login";
import { MemoryStore, type RedisClient, RedisStore, ServerSessions, type SessionStore } from "flagon/sessions";
import { describe, expect, it } from "vitest";
import { createApp } from "../support";

const ann = { id: 7, name: "Ann", email: null, passwordHash: "x", createdAt: new Date(0), confirmedAt: new Date(0) };

/** A store without `update`, whose `delete` tells nothing. */
function createPlainStore(): SessionStore & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    get: async (id) => kept.get(id) ?? null,
    set: async (id, text) => void kept.set(id, text),
    delete: async (id) => void kept.delete(id),
  };
}

/** A client of Redis that keeps its keys in a map; an old one has no `SET … XX`. */
function createRedis(isOld = false): RedisClient & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    get: async (key) => kept.get(key) ?? null,
    setEx: async (key, _, value) => kept.set(key, value),
    del: async (key) => Number(kept.delete(key)),
    ...(isOld
      ? {}
      : {
          set: async (key, value, options) => {
            expect(options).toEqual({ EX: expect.any(Number), XX: true });
            if (kept.has(key)) {
              kept.set(key, value);
              return "OK";
            }
            return null;
          },
        }),
  };
}

const stores: Record<string, () => { store: SessionStore; keys: () => Iterable<string>; drop: (key: string) => unknown }> = {
  MemoryStore: () => {
    const store = new MemoryStore();
    const keys = new Set<string>();
    const { set } = store;
    store.set = (id, ...rest) => {
      keys.add(id);
      return set.call(store, id, ...rest);
    };
    return { store, keys: () => keys, drop: (key) => store.delete(key) };
  },
  RedisStore: () => {
    const redis = createRedis();
    return { store: new RedisStore(redis, { prefix: "" }), keys: () => redis.kept.keys(), drop: (key) => redis.kept.delete(key) };
  },
  "RedisStore with an old client": () => {
    const redis = createRedis(true);
    return { store: new RedisStore(redis, { prefix: "" }), keys: () => redis.kept.keys(), drop: (key) => redis.kept.delete(key) };
  },
  "a store without update": () => {
    const store = createPlainStore();
    return { store, keys: () => store.kept.keys(), drop: (key) => store.kept.delete(key) };
  },
};

describe.each(Object.entries(stores))("a session of %s that was ended", (_, createStore) => {
  function createSite(permanent: boolean) {
    const { drop, keys, store } = createStore();
    const app = createApp();
    app.sessionInterface = new ServerSessions(store);
    app.use(new LoginManager({ loadUser: (id) => (id === "7" ? ann : null) }));
    let release = (): void => undefined;
    let started = (): void => undefined;
    const hold = () =>
      new Promise<void>((resolve) => {
        release = resolve;
        started();
      });
    app.route(
      "/login",
      () => {
        session.permanent = permanent;
        return String(loginUser(ann));
      },
      { endpoint: "login" },
    );
    app.route("/who", () => String(session.get("_user_id") ?? "nobody"), { endpoint: "who" });
    app.route("/logout", () => String(logoutUser()), { endpoint: "logout" });
    app.route("/pop", () => String(session.pop("_user_id")), { endpoint: "pop" });
    app.route("/delete", () => String(session.delete("_user_id")), { endpoint: "delete" });
    app.route(
      "/other",
      () => {
        session.clear();
        session.set("_user_id", "8");
        return "other";
      },
      { endpoint: "other" },
    );
    app.route("/see", () => session.toObject(), { endpoint: "see" });
    app.route("/clear", () => String(session.clear()), { endpoint: "clear" });
    app.route("/regenerate", () => String(session.regenerate()), { endpoint: "regenerate" });
    app.route(
      "/slow/<what>",
      async ({ what }) => {
        await hold();
        if (what === "write") {
          session.set("n", request.query.get("n"));
        } else if (what === "regenerate") {
          session.regenerate();
        } else if (what === "login") {
          loginUser(ann);
        } else {
          session.get("n");
        }
        return "done";
      },
      { endpoint: "slow" },
    );
    const client = app.testClient();
    const who = async (cookie?: string) => (await client.get("/who", cookie === undefined ? {} : { headers: { cookie } })).text();
    /** Runs a request that is at work while something else happens. */
    const during = async (target: string, happen: () => Promise<unknown>) => {
      const isAtWork = new Promise<void>((resolve) => {
        started = resolve;
      });
      const response = client.get(target);
      await isAtWork;
      await happen();
      release();
      return (await response).headers.getSetCookie();
    };
    return { client, during, drop, keys, who };
  }

  for (const permanent of [true, false]) {
    it.each(["write", "read", "regenerate", "login"])(
      `stays ended while another request does: %s (permanent: ${permanent})`,
      async (what) => {
        for (const end of ["/clear", "/logout"]) {
          const { client, during, who } = createSite(permanent);
          await client.get("/login");
          const cookie = `session=${client.cookies.get(new URL("http://localhost/"), "session")}`;
          expect(await who()).toBe("7");
          const cookies = await during(`/slow/${what}?n=1`, () => client.get(end));
          expect([end, await who(), await who(cookie), cookies]).toEqual([end, "nobody", "nobody", []]);
        }
      },
    );

    it.each([
      ["/pop", "nobody"],
      ["/delete", "nobody"],
      ["/other", "8"],
    ])(`is not undone by a request that began before ${permanent ? "a permanent" : "a"} %s`, async (end, user) => {
      for (const what of ["write", "read"]) {
        const { client, during, who } = createSite(permanent);
        await client.get("/login");
        const former = `session=${client.cookies.get(new URL("http://localhost/"), "session")}`;
        await during(`/slow/${what}?n=1`, () => client.get(end));
        expect([what, await who(), await who(former)]).toEqual([what, user, "nobody"]);
      }
    });

    it(`keeps the values of two requests at once (permanent: ${permanent})`, async () => {
      const { client, during } = createSite(permanent);
      await client.get("/login");
      await during("/slow/write?n=1", () => client.session((opened) => opened.set("basket", [1])));
      expect(await (await client.get("/see")).json()).toMatchObject({ _user_id: "7", basket: [1], n: "1" });
    });

    it(`is not brought back by its former id after regenerate() (permanent: ${permanent})`, async () => {
      const { client, during, who } = createSite(permanent);
      await client.get("/login");
      const former = `session=${client.cookies.get(new URL("http://localhost/"), "session")}`;
      expect(await during("/slow/write?n=1", () => client.get("/regenerate"))).toEqual([]);
      expect([await who(), await who(former)]).toEqual(["7", "nobody"]);
    });

    it(`stays ended when all ids are deleted in the store (permanent: ${permanent})`, async () => {
      const { client, during, drop, keys, who } = createSite(permanent);
      await client.get("/login");
      expect(
        await during("/slow/write?n=1", async () => {
          for (const key of [...keys()]) {
            await drop(key);
          }
        }),
      ).toEqual([]);
      expect(await who()).toBe("nobody");
    });
  }
});

describe("sessions on the server", () => {
  it("keep the hashes of ids, not the ids", async () => {
    const store = createPlainStore();
    const app = createApp();
    app.sessionInterface = new ServerSessions(store);
    app.route("/", () => String(session.set("n", 1)), { endpoint: "n" });
    const client = app.testClient();
    await client.get("/");
    const id = client.cookies.get(new URL("http://localhost/"), "session") ?? "";
    const [key = "", ...others] = store.kept.keys();
    expect([key.length, others, key === id, JSON.stringify([...store.kept]).includes(id)]).toEqual([43, [], false, false]);
    expect(await (await app.testClient().get("/", { headers: { cookie: `session=${key}` } })).text()).toBe("undefined");
    expect(store.kept.size).toBe(2);
  });

  it("give another id and other CSRF tokens after a logout, and keep the rest", async () => {
    const app = createApp();
    app.sessionInterface = new ServerSessions(new MemoryStore());
    app.use(new LoginManager({ loadUser: (id) => (id === "7" ? ann : null) }));
    app.route("/logout", () => String(logoutUser()), { endpoint: "logout" });
    app.route("/see", () => session.toObject(), { endpoint: "see" });
    const client = app.testClient();
    await client.session((opened) => {
      opened.set("basket", [1]);
      opened.set("csrf_token", "ab".repeat(20));
    });
    await loginForTest(client, ann);
    const id = () => client.cookies.get(new URL("http://localhost/"), "session");
    const before = id();
    await client.get("/logout");
    expect(id()).not.toBe(before);
    expect(await (await client.get("/see")).json()).toEqual({ basket: [1] });
  });
});
