import { request } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp, listen } from "../support";
import { createReaderClient, readJson } from "./reader";

describe("bodies", () => {
  it.each([
    ["11", 413],
    ["9007199254740993", 413],
    ["99999999999999999999999", 413],
    ["10", 200],
    ["010", 200],
  ])("are answered by their stated length %s with %i", async (length, status) => {
    const client = createReaderClient(() => request.contentLength, { maxContentLength: 10 });
    expect((await client.post("/", { body: "x", headers: { "content-length": length } })).status).toBe(status);
  });

  it("are refused at the first byte over the limit, by length or not", async () => {
    const client = createReaderClient(async () => (await request.bytes()).byteLength, { maxContentLength: 10 });
    expect(await readJson(client.post("/", { body: "x".repeat(10) }))).toBe(10);
    const over = await client.post("/", { body: "x".repeat(11) });
    expect([over.status, await over.text()]).toEqual([413, expect.stringContaining("larger than 10 bytes")]);
    let sent = 0;
    async function* endless() {
      for (;;) {
        sent++;
        yield new Uint8Array(4);
      }
    }
    expect((await client.post("/", { body: endless() })).status).toBe(413);
    expect(sent).toBeLessThan(5);
  });

  it.each([
    ["nothing", async () => "ran"],
    ["all as text", () => request.text()],
  ])("are refused without a stated length when the view reads %s, in every interface", async (_name, view) => {
    const app = createApp();
    app.route("/", view, { endpoint: "view", methods: ["POST"], maxContentLength: 6 });
    for (const [pieces, status] of [
      [["123", "456"], 200],
      [["123", "4567"], 413],
    ] as const) {
      async function* body() {
        for (const piece of pieces) {
          yield Buffer.from(piece);
        }
      }
      expect((await app.testClient().post("/", { body: body() })).status).toBe(status);
      const { origin } = await listen(app.handler);
      const send = (url: string) => new Request(url, { method: "POST", body: ReadableStream.from(body()), duplex: "half" });
      expect((await fetch(send(`${origin}/`))).status).toBe(status);
      expect((await app.fetch(send("http://localhost/"))).status).toBe(status);
    }
  });

  it("are refused by their length when the view reads nothing, and by a route's own limit", async () => {
    const app = createApp();
    app.route("/small", () => "ran", { endpoint: "small", methods: ["POST"], maxContentLength: 3 });
    const client = app.testClient();
    expect((await client.post("/small", { body: "1234" })).status).toBe(413);
    expect(await (await client.post("/small", { body: "123" })).text()).toBe("ran");
  });
});

describe("heads", () => {
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, "1"]));

  it.each([
    ["90 lines", many(90), 200],
    ["over 100 lines", many(120), 431],
    ["15 KiB", { "x-long": "x".repeat(15 * 1024) }, 200],
    ["over 16 KiB", { "x-long": "x".repeat(17 * 1024) }, 431],
  ])("with %s get the same answer in every interface", async (_name, headers, status) => {
    const app = createApp();
    app.get("/", () => "home");
    const { origin } = await listen(app.handler);
    const answers = [
      await app.testClient().get("/", { headers }),
      await app.fetch(new Request("http://localhost/", { headers })),
      await fetch(`${origin}/`, { headers }),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([status, status, status]);
    for (const answer of answers) {
      await answer.body?.cancel();
    }
  });
});

describe("a compressed body", () => {
  it.each([
    ["gzip", 415],
    ["x", 415],
    ["identity, gzip", 415],
    ["identity", 200],
    ["Identity", 200],
  ])("with Content-Encoding: %s is answered with %i", async (encoding, status) => {
    const client = createReaderClient(() => request.text());
    expect((await client.post("/", { body: "x", headers: { "content-encoding": encoding } })).status).toBe(status);
  });
});

describe("forms", () => {
  it("are limited in the number and the size of their fields", async () => {
    const strict = createReaderClient(async () => (await request.form()).size, {
      maxFormParts: 3,
      maxFieldSize: 10,
      maxFormMemorySize: 20,
    });
    const urlencoded = { "content-type": "application/x-www-form-urlencoded" };
    expect((await strict.post("/", { body: "a&b&c&d", headers: urlencoded })).status).toBe(413);
    expect((await strict.post("/", { form: { a: "12345678901" } })).status).toBe(413);
    expect((await strict.post("/", { body: "a=ééééé", headers: urlencoded })).status).toBe(200);
    expect((await strict.post("/", { body: "a=éééééé", headers: urlencoded })).status).toBe(413);
    expect((await strict.post("/", { form: { a: "1234567890", b: "123456789" } })).status).toBe(413);
    const files = { f: new File(["x"], "f.txt") };
    expect((await strict.post("/", { form: { a: "12345678901" }, files })).status).toBe(413);
    expect((await strict.post("/", { form: { a: "1", b: "2", c: "3" }, files })).status).toBe(413);
    expect(await readJson(strict.post("/", { form: { a: "1", b: "2" }, files }))).toBe(3);
  });
});

describe("a request's limits", () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, 0, -1, 1.5, "1"])("refuse %j as the limit of a route", (maxContentLength) => {
    const options = { methods: ["POST"], endpoint: "x", maxContentLength };
    expect(() => Reflect.apply(createApp().route, createApp(), ["/x", () => "x", options])).toThrow(
      "must be a whole number of bytes from 1",
    );
  });

  it("cannot be changed to anything but a number of bytes", async () => {
    await createApp().testRequestContext("/", {}, () => {
      for (const bytes of [Number.NaN, -1, 0.5, Number.POSITIVE_INFINITY]) {
        expect(() => {
          request.maxContentLength = bytes;
        }).toThrow(RangeError);
      }
    });
  });

  it("can be changed by a hook before the body is read", async () => {
    const app = createApp({ config: { maxContentLength: 5, maxFormParts: 2 } });
    app.beforeRequest(() => {
      if (request.path === "/big") {
        request.maxContentLength = 100;
        request.limits.parts = 10;
      }
    });
    const view = async () => String((await request.form()).get("a"));
    app.route("/big", view, { methods: ["POST"], endpoint: "big" });
    app.route("/small", view, { methods: ["POST"], endpoint: "small" });
    const client = app.testClient();
    expect(
      await (
        await client.post("/big", { body: "a=1&b=2&c=3&d=4", headers: { "content-type": "application/x-www-form-urlencoded" } })
      ).text(),
    ).toBe("1");
    expect((await client.post("/small", { form: { a: "12345" } })).status).toBe(413);
  });
});
