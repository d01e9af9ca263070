import { afterThisRequest, FlagonResponse, json, makeResponse, request } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp } from "../support";

function createView(view: () => unknown) {
  const app = createApp();
  app.route("/", view, { endpoint: "view", methods: ["GET", "POST"] });
  return app.testClient();
}

describe("makeResponse() and json()", () => {
  it("set status and headers", async () => {
    const client = createView(() => makeResponse({ a: 1 }, 201, { "x-a": "1", "content-type": "application/vnd.a+json" }));
    const response = await client.get("/");
    expect([response.status, response.headers.get("x-a"), response.headers.get("content-type")]).toEqual([
      201,
      "1",
      "application/vnd.a+json",
    ]);
    const coded = await createView(() => json("text", 202)).get("/");
    expect([coded.status, await coded.text()]).toEqual([202, '"text"']);
    const changed = await createView(() => makeResponse(new FlagonResponse("x", 200), 203)).get("/");
    expect(changed.status).toBe(203);
  });

  it("refuse a status outside of HTTP's range", () => {
    expect(() => new FlagonResponse("x", 600)).toThrow("Use a whole number from 200 to 599");
    expect(() => makeResponse("x", 99)).toThrow(RangeError);
    const response = new FlagonResponse("x");
    for (const status of [100, 101, 103, 199, 200.5, 600, 999, -1, Number.NaN]) {
      expect(() => {
        response.status = status;
      }).toThrow(`cannot have the status ${status}`);
    }
    response.status = 599;
    expect(response.status).toBe(599);
  });
});

describe("FlagonResponse", () => {
  it("keeps headers without regard to case, and refuses line breaks", () => {
    const { headers } = new FlagonResponse(null, 200, { "X-One": "1", "x-many": ["a", "b"] });
    headers.append("X-Many", "c");
    expect([headers.get("x-one"), headers.get("X-MANY"), headers.has("x-Many"), headers.get("none")]).toEqual(["1", "a, b, c", true, null]);
    headers.set("x-many", "d");
    expect(headers.getAll("x-many")).toEqual(["d"]);
    headers.delete("X-MANY");
    expect(headers.has("x-many")).toBe(false);
    expect(() => headers.set("x", "a\r\nb: c")).toThrow("cannot have the value");
    expect(() => headers.append("a b", "c")).toThrow("cannot be the name of a header");
  });

  it("adds to Vary without duplicates, and quotes its entity tag", () => {
    const response = new FlagonResponse();
    response.vary("Cookie", "accept");
    response.vary("cookie");
    response.etag = "abc";
    expect([response.headers.get("vary"), response.etag]).toEqual(["cookie, accept", '"abc"']);
    response.etag = 'W/"x"';
    expect(response.etag).toBe('W/"x"');
  });
});

describe("default headers", () => {
  it("are on every kind of response, and more of them on HTML", async () => {
    const app = createApp();
    app.route("/html", () => "x", { endpoint: "html" });
    app.route("/json", () => ({}), { endpoint: "json" });
    const client = app.testClient();
    for (const path of ["/html", "/json", "/none"]) {
      const { headers } = await client.get(path);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("strict-origin-when-cross-origin");
      expect(headers.get("x-frame-options")).toBe("SAMEORIGIN");
      expect(headers.has("content-security-policy")).toBe(path !== "/json");
      expect([headers.has("server"), headers.has("x-powered-by")]).toEqual([false, false]);
    }
  });

  it("are replaced by the app's own, for one response or for all", async () => {
    const app = createApp({ config: { defaultHeaders: { "X-Frame-Options": null, "x-added": "1", "referrer-policy": "no-referrer" } } });
    app.route("/", () => makeResponse("x", 200, { "content-security-policy": "default-src 'self'" }), { endpoint: "x" });
    const { headers } = await app.testClient().get("/");
    expect([
      headers.get("x-frame-options"),
      headers.get("x-added"),
      headers.get("referrer-policy"),
      headers.get("content-security-policy"),
    ]).toEqual([null, "1", "no-referrer", "default-src 'self'"]);
  });
});

describe("afterThisRequest()", () => {
  it("runs for this response alone, before the after hooks", async () => {
    const app = createApp();
    app.afterRequest((response) => response.headers.append("x-order", "hook"));
    app.route(
      "/",
      () => {
        if (request.query.has("mark")) {
          afterThisRequest((response) => response.headers.append("x-order", "this"));
        }
        return "x";
      },
      { endpoint: "x" },
    );
    const client = app.testClient();
    expect((await client.get("/?mark")).headers.get("x-order")).toBe("this, hook");
    expect((await client.get("/")).headers.get("x-order")).toBe("hook");
  });
});
