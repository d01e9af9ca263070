import {
  abort,
  Blueprint,
  FlagonResponse,
  Forbidden,
  HTTPException,
  InternalServerError,
  MethodNotAllowed,
  NotFound,
  request,
  TooManyRequests,
} from "flagon";
import { describe, expect, it, vi } from "vitest";
import { createApp, createLiveApp } from "../support";

class Teapot extends NotFound {}

describe("abort()", () => {
  it("ends the request with a status and a description", async () => {
    const app = createApp();
    app.route("/<int:status>", ({ status }) => abort(status, status === 403 ? "No <b>, no\nway." : undefined), { endpoint: "x" });
    const client = app.testClient();
    const response = await client.get("/403");
    expect([response.status, response.headers.get("content-type"), response.headers.get("cache-control")]).toEqual([
      403,
      "text/html; charset=utf-8",
      "no-store",
    ]);
    const page = await response.text();
    expect(page).toContain("<title>403 Forbidden</title>");
    expect(page).toContain("<p>No &lt;b&gt;, no<br>way.</p>");
    for (const status of [400, 401, 404, 405, 409, 416, 418, 422, 429, 451, 500, 503]) {
      expect((await client.get(`/${status}`)).status).toBe(status);
    }
    await expect(client.get("/200")).rejects.toThrow("There is no error with the status 200");
  });

  it("is the same as returning the exception, from a view or a hook", async () => {
    const app = createApp();
    app.errorHandler(Teapot, () => "short and stout");
    app.beforeRequest(({ path }) => (path === "/hook" ? new Forbidden("Not here.") : undefined));
    app.route("/at-once", () => new Teapot(), { endpoint: "atOnce" });
    app.route("/later", async () => new NotFound("Gone."), { endpoint: "later" });
    app.route("/hook", () => "never", { endpoint: "hook" });
    const client = app.testClient();
    const answers = await Promise.all(["/at-once", "/later", "/hook"].map((path) => client.get(path)));
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 403]);
    const [handled, page, refused] = await Promise.all(answers.map((answer) => answer.text()));
    expect([handled, page?.includes("<p>Gone.</p>"), refused?.includes("<p>Not here.</p>")]).toEqual(["short and stout", true, true]);
  });

  it("ends the request with a response, which no handler sees", async () => {
    const app = createApp();
    app.errorHandler(HTTPException, () => "handled");
    app.route("/", () => abort(new FlagonResponse("as it is", 403)), { endpoint: "x" });
    const response = await app.testClient().get("/");
    expect([response.status, await response.text()]).toEqual([403, "as it is"]);
  });
});

describe("error pages", () => {
  const app = createApp();
  app.route("/", () => "x", { endpoint: "x" });
  const client = app.testClient();

  it.each([
    ["text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"],
    ["*/*", "text/html; charset=utf-8"],
    ["application/json", "application/problem+json"],
    ["application/json, text/plain, */*", "application/problem+json"],
    ["application/problem+json", "application/problem+json"],
    ["image/png", "text/html; charset=utf-8"],
  ])("for Accept: %s are %s", async (accept, type) => {
    const response = await client.get("/none", { headers: { accept } });
    expect([response.headers.get("content-type"), response.headers.get("vary")]).toEqual([type, "accept"]);
  });

  it("are problem details for clients that sent JSON", async () => {
    const response = await client.put("/", { json: {} });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
    expect(await response.json()).toEqual({
      type: "about:blank",
      title: "Method Not Allowed",
      status: 405,
      detail: "This address does not take that method.",
    });
  });
});

