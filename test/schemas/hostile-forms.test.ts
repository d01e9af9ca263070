import { readdirSync } from "node:fs";
import { request } from "flagon";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { z } from "zod";
import { createLiveApp, writeFiles } from "../support";

const Anything = z.object({ a: z.record(z.string(), z.unknown()).optional(), list: z.array(z.unknown()), f: z.file().optional() });

function createClient(config: Record<string, unknown> = {}) {
  const app = createLiveApp();
  app.config.update(config);
  app.route("/", async () => ({ read: [...(await request.form())].length }), { methods: ["POST"], endpoint: "read" });
  app.route("/schema", async () => ({ read: Object.keys(await request.form({ schema: Anything })) }), {
    methods: ["POST"],
    endpoint: "schema",
  });
  return app.testClient();
}

const urlencoded = { "content-type": "application/x-www-form-urlencoded" };
const multipart = { "content-type": "multipart/form-data; boundary=xyz" };

describe("a hostile form", () => {
  it.each([
    "__proto__=1",
    "a.__proto__.x=1",
    "a[__proto__][x]=1",
    "a[constructor][prototype][x]=1",
    "a.prototype=1",
    `a${".b".repeat(20)}=1`,
    `a${"[0]".repeat(20)}=1`,
    "list[1001]=1",
    "list[999999999].x=1",
    "list[99999999999999999999999]=1",
  ])("with the name in %s is refused, and changes no prototype", async (body) => {
    expect((await createClient().post("/schema", { body, headers: urlencoded })).status).toBe(400);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  it("with 100,000 parameters is refused, and the answer names the setting", async () => {
    const body = Array.from({ length: 100_000 }, (_, index) => `p${index}=1`).join("&");
    const response = await createClient({ maxContentLength: 5_000_000 }).post("/", {
      body,
      headers: { ...urlencoded, accept: "application/json" },
    });
    expect([response.status, ((await response.json()) as { detail: string }).detail]).toEqual([
      413,
      expect.stringContaining("maxFormParts"),
    ]);
  });

  it("takes time in proportion to its size, not to its square", async () => {
    const client = createClient({ maxContentLength: 50_000_000, maxFormParts: 1_000_000, maxFormMemorySize: 50_000_000 });
    const time = async (count: number) => {
      const body = Array.from({ length: count }, (_, index) => `a.k${index}=1`).join("&");
      const times: number[] = [];
      for (let round = 0; round < 3; round++) {
        const start = performance.now();
        expect((await client.post("/schema", { body, headers: urlencoded })).status).toBe(200);
        times.push(performance.now() - start);
      }
      return Math.min(...times);
    };
    await time(2_000);
    // Sixteen times as much takes about sixteen times as long; the square of it would be 256.
    expect((await time(64_000)) / (await time(4_000))).toBeLessThan(100);
  });

  it("cut at any byte (multipart) is read or refused: nothing hangs, and no file stays", async () => {
    const whole = [
      '--xyz\r\ncontent-disposition: form-data; name="a"\r\n\r\nvalue\r\n',
      '--xyz\r\ncontent-disposition: form-data; name="f"; filename="x.txt"\r\ncontent-type: text/plain\r\n\r\n',
      `${"content ".repeat(8)}\r\n--xyz--\r\n`,
    ].join("");
    const bytes = new TextEncoder().encode(whole);
    const client = createClient({ uploadSpoolSize: 16 });
    // A folder of its own, which no other test writes to.
    const folder = writeFiles({});
    vi.stubEnv("TMPDIR", folder);
    onTestFinished(() => void vi.unstubAllEnvs());
    const statuses = new Set<number>();
    for (let end = 0; end <= bytes.length; end++) {
      const response = await client.post("/", { body: bytes.subarray(0, end), headers: multipart });
      await response.text();
      statuses.add(response.status);
      const isWhole = end >= bytes.length - 2;
      expect([end, response.status]).toEqual([end, isWhole ? 200 : 400]);
    }
    expect([...statuses]).toEqual([400, 200]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("in pieces of any size (multipart) gives the same result", async () => {
    const whole = `--xyz\r\ncontent-disposition: form-data; name="a"\r\n\r\nvalue\r\n--xyz\r\ncontent-disposition: form-data; name="f"; filename="x.txt"\r\n\r\nfile\r\n--xyz--\r\n`;
    const bytes = new TextEncoder().encode(whole);
    for (let cut = 1; cut < bytes.length; cut++) {
      async function* body() {
        yield bytes.subarray(0, cut);
        yield bytes.subarray(cut);
      }
      const response = await createClient().post("/", { body: body(), headers: multipart });
      expect([cut, response.status, await response.text()]).toEqual([cut, 200, '{"read":2}']);
    }
  });

  it.each([
    ["without a boundary", "multipart/form-data", "x"],
    ["with an empty boundary", "multipart/form-data; boundary=", "x"],
    ["with a part without a name", "multipart/form-data; boundary=xyz", "--xyz\r\ncontent-disposition: form-data\r\n\r\nx\r\n--xyz-"],
  ])("is refused if it is multipart and %s", async (_, type, body) => {
    const { status } = await createClient().post("/", { body, headers: { "content-type": type } });
    expect([400, 413]).toContain(status);
  });

  it("with text for a file, or a file for text, is refused", async () => {
    const app = createLiveApp();
    const schema = z.object({ text: z.string(), file: z.file() });
    app.route("/", async () => Object.keys(await request.form({ schema })), { methods: ["POST"], endpoint: "x" });
    const response = await app
      .testClient()
      .post("/", { form: { file: "text" }, files: { text: new File(["x"], "x.txt") }, headers: { accept: "application/json" } });
    expect([response.status, ((await response.json()) as { errors: unknown }).errors]).toEqual([
      422,
      [
        { in: "body", path: ["text"], detail: "This field is required." },
        { in: "body", path: ["file"], detail: "This field is required." },
      ],
    ]);
  });
});
