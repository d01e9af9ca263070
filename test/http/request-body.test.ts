import { symlinkSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { request, UploadedFile } from "flagon";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { z } from "zod";
import { parseJson } from "../../src/http/request/read-body";
import { createApp, writeFiles } from "../support";
import { createReaderClient, readJson } from "./reader";

describe("request.json()", () => {
  const client = createReaderClient(() => request.json());

  it("reads JSON of any JSON media type, any number of times", async () => {
    const twice = createReaderClient(async () => [await request.json(), await request.json(), await request.text()]);
    expect(await readJson(twice.post("/", { json: { a: [1] } }))).toEqual([{ a: [1] }, { a: [1] }, '{"a":[1]}']);
    const headers = { "content-type": "application/vnd.api+json; charset=utf-8" };
    expect(await readJson(client.post("/", { body: '"ä"', headers }))).toBe("ä");
  });

  it.each([
    [415, { body: "{}" }],
    [415, { body: "{}", headers: { "content-type": "text/json" } }],
    [415, { body: "{}", headers: { "content-type": "application/json", "content-encoding": "gzip" } }],
    [400, { body: "{", headers: { "content-type": "application/json" } }],
    [400, { body: "", headers: { "content-type": "application/json" } }],
    [400, { body: new Uint8Array([0x22, 0xff, 0x22]), headers: { "content-type": "application/json" } }],
    [400, { body: '{"a":{"__proto__":{}}}', headers: { "content-type": "application/json" } }],
    [400, { body: '{"\\u005f_proto__":{}}', headers: { "content-type": "application/json" } }],
    [400, { body: '{"constructor":{"prototype":{}}}', headers: { "content-type": "application/json" } }],
    [400, { body: "[".repeat(65) + "]".repeat(65), headers: { "content-type": "application/json" } }],
  ])("answers %i for %j", async (status, options) => {
    expect((await client.post("/", options)).status).toBe(status);
  });

  it.each([
    [undefined, "it is missing. Send 'application/json'."],
    ["text/json", "it is 'text/json'. Send 'application/json'."],
    ["multipart/form-data; boundary=B", "it is 'multipart/form-data'. Send 'application/json'."],
    [`text/${"x".repeat(500)}`, `it is 'text/${"x".repeat(95)}'. Send`],
  ])("names the type of a body that is not JSON: %s", async (type, text) => {
    const headers = { accept: "application/json", ...(type === undefined ? {} : { "content-type": type }) };
    const response = await client.post("/", { body: new TextEncoder().encode("{}"), headers });
    expect([response.status, response.headers.get("accept")]).toEqual([415, "application/json"]);
    expect(await response.json()).toMatchObject({ detail: expect.stringContaining(text) });
  });

  it.each([
    ["application/json; charset=utf-7", 415],
    ['application/json; charset="ISO-8859-1"', 415],
    ["application/json; charset=utf-16", 415],
    ["application/json; charset=UTF-8", 200],
    ["application/json;charset=utf8", 200],
    ["application/json; charset=us-ascii", 200],
    ["application/json; profile=charset", 200],
  ])("reads UTF-8 only: '%s' gives %i", async (type, status) => {
    expect((await client.post("/", { body: "{}", headers: { "content-type": type } })).status).toBe(status);
  });

  it("counts the levels outside of text alone, up to a limit", () => {
    const open = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
    for (const text of [
      open(64),
      `[${open(63)},${open(63)}]`,
      JSON.stringify(["[".repeat(99), '"[[', "\\", { '{"{[': "]" }]),
      `[${open(40)}," \\\\\\"[",${open(40)}]`,
    ]) {
      expect(parseJson(text, 64)).toEqual(JSON.parse(text));
    }
    for (const text of [open(65), `["\\\\",${open(64)}]`, "[".repeat(65), '{"a":'.repeat(65), `[${open(64)}`]) {
      expect(() => parseJson(text, 64)).toThrow("nests deeper than 64 levels");
    }
    expect(() => parseJson(`${"[".repeat(64)}"${"[".repeat(9)}`, 64)).toThrow("not valid JSON");
    // A parser of the app's own may have other texts.
    expect(parseJson("[".repeat(99), 64, () => "parsed")).toBe("parsed");
  });

  it("accepts 64 levels, and a harmless key 'constructor'", async () => {
    const deep = "[".repeat(64) + "]".repeat(64);
    expect((await client.post("/", { body: deep, headers: { "content-type": "application/json" } })).status).toBe(200);
    expect(await readJson(client.post("/", { json: { constructor: "Bob" } }))).toEqual({ constructor: "Bob" });
  });

  it("checks and types by a schema, and answers 422 with every issue", async () => {
    const parsing = createReaderClient(async () => {
      const { name, age } = await request.json({ schema: z.object({ name: z.string().trim(), age: z.int().min(0) }) });
      return [name.toUpperCase(), age + 1];
    });
    expect(await readJson(parsing.post("/", { json: { name: " ann ", age: 4 } }))).toEqual(["ANN", 5]);
    const response = await parsing.post("/", { json: { age: -1 } });
    expect([response.status, response.headers.get("content-type")]).toEqual([422, "application/problem+json"]);
    expect(await response.json()).toMatchObject({ status: 422, errors: [{ path: ["name"] }, { path: ["age"] }] });
  });

  it("reads other types with 'force', and returns null with 'silent'", async () => {
    const app = createApp();
    const options: Record<string, { force?: boolean; silent?: boolean }> = {
      force: { force: true },
      silent: { silent: true },
      both: { force: true, silent: true },
    };
    app.route("/<how>", async ({ how }) => ({ got: await request.json(options[how]) }), { methods: ["POST"], endpoint: "x" });
    const post = async (how: string, body: string, type: string) => {
      const response = await app.testClient().post(`/${how}`, { body, headers: { "content-type": type } });
      return response.status === 200 ? ((await response.json()) as { got: unknown }).got : response.status;
    };
    expect(await post("force", "[1]", "text/plain")).toEqual([1]);
    expect(await post("force", "[1", "text/plain")).toBe(400);
    expect(await post("silent", "[1]", "text/plain")).toBeNull();
    expect(await post("silent", "[1", "application/json")).toBeNull();
    expect(await post("silent", "[1]", "application/ld+json")).toEqual([1]);
    expect(await post("both", "", "text/plain")).toBeNull();
  });

  it("uses the app's own JSON", async () => {
    const app = createApp();
    app.json = {
      parse: (text) =>
        JSON.parse(text, (_, value: unknown) => (typeof value === "string" && /^\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value)),
      stringify: (value) => JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? `${inner}n` : inner)),
    };
    app.route(
      "/x",
      async () => {
        const { n } = (await request.json()) as { n: bigint };
        return { n: n + 1n };
      },
      { methods: ["POST"], endpoint: "x" },
    );
    expect(await (await app.testClient().post("/x", { json: { n: 41n } })).text()).toBe('{"n":"42n"}');
  });
});

