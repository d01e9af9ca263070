import { Readable } from "node:stream";
import { FlagonResponse, html, ReturnValueError, request } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp, createLiveApp } from "../support";

function createView(view: () => unknown) {
  const app = createApp();
  app.route("/", view, { endpoint: "view", methods: ["GET", "POST"] });
  return app.testClient();
}

describe("the return value of a view", () => {
  async function* generate() {
    yield "a";
    await new Promise((resolve) => setTimeout(resolve, 1));
    yield Buffer.from("ö");
    yield request.path;
  }
  function* count() {
    yield "1";
    yield "2";
  }

  it.each([
    ["text", () => "<p>é", "text/html; charset=utf-8", "<p>é"],
    ["Markup", () => html`<p>${"<"}`, "text/html; charset=utf-8", "<p>&lt;"],
    ["an object", () => ({ b: 1, a: ["é"] }), "application/json", '{"b":1,"a":["é"]}'],
    ["an array", () => [1, null], "application/json", "[1,null]"],
    ["a promise", async () => "later", "text/html; charset=utf-8", "later"],
    ["bytes", () => new Uint8Array([65, 66]), "application/octet-stream", "AB"],
    ["a blob", () => new Blob(["x"], { type: "text/csv" }), "text/csv", "x"],
    ["an async generator", () => generate(), "text/html; charset=utf-8", "aö/"],
    ["a generator", () => count(), "text/html; charset=utf-8", "12"],
    ["a Node stream", () => Readable.from(["a", "b"]), "text/html; charset=utf-8", "ab"],
    ["a web stream", () => new Blob(["web"]).stream(), "text/html; charset=utf-8", "web"],
    ["a web response", () => new Response("r", { status: 201, headers: { "content-type": "text/plain", "x-a": "1" } }), "text/plain", "r"],
    ["a response", () => new FlagonResponse("x", 202, { "content-type": "text/plain" }), "text/plain", "x"],
  ])("can be %s", async (_, view, type, body) => {
    const response = await createView(view).get("/");
    expect([response.headers.get("content-type"), await response.text()]).toEqual([type, body]);
  });

  it.each([
    [undefined, "it returned undefined. Did you forget a return statement?"],
    [null, "it returned null."],
    [7, "it returned a number."],
    [true, "it returned a boolean."],
    [{ n: 1n }, "returned a value that JSON cannot hold"],
  ])("cannot be anything else, %#", async (value, message) => {
    const view = (): unknown => value;
    const app = createApp();
    app.route("/", view, { endpoint: "pages" });
    const error = await app
      .testClient()
      .get("/")
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ReturnValueError);
    expect(error).toHaveProperty("message", expect.stringContaining("The view 'pages'"));
    expect(error).toHaveProperty("message", expect.stringContaining(message));
  });

  it("is cut off if it is a stream that fails after the status is sent", async () => {
    const app = createLiveApp();
    async function* broken() {
      yield "begun";
      throw new Error("broken");
    }
    app.route("/", () => broken(), { endpoint: "view" });
    const response = await app.testClient().get("/");
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow("broken");
  });
});
