import { Blueprint, type Flagon, g, makeResponse, request } from "flagon";
import { describe, expect, it } from "vitest";
import { createLiveApp, listen } from "../support";
import { exchange } from "./raw-socket";

/** The spellings of a path by which a guard could be passed by. */
const spellings = [
  "/admin",
  "/admin/",
  "//admin",
  "/admin//",
  "/./admin",
  "/x/../admin",
  "/%61dmin",
  "/%2561dmin",
  "/admin%2f",
  "/%2fadmin",
  "/ADMIN",
  "/admin%00",
  "/admin%20",
  "/admin?x",
  "/admin;x=1",
  "/admin/.",
  "/admin/..",
  "/admin/../admin",
  "/admin/%2e%2e/admin",
  "/admin\\",
  "/\\admin",
  "/admin%5c",
  "/admin#x",
  "/admin/secret",
  "/admin/%73ecret",
  "/admin/secret/",
  "/admin//secret",
  "/admin/secret%3fx",
  "/admin/a%2fb",
  "/admin/%2e%2e%2fpublic",
  "/public/../admin/secret",
  "/public%2f..%2fadmin",
  "http://x/admin",
  "http://x/admin/secret",
  "http://x//admin",
  "HTTP://X/%61dmin",
  "http://y/admin",
  "/public",
  "/files/admin/secret",
  "/files/..%2fadmin",
  "/%C0%AFadmin",
  "/ａdmin",
  "admin",
  "*",
  "",
];
const methods = ["GET", "HEAD", "POST", "OPTIONS", "DELETE", "get", "TRACE"];

/** Creates an app that guards what lies below `/admin`, in one of the documented ways. */
function createGuarded(way: "hook of the app, by the path" | "hook of a blueprint" | "hook by the endpoint"): Flagon {
  const app = createLiveApp();
  const admin = new Blueprint("admin", { urlPrefix: "/admin" });
  const guard = (): undefined => {
    g.isGuarded = true;
    return undefined;
  };
  admin.route("", () => makeResponse(`secret guarded=${g.isGuarded === true}`), { endpoint: "index", methods: ["GET", "POST", "DELETE"] });
  admin.route("/<path:rest>", () => makeResponse(`secret guarded=${g.isGuarded === true}`), { endpoint: "rest", methods: ["GET", "POST"] });
  app.route("/public", () => "public", { endpoint: "public" });
  app.route("/files/<path:name>", () => "file", { endpoint: "files" });
  if (way === "hook of a blueprint") {
    admin.beforeRequest(guard);
  } else {
    app.beforeRequest((current) => {
      const isAdmin = way === "hook by the endpoint" ? request.blueprint === "admin" : /^\/admin(?:\/|$)/.test(current.path);
      return isAdmin ? guard() : undefined;
    });
  }
  app.register(admin);
  return app;
}

describe("a handler that ran", () => {
  it.each(["hook of the app, by the path", "hook of a blueprint", "hook by the endpoint"] as const)(
    "ran behind its guard, however its path is spelled: %s",
    async (way) => {
      const app = createGuarded(way);
      const { port } = await listen(app.handler);
      let answered = 0;
      for (const target of spellings) {
        for (const method of methods) {
          const received = await exchange(
            port,
            Buffer.from(`${method} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`),
          );
          expect([method, target, received]).toEqual([method, target, expect.not.stringContaining("guarded=false")]);
          expect([method, target, received]).toEqual([method, target, expect.not.stringMatching(/^HTTP\/1\.1 5(?!01)/)]);
          answered += received.includes("guarded=true") ? 1 : 0;
        }
        if (target.startsWith("/")) {
          const direct = await app.testClient().get(target);
          expect([target, await direct.text()]).toEqual([target, expect.not.stringContaining("guarded=false")]);
        }
      }
      expect(answered).toBeGreaterThan(20);
    },
  );
});