describe("request.stream", () => {
  it("gives the body piece by piece, once", async () => {
    const client = createReaderClient(async () => {
      let size = 0;
      for await (const chunk of request.stream) {
        size += chunk.byteLength;
      }
      return [size, await request.bytes().catch((error: Error) => error.message)];
    });
    expect(await readJson(client.post("/", { body: "12345" }))).toEqual([5, expect.stringContaining("has been read already")]);
  });
});

describe("request.form()", () => {
  const client = createReaderClient(async () =>
    [...(await request.form())].map(([name, value]) => [name, typeof value === "string" ? value : value.filename]),
  );

  it("reads an urlencoded form, any number of times", async () => {
    expect(await readJson(client.post("/", { form: { a: "1 & ä", b: ["x", "y"] } }))).toEqual([
      ["a", "1 & ä"],
      ["b", "x"],
      ["b", "y"],
    ]);
  });

  it("is empty for another type, and without a type", async () => {
    expect(await readJson(client.post("/", { json: { a: 1 } }))).toEqual([]);
    expect(await readJson(client.get("/"))).toEqual([]);
  });

  it("refuses another charset, and a type that is malformed", async () => {
    const status = async (type: string) => (await client.post("/", { body: "a=1", headers: { "content-type": type } })).status;
    expect(await status("application/x-www-form-urlencoded; charset=iso-8859-1")).toBe(415);
    expect(await status("application/x-www-form-urlencoded; charset=UTF-8")).toBe(200);
    expect(await status("application/x-www-form-urlencoded, text/plain")).toBe(400);
    expect(await status("form")).toBe(400);
    const text = createReaderClient(() => request.text());
    expect((await text.post("/", { body: "x", headers: { "content-type": "text/plain; charset=utf-16" } })).status).toBe(415);
  });

  it("reads uploads: base name, type, size, content", async () => {
    const upload = createReaderClient(async () => {
      const file = (await request.form()).get("f");
      if (!(file instanceof UploadedFile)) {
        return null;
      }
      return [file.filename, file.type, file.size, await file.text(), (await file.bytes()).byteLength, (await request.files()).size];
    });
    const files = { f: new File(["höllo"], "../../etc/pass\\wd.txt", { type: "text/plain" }), empty: new File([], "") };
    expect(await readJson(upload.post("/", { files }))).toEqual(["wd.txt", "text/plain", 6, "höllo", 6, 1]);
  });

  it("keeps large uploads in a temporary file until the request ends, and saves them", async () => {
    const root = writeFiles({});
    const folder = writeFiles({});
    vi.stubEnv("TMPDIR", folder);
    onTestFinished(() => void vi.unstubAllEnvs());
    const content = "x".repeat(3000);
    const paths: string[] = [];
    const upload = createReaderClient(
      async () => {
        const file = (await request.form()).get("f");
        if (!(file instanceof UploadedFile)) {
          return null;
        }
        await file.saveTo(join(root, "saved"));
        const again = await file.saveTo(join(root, "saved")).catch((error: NodeJS.ErrnoException) => error.code);
        await file.saveTo(join(root, "saved"), { overwrite: true });
        paths.push(join(root, "saved"));
        return [file.size, (await file.text()).length, again];
      },
      { uploadSpoolSize: 1000 },
    );
    expect(await readJson(upload.post("/", { files: { f: new File([content], "big") } }))).toEqual([3000, 3000, "EEXIST"]);
    expect(await readFile(join(root, "saved"), "utf8")).toBe(content);
    expect(await readdir(folder)).toEqual([]);
  });

  it("reports a temporary file that cannot be written, and does not wait for it", async () => {
    vi.stubEnv("TMPDIR", join(writeFiles({}), "none"));
    onTestFinished(() => void vi.unstubAllEnvs());
    const app = createApp({ config: { uploadSpoolSize: 1000 } });
    app.route("/", async () => String((await request.form()).get("f")), { endpoint: "read", methods: ["POST"] });
    const upload = app.testClient().post("/", { files: { f: new File(["x".repeat(3_000_000)], "big") } });
    await expect(upload).rejects.toMatchObject({ code: "ENOENT" });
  });

  it.each([
    ["byte by byte", 300, 1],
    ["in pieces of 7 kB", 800_000, 7000],
    ["at once", 800_000, 1_000_000],
  ])("keeps every byte of a large upload that comes %s", async (_, size, pieceSize) => {
    const app = createApp({ config: { uploadSpoolSize: 100 } });
    const read = async () => new Response(await (await request.files()).get("f")?.[0]?.bytes());
    app.route("/", read, { endpoint: "read", methods: ["POST"] });
    const content = Buffer.from(Array.from({ length: size }, (_item, index) => index % 251));
    const form = new FormData();
    form.set("f", new File([content], "f"));
    const encoded = new Response(form);
    const bytes = new Uint8Array(await encoded.arrayBuffer());
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let index = 0; index < bytes.length; index += pieceSize) {
          controller.enqueue(bytes.slice(index, index + pieceSize));
        }
        controller.close();
      },
    });
    const headers = { "content-type": encoded.headers.get("content-type") ?? "" };
    const response = await app.fetch(new Request("http://localhost/", { method: "POST", body, headers, duplex: "half" }));
    expect(Buffer.from(await response.arrayBuffer()).equals(content)).toBe(true);
  });

  it.each([
    ["of a stated length", { "content-length": "7" }, 200],
    ["of no stated length", {}, 200],
    ["of a length that is not true", { "content-length": "3" }, 413],
    ["of a stated length over the limit", { "content-length": "11" }, 413],
  ])("reads a body %s through app.fetch, up to the limit", async (_, headers: Record<string, string>, status) => {
    const app = createApp({ config: { maxContentLength: 10 } });
    app.route("/", async () => ({ read: (await request.form()).get("a") }), { endpoint: "read", methods: ["POST"] });
    const body = status === 200 ? "a=12345" : "a=123456789";
    const type = { "content-type": "application/x-www-form-urlencoded" };
    const response = await app.fetch(new Request("http://localhost/", { method: "POST", body, headers: { ...type, ...headers } }));
    expect(response.status).toBe(status);
    expect(status === 200 ? await readJson(response) : "12345").toBe("12345");
  });

  it.each([1, 1_000_000])("saves uploads inside of a folder only, with a threshold of %i bytes", async (uploadSpoolSize) => {
    const root = writeFiles({ "in/there": "old", "out/x": "x" });
    const folder = join(root, "in");
    symlinkSync(join(root, "out"), join(folder, "link"));
    symlinkSync(join(root, "out/x"), join(folder, "file-link"));
    const upload = createReaderClient(
      async () => {
        const file = (await request.form()).get("f");
        const path = request.query.get("path") ?? "";
        if (!(file instanceof UploadedFile)) {
          return null;
        }
        const overwrite = request.query.has("overwrite");
        return file.saveTo(path, { folder, overwrite }).then(
          () => "saved",
          (error: NodeJS.ErrnoException) => error.code,
        );
      },
      { uploadSpoolSize },
    );
    const save = (path: string) => upload.post(`/?path=${path}`, { files: { f: new File(["new"], "f") } }).then(readJson);
    for (const path of ["", ".", "..", "../x", "a/../../x", "/tmp/x", "..%5Cx", "link/y", "a%00b"]) {
      expect([path, await save(path)]).toEqual([path, "FORM"]);
    }
    expect(await save("there")).toBe("EEXIST");
    expect(await save("file-link")).toBe("EEXIST");
    expect(await save("none/y")).toBe("ENOENT");
    expect(await save("good")).toBe("saved");
    expect(await save("there&overwrite")).toBe("saved");
    expect(await save("file-link&overwrite")).toBe("saved");
    expect(await save("link&overwrite")).toBe("saved");
    expect((await readdir(folder)).sort()).toEqual(["file-link", "good", "link", "there"]);
    expect(await readFile(join(folder, "there"), "utf8")).toBe("new");
    expect(await readdir(join(root, "out"))).toEqual(["x"]);
    expect(await readFile(join(root, "out/x"), "utf8")).toBe("x");
  });

  it.each([1, 1_000_000])(
    "creates the folder of an upload, and chooses a safe and free name in it, with a threshold of %i bytes",
    async (uploadSpoolSize) => {
      const root = writeFiles({});
      const upload = createReaderClient(
        async () => {
          const { folder = "", path } = Object.fromEntries(request.query);
          const file = (await request.form()).get("f");
          const isUpload = file instanceof UploadedFile;
          return isUpload ? (path === undefined ? file.saveTo({ folder: join(root, folder) }) : file.saveTo(join(root, path))) : null;
        },
        { uploadSpoolSize },
      );
      const save = async (target: string, name: string) => {
        const saved = await readJson(upload.post(target, { files: { f: new File(["content"], name) } }));
        expect(await readFile(String(saved), "utf8")).toBe("content");
        return String(saved).slice(root.length + 1);
      };
      expect(await save("/?path=new/deeper/x.txt", "a")).toBe("new/deeper/x.txt");
      expect(await save("/?folder=uploads/2026", "photo.jpg")).toBe("uploads/2026/photo.jpg");
      expect(await save("/?folder=uploads/2026", "photo.jpg")).toBe("uploads/2026/photo-2.jpg");
      expect(await save("/?folder=uploads/2026", "..\\..\\.photo.jpg")).toBe("uploads/2026/photo-3.jpg");
      expect(await save("/?folder=uploads/2026", "\u540d")).toMatch(/^uploads\/2026\/[\w-]{36}$/);
      expect(await save("/?folder=uploads/2026", "\u540d.png")).toMatch(/^uploads\/2026\/[\w-]{36}\.png$/);
      expect(await Promise.all(Array.from({ length: 8 }, () => save("/?folder=race", "x.png").then((path) => path.length)))).toHaveLength(
        8,
      );
      expect((await readdir(join(root, "race"))).length).toBe(8);
    },
  );

  it("converts and requires its fields as the query does", async () => {
    const app = createApp();
    app.route(
      "/x",
      async () => {
        const form = await request.form();
        return [form.get("n", { type: "int", default: 0 }), form.getAll("n", { type: "int" }), form.require("name")];
      },
      { methods: ["POST"], endpoint: "x" },
    );
    const client = app.testClient();
    expect(await (await client.post("/x", { form: { n: ["4", "x"], name: "Ann" } })).json()).toEqual([4, [4], "Ann"]);
    expect((await client.post("/x", { form: { n: "x" } })).status).toBe(400);
  });

  it("can be read after the bytes, also when it is multipart", async () => {
    const app = createApp();
    app.route("/x", async () => [(await request.bytes()).length > 0, (await request.form()).get("a")], {
      methods: ["POST"],
      endpoint: "x",
    });
    const files = { f: new File(["x"], "x.txt") };
    expect(await (await app.testClient().post("/x", { form: { a: "1" }, files })).json()).toEqual([true, "1"]);
    expect(await (await app.testClient().post("/x", { form: { a: "2" } })).json()).toEqual([true, "2"]);
  });
});