describe("errorHandler()", () => {
  it("answers with the status of the error, unless it states another", async () => {
    const app = createApp();
    app.errorHandler(404, (error) => `${error.title} at ${request.path}`);
    app.errorHandler(405, () => new FlagonResponse("soft", 200));
    app.errorHandler(403, (error) => error);
    app.route("/", () => "x", { endpoint: "x" });
    app.route("/no", () => abort(403, "Mine."), { endpoint: "no" });
    const client = app.testClient();
    const missing = await client.get("/none");
    expect([missing.status, await missing.text()]).toEqual([404, "Not Found at /none"]);
    expect((await client.post("/")).status).toBe(200);
    const own = await client.get("/no");
    expect([own.status, await own.text()]).toEqual([403, expect.stringContaining("Mine.")]);
  });

  it("is found by status before by class, in the blueprint before in the app, the most specific class first", async () => {
    const app = createApp();
    const part = new Blueprint("part", { urlPrefix: "/part" });
    for (const [name, create] of Object.entries({
      range: () => new RangeError("r"),
      type: () => new TypeError("t"),
      missing: () => new NotFound(),
      teapot: () => new Teapot(),
      forbidden: () => new Forbidden(),
    })) {
      const view = () => {
        throw create();
      };
      app.route(`/${name}` as "/", view, { endpoint: name });
      part.route(`/${name}` as "/", view, { endpoint: name });
    }
    app.errorHandler(Error, () => "app Error");
    app.errorHandler(RangeError, () => "app RangeError");
    app.errorHandler(404, () => "app 404");
    app.errorHandler(Teapot, () => "app Teapot");
    part.errorHandler(HTTPException, () => "part HTTPException");
    part.errorHandler(TypeError, () => "part TypeError");
    app.register(part);
    const client = app.testClient();
    const read = async (path: string) => {
      const response = await client.get(path);
      return `${response.status} ${await response.text()}`;
    };
    expect(await read("/range")).toBe("500 app RangeError");
    expect(await read("/type")).toBe("500 app Error");
    expect(await read("/missing")).toBe("404 app 404");
    expect(await read("/teapot")).toBe("404 app Teapot");
    expect(await read("/forbidden")).toBe("403 app Error");
    expect(await read("/part/range")).toBe("500 app RangeError");
    expect(await read("/part/type")).toBe("500 part TypeError");
    expect(await read("/part/missing")).toBe("404 app 404");
    expect(await read("/part/forbidden")).toBe("403 part HTTPException");
    expect(await read("/part/none")).toBe("404 app 404");
  });

  it("gets the unhandled error if it is for 500", async () => {
    const app = createLiveApp();
    const boom = new Error("boom");
    app.route("/boom", () => Promise.reject(boom), { endpoint: "boom" });
    app.route("/abort", () => abort(500), { endpoint: "abort" });
    app.errorHandler(InternalServerError, (error) => ({ original: error.original === boom }));
    const client = app.testClient();
    expect([(await client.get("/boom")).status, await (await client.get("/boom")).json()]).toEqual([500, { original: true }]);
    expect(await (await client.get("/abort")).json()).toEqual({ original: false });
  });

  it("refuses a status that is no error", () => {
    expect(() => createApp().errorHandler(200, () => "x")).toThrow("There is no error with the status 200");
  });
});

describe("an unhandled error", () => {
  it("is answered with 500 without details, and logged", async () => {
    const app = createLiveApp();
    const log = vi.spyOn(app.logger, "error");
    app.route("/", () => Promise.reject(new Error("secret detail")), { endpoint: "x" });
    const response = await app.testClient().get("/?q=1");
    const page = await response.text();
    expect([response.status, page.includes("secret"), page.includes("at ")]).toEqual([500, false, false]);
    expect(log.mock.calls).toEqual([[{ err: expect.objectContaining({ message: "secret detail" }) }, "Exception on / [GET]"]]);
  });

  it("shows its stack in debug mode", async () => {
    const app = createApp({ config: { testing: false, debug: true } });
    app.logger.level = "silent";
    app.route("/", () => Promise.reject(new Error("<detail>")), { endpoint: "x" });
    expect(await (await app.testClient().get("/")).text()).toContain("<pre>Error: &lt;detail&gt;\n    at ");
  });

  it("is thrown to the test when the app is testing", async () => {
    const app = createApp();
    app.route("/", () => Promise.reject(new Error("boom")), { endpoint: "x" });
    await expect(app.testClient().get("/")).rejects.toThrow("boom");
  });

  it("is answered with a plain 500 if it comes from a handler or an after hook", async () => {
    const app = createLiveApp();
    app.errorHandler(404, () => {
      throw new Error("in the handler");
    });
    app.errorHandler(500, () => {
      throw new Error("in the handler of 500");
    });
    app.afterRequest((response) => {
      if (request.query.has("after")) {
        throw new Error("after");
      }
      return response;
    });
    app.route("/", () => "x", { endpoint: "x" });
    const client = app.testClient();
    for (const path of ["/none", "/?after", "/none?after"]) {
      const response = await client.get(path);
      expect([response.status, await response.text()]).toEqual([500, expect.stringContaining("Internal Server Error")]);
    }
    expect(await (await client.get("/")).text()).toBe("x");
  });
});

describe("exceptions", () => {
  it("carry status, title, description and headers", () => {
    const error = new TooManyRequests("Slow down.", { headers: { "retry-after": "5" } });
    expect([error.status, error.title, error.description, error.message, error.name]).toEqual([
      429,
      "Too Many Requests",
      "Slow down.",
      "Slow down.",
      "TooManyRequests",
    ]);
    expect(error).toBeInstanceOf(HTTPException);
    expect(new MethodNotAllowed(["GET"]).headers).toEqual({ allow: "GET" });
    class Custom extends HTTPException {
      static override readonly status = 499;
      static override readonly description = "Gone away.";
    }
    expect([new Custom().status, new Custom().description]).toEqual([499, "Gone away."]);
  });
});
