import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { Blueprint, Flagon, sendFile, sendFromDirectory, urlFor } from "flagon";
import { describe, expect, it, onTestFinished } from "vitest";
import { writeFiles } from "../support";

function createFiles(testing = true) {
  const root = writeFiles({
    "static/a.css": "body{}",
    "static/deep/ü x.txt": "0123456789",
    "static/large.txt": "0123456789".repeat(10_000),
    "static/.hidden": "hidden",
    "static/.git/config": "hidden",
    "secret.txt": "secret",
    "part/p.js": "1",
  });
  symlinkSync(join(root, "secret.txt"), join(root, "static/link.txt"));
  const app = new Flagon(root, { config: { testing } });
  app.register(new Blueprint("part", { urlPrefix: "/part", static: "part" }));
  return { app, client: app.testClient() };
}

describe.each([
  ["static files in tests", true],
  ["static files in production, of which small ones are kept", false],
])("%s", (_, testing) => {
  it("have type, length, entity tag and modification time", async () => {
    const { client } = createFiles(testing);
    const response = await client.get("/static/a.css");
    expect([response.status, await response.text()]).toEqual([200, "body{}"]);
    expect(response.headers.get("content-type")).toBe("text/css; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-cache");
    expect(response.headers.get("accept-ranges")).toBe("bytes");
    expect(response.headers.get("etag")).toMatch(/"/);
    expect(response.headers.get("last-modified")).toMatch(/GMT$/);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    const head = await client.head("/static/a.css");
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "6", ""]);
    expect((await client.post("/static/a.css")).status).toBe(405);
  });

  it("are not sent again to clients that have them", async () => {
    const { client } = createFiles(testing);
    const first = await client.get("/static/a.css");
    const etag = first.headers.get("etag") ?? "";
    const modified = first.headers.get("last-modified") ?? "";
    for (const headers of [{ "if-none-match": etag }, { "if-modified-since": modified }, { "if-none-match": "*" }]) {
      const response = await client.get("/static/a.css", { headers });
      expect([response.status, await response.text(), response.headers.get("etag")]).toEqual([304, "", etag]);
    }
    expect((await client.get("/static/a.css", { headers: { "if-none-match": '"other"' } })).status).toBe(200);
    expect((await client.get("/static/a.css", { headers: { "if-match": '"other"' } })).status).toBe(412);
  });

  it("come in ranges", async () => {
    const { client } = createFiles(testing);
    const read = async (range: string) => {
      const response = await client.get("/static/deep/%C3%BC%20x.txt", { headers: { range } });
      return [response.status, response.headers.get("content-range"), response.status === 206 ? await response.text() : ""];
    };
    expect(await read("bytes=2-4")).toEqual([206, "bytes 2-4/10", "234"]);
    expect(await read("bytes=-3")).toEqual([206, "bytes 7-9/10", "789"]);
    expect(await read("bytes=8-99")).toEqual([206, "bytes 8-9/10", "89"]);
    expect(await read("bytes=20-")).toEqual([416, "bytes */10", ""]);
  });

  it("of large size are sent whole, in part, or not at all", async () => {
    const { client } = createFiles(testing);
    const read = async (headers: Record<string, string>) => {
      const response = await client.get("/static/large.txt", { headers });
      return [response.status, response.headers.get("content-range"), response.ok ? await response.text() : ""];
    };
    const whole = [200, null, "0123456789".repeat(10_000)];
    const head = await client.head("/static/large.txt");
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "100000", ""]);
    const modified = head.headers.get("last-modified") ?? "";
    expect(await read({})).toEqual(whole);
    expect(await read({ range: "bytes=99995-" })).toEqual([206, "bytes 99995-99999/100000", "56789"]);
    expect(await read({ range: "bytes=3-4", "if-range": modified })).toEqual([206, "bytes 3-4/100000", "34"]);
    expect(await read({ range: "bytes=3-4", "if-range": "Thu, 01 Jan 2015 00:00:00 GMT" })).toEqual(whole);
    expect(await read({ "if-modified-since": modified })).toEqual([304, null, ""]);
    const part = await client.head("/static/large.txt", { headers: { range: "bytes=3-4" } });
    expect([part.status, part.headers.get("content-length")]).toEqual([206, "2"]);
  });

  it.each(["a.css", "large.txt"])("go to the app's error handlers for a wrong range: %s", async (name) => {
    const { app, client } = createFiles(testing);
    app.errorHandler(412, () => "another state");
    app.errorHandler(416, () => "another part");
    const read = async (headers: Record<string, string>) => {
      const response = await client.get(`/static/${name}`, { headers });
      return [response.status, await response.text()];
    };
    expect(await read({ range: "bytes=200000-" })).toEqual([416, "another part"]);
    expect(await read({ "if-match": '"other"' })).toEqual([412, "another state"]);
  });

  it.each([
    "/static/",
    "/static/deep",
    "/static/none.css",
    "/static/.hidden",
    "/static/.git/config",
    "/static/../secret.txt",
    "/static/%2e%2e/secret.txt",
    "/static/deep/..%2f..%2fsecret.txt",
    "/static/..%5csecret.txt",
    "/static/link.txt",
    "/static/etc/passwd",
    "/static/a.css%00.txt",
  ])("are not found at %s", async (path) => {
    const { client } = createFiles(testing);
    const response = await client.get(path);
    expect([400, 404]).toContain(response.status);
    expect(await response.text()).not.toMatch(/secret|hidden|root/);
  });

  it("have a hash of their content in their URL, and are cached for good only with it", async () => {
    const { app, client } = createFiles(testing);
    const url = app.appContext(() => urlFor("static", { filename: "a.css" }));
    expect(url).toMatch(/^\/static\/a\.css\?v=[\w-]{12}$/);
    expect((await client.get(url)).headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect((await client.get("/static/a.css?v=wrong")).headers.get("cache-control")).toBe("no-cache");
    expect(app.appContext(() => urlFor("static", { filename: "none.css" }))).toBe("/static/none.css");
  });

  it("are served below the prefix of a blueprint", async () => {
    const { app, client } = createFiles(testing);
    expect(await (await client.get("/part/part/p.js")).text()).toBe("1");
    expect(app.appContext(() => urlFor("part.static", { filename: "p.js" }))).toMatch(/^\/part\/part\/p\.js\?v=/);
  });

  it("are noticed when they change, appear and disappear", async () => {
    const { app, client } = createFiles(testing);
    const read = async (name: string) => {
      const response = await client.get(`/static/${name}`);
      return [response.status, response.status === 200 ? await response.text() : ""];
    };
    expect(await read("a.css")).toEqual([200, "body{}"]);
    expect(await read("new.txt")).toEqual([404, ""]);
    const [changed, made] = [join(app.root, "static/a.css"), join(app.root, "static/new.txt")];
    writeFileSync(changed, "b{}");
    writeFileSync(made, "x".repeat(100_000));
    expect(await read("a.css")).toEqual([200, "b{}"]);
    writeFileSync(changed, "i{}");
    utimesSync(changed, new Date(2020, 1, 1), new Date(2020, 1, 1));
    expect(await read("a.css")).toEqual([200, "i{}"]);
    // Whether a path is there at all may be known for a second.
    await wait(testing ? 0 : 1050);
    expect(await read("new.txt")).toEqual([200, "x".repeat(100_000)]);
    rmSync(changed);
    expect(await read("a.css")).toEqual([404, ""]);
  });
});

describe("a precompressed copy next to a static file", () => {
  const root = () =>
    writeFiles({ "static/app.js": "plain", "static/app.js.br": "brotli", "static/app.js.gz": "gzip", "static/only.css": "css" });

  it.each([
    ["gzip, br", "br", "brotli"],
    ["gzip", "gzip", "gzip"],
    ["gzip;q=1, br;q=0.5", "gzip", "gzip"],
    ["zstd", null, "plain"],
    ["identity", null, "plain"],
    ["br;q=0", null, "plain"],
  ])("is sent to a client that accepts %s as %s", async (accept, encoding, body) => {
    const client = new Flagon(root()).testClient();
    const response = await client.get("/static/app.js", { headers: { "accept-encoding": accept } });
    expect([response.headers.get("content-encoding"), await response.text()]).toEqual([encoding, body]);
    expect(response.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    expect(response.headers.get("vary")).toBe("accept-encoding");
    const head = await client.head("/static/app.js", { headers: { "accept-encoding": accept } });
    expect(head.headers.get("content-length")).toBe(String(body.length));
  });

  it("has its own entity tag, and its 304 names no encoding", async () => {
    const client = new Flagon(root()).testClient();
    const first = await client.get("/static/app.js", { headers: { "accept-encoding": "br" } });
    const etag = first.headers.get("etag") ?? "";
    const again = await client.get("/static/app.js", { headers: { "accept-encoding": "br", "if-none-match": etag } });
    expect([again.status, again.headers.get("content-encoding"), again.headers.get("vary")]).toEqual([304, null, "accept-encoding"]);
    expect((await client.get("/static/app.js", { headers: { "if-none-match": etag } })).status).toBe(200);
  });

  it("is optional", async () => {
    const response = await new Flagon(root()).testClient().get("/static/only.css", { headers: { "accept-encoding": "br" } });
    expect([response.headers.get("content-encoding"), response.headers.get("vary"), await response.text()]).toEqual([null, null, "css"]);
  });
});

describe("sendFile() and sendFromDirectory()", () => {
  function createApp(config: Record<string, unknown> = {}) {
    return new Flagon(writeFiles({ "a.txt": "0123456789", "b.tar.gz": "x", "unknown.xyz": "x", "app.js": "js", "app.js.br": "br" }), {
      config: { testing: true, ...config },
    });
  }

  it("send a file below the app's root, or answer 404", async () => {
    const app = createApp();
    app.route("/file", () => sendFile("a.txt", { mimeType: "text/x-own" }), { endpoint: "file" });
    app.route("/none", () => sendFile("none"), { endpoint: "none" });
    app.route("/folder", () => sendFile("."), { endpoint: "folder" });
    const client = app.testClient();
    const file = await client.get("/file");
    expect([await file.text(), file.headers.get("content-type")]).toEqual(["0123456789", "text/x-own"]);
    expect([(await client.get("/none")).status, (await client.get("/folder")).status]).toEqual([404, 404]);
  });

  it("take an entity tag and a time of the app, and use them for conditional requests", async () => {
    const app = createApp();
    const lastModified = new Date(Date.UTC(2026, 0, 2));
    app.route("/x", () => sendFile("a.txt", { etag: "v1", lastModified }), { endpoint: "x" });
    app.route("/none", () => sendFile("a.txt", { etag: false, lastModified: false }), { endpoint: "none" });
    const client = app.testClient();
    const response = await client.get("/x");
    expect([response.headers.get("etag"), response.headers.get("last-modified")]).toEqual(['"v1"', "Fri, 02 Jan 2026 00:00:00 GMT"]);
    expect((await client.get("/x", { headers: { "if-none-match": '"v1"' } })).status).toBe(304);
    expect((await client.get("/x", { headers: { "if-modified-since": lastModified.toUTCString() } })).status).toBe(304);
    expect((await client.get("/x", { headers: { "if-match": '"v0"' } })).status).toBe(412);
    const without = await client.get("/none");
    expect([without.headers.get("etag"), without.headers.get("last-modified"), await without.text()]).toEqual([null, null, "0123456789"]);
  });

  it("ignore conditions and ranges, by an option", async () => {
    const app = createApp();
    app.route("/x", () => sendFile("a.txt", { conditional: false }), { endpoint: "x" });
    const response = await app.testClient().get("/x", { headers: { range: "bytes=0-1", "if-none-match": "*" } });
    expect([response.status, response.headers.get("accept-ranges"), await response.text()]).toEqual([200, null, "0123456789"]);
  });

  it("take the cache time as a number or by file, from the setting or the call", async () => {
    const app = createApp({ sendFileMaxAge: (path: string) => (path.endsWith(".txt") ? 60 : null) });
    app.route("/a", () => sendFile("a.txt"), { endpoint: "a" });
    app.route("/b", () => sendFile("unknown.xyz"), { endpoint: "b" });
    app.route("/zero", () => sendFile("a.txt", { maxAge: 0 }), { endpoint: "zero" });
    app.route("/kept", () => sendFile("a.txt", { maxAge: 60, immutable: true }), { endpoint: "kept" });
    const control = async (path: string) => (await app.testClient().get(path)).headers.get("cache-control");
    expect([await control("/a"), await control("/b"), await control("/zero"), await control("/kept")]).toEqual([
      "public, max-age=60",
      "no-cache",
      "no-cache, max-age=0",
      "public, max-age=60, immutable",
    ]);
  });

  it("send bytes, blobs and streams as files; bytes with entity tag and ranges", async () => {
    const app = createApp();
    app.route("/bytes", () => sendFile(new TextEncoder().encode("0123456789"), { downloadName: "a.csv", asAttachment: true }), {
      endpoint: "bytes",
    });
    app.route("/blob", () => sendFile(new Blob(["0123"]), { mimeType: "image/x-none", lastModified: new Date(0) }), { endpoint: "blob" });
    app.route("/stream", () => sendFile(Readable.from([Buffer.from("ab")]), { mimeType: "text/plain; charset=utf-8" }), {
      endpoint: "stream",
    });
    app.route("/nameless", () => sendFile(new Uint8Array()), { endpoint: "nameless" });
    const client = app.testClient();
    const bytes = await client.get("/bytes", { headers: { range: "bytes=2-3" } });
    expect([bytes.status, bytes.headers.get("content-type"), bytes.headers.get("content-range"), await bytes.text()]).toEqual([
      206,
      "text/csv; charset=utf-8",
      "bytes 2-3/10",
      "23",
    ]);
    expect(bytes.headers.get("content-disposition")).toBe('attachment; filename="a.csv"');
    const etag = bytes.headers.get("etag") ?? "";
    expect((await client.get("/bytes", { headers: { "if-none-match": etag } })).status).toBe(304);
    const blob = await client.get("/blob");
    expect([blob.headers.get("content-type"), blob.headers.get("last-modified"), await blob.text()]).toEqual([
      "image/x-none",
      "Thu, 01 Jan 1970 00:00:00 GMT",
      "0123",
    ]);
    const stream = await client.get("/stream", { headers: { range: "bytes=0-0" } });
    expect([stream.status, stream.headers.get("etag"), await stream.text()]).toEqual([200, null, "ab"]);
    await expect(client.get("/nameless")).rejects.toThrow("Give 'mimeType' or 'downloadName'");
  });

  it("leave the sending to the proxy, by the setting useXSendfile", async () => {
    const app = createApp({ useXSendfile: true });
    app.route("/x", () => sendFile("a.txt"), { endpoint: "x" });
    writeFileSync(join(app.root, "日.txt"), "x");
    app.route("/day", () => sendFile("日.txt"), { endpoint: "day" });
    const response = await app.testClient().get("/x");
    expect([response.headers.get("x-sendfile"), await response.text()]).toEqual([join(app.root, "a.txt"), ""]);
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    const day = await app.testClient().get("/day");
    expect(Buffer.from(day.headers.get("x-sendfile") ?? "", "latin1").toString()).toBe(join(app.root, "日.txt"));
    const again = await app.testClient().get("/x", { headers: { "if-none-match": response.headers.get("etag") ?? "" } });
    expect([again.status, again.headers.get("x-sendfile")]).toEqual([304, null]);
  });

  it("use a compressed copy by an option only, and guess types by name", async () => {
    const app = createApp();
    app.route("/plain", () => sendFile("app.js"), { endpoint: "plain" });
    app.route("/br", () => sendFile("app.js", { precompressed: true }), { endpoint: "br" });
    app.route("/tar", () => sendFile("b.tar.gz"), { endpoint: "tar" });
    app.route("/unknown", () => sendFile("unknown.xyz"), { endpoint: "unknown" });
    const headers = { "accept-encoding": "br" };
    expect(await (await app.testClient().get("/plain", { headers })).text()).toBe("js");
    expect(await (await app.testClient().get("/br", { headers })).text()).toBe("br");
    expect((await app.testClient().get("/tar")).headers.get("content-type")).toBe("application/gzip");
    expect((await app.testClient().get("/unknown")).headers.get("content-type")).toMatch(/^(application\/octet-stream|chemical\/x-xyz)$/);
  });
});

describe("the three ways of sending a file", () => {
  const ways = ["/static/", "/send/", "/directory/"];

  function createWays(files: Record<string, string> = {}) {
    const root = writeFiles({ "static/a.txt": "0123456789", "static/empty.txt": "", ...files });
    const app = new Flagon(root);
    app.route("/send/<path:name>", ({ name }) => sendFile(`static/${name}`), { endpoint: "send" });
    app.route("/directory/<path:name>", ({ name }) => sendFromDirectory("static", name), { endpoint: "directory" });
    return { app, root, client: app.testClient() };
  }

  it.each([
    ["bytes=2-4", 206, "bytes 2-4/10", "234"],
    ["bytes=-3", 206, "bytes 7-9/10", "789"],
    ["bytes=-99", 206, "bytes 0-9/10", "0123456789"],
    ["bytes=8-99999999999999999999", 206, "bytes 8-9/10", "89"],
    ["Bytes = 0 - 0", 206, "bytes 0-0/10", "0"],
    ["bytes=10-", 416, "bytes */10", null],
    ["bytes=-0", 416, "bytes */10", null],
    ["bytes=1e1-", 200, null, "0123456789"],
    ["bytes=0x1-", 200, null, "0123456789"],
    ["bytes=+1-", 200, null, "0123456789"],
    ["bytes=4-2", 200, null, "0123456789"],
    ["bytes=0-1,4-5", 200, null, "0123456789"],
    ["bytes=", 200, null, "0123456789"],
    ["bytes", 200, null, "0123456789"],
    ["lines=0-1", 200, null, "0123456789"],
  ])("read the range '%s' the same", async (range, status, contentRange, body) => {
    const { client } = createWays();
    for (const way of ways) {
      const response = await client.get(`${way}a.txt`, { headers: { range } });
      expect([response.status, response.headers.get("content-range")]).toEqual([status, contentRange]);
      expect(status === 416 ? null : await response.text()).toBe(body);
    }
    expect((await client.get("/static/empty.txt", { headers: { range: "bytes=0-" } })).status).toBe(416);
  });

  it("give one file one strong entity tag, which holds for If-Match and If-Range", async () => {
    const { client } = createWays();
    const tags = new Set<string>();
    for (const way of ways) {
      const etag = (await client.get(`${way}a.txt`)).headers.get("etag") ?? "";
      tags.add(etag);
      const status = async (headers: Record<string, string>) => (await client.get(`${way}a.txt`, { headers })).status;
      expect([
        await status({ "if-match": etag }),
        await status({ "if-match": `W/${etag}` }),
        await status({ range: "bytes=0-1", "if-range": etag }),
        await status({ range: "bytes=0-1", "if-range": `W/${etag}` }),
        await status({ range: "bytes=0-1", "if-range": '"other"' }),
        await status({ "if-none-match": `W/${etag}` }),
      ]).toEqual([200, 412, 206, 200, 200, 304]);
    }
    expect([...tags]).toEqual([expect.stringMatching(/^"[\w-]+"$/)]);
  });

  it("answer 404 for pipes, devices, sockets, folders and links to them, at once", async () => {
    const { client, root } = createWays({ "static/folder/x": "x" });
    execFileSync("mkfifo", [join(root, "static/pipe"), join(root, "outside")]);
    symlinkSync("/dev/zero", join(root, "static/zero"));
    symlinkSync(join(root, "static/pipe"), join(root, "static/link"));
    const server = createServer().listen(join(root, "static/socket"));
    await once(server, "listening");
    onTestFinished(() => void server.close());
    for (const way of ways) {
      for (const name of ["pipe", "zero", "link", "socket", "folder", "a.txt%2fx", "none", `${"n".repeat(300)}`]) {
        for (const query of ["", "?v=x"]) {
          expect([way, name, (await client.get(`${way}${name}${query}`)).status]).toEqual([way, name, 404]);
        }
      }
    }
  });

  it("answer 404 for a file without read permission", async () => {
    const { client, root } = createWays({ "static/unreadable.txt": "x" });
    chmodSync(root, 0o755);
    chmodSync(join(root, "static"), 0o755);
    chmodSync(join(root, "static/unreadable.txt"), 0);
    const isRoot = process.getuid?.() === 0;
    try {
      if (isRoot) {
        // The superuser may read every file.
        process.seteuid?.(65_534);
      }
      for (const way of ways) {
        expect([way, (await client.get(`${way}unreadable.txt`)).status]).toEqual([way, 404]);
        expect([way, (await client.get(`${way}a.txt`)).status]).toEqual([way, 200]);
      }
    } finally {
      if (isRoot) {
        process.seteuid?.(0);
      }
    }
  });

  it.each([
    "..%2foutside",
    "%2e%2e%2foutside",
    "..%5coutside",
    "..%2f..%2f..%2f..%2f..%2f..%2fdev%2fzero",
    "%2fdev%2fzero",
    "/dev/zero",
    "a%2f..%2f..%2foutside",
    ".%2fa.txt",
    ".env",
    "pipe%00.txt",
  ])("never touch the file system for the name '%s' of a visitor", async (name) => {
    const { client, root } = createWays({ "static/.env": "secret" });
    execFileSync("mkfifo", [join(root, "outside")]);
    for (const target of [`/static/${name}`, `/static/${name}?v=x`, `/directory/${name}`]) {
      expect([target, [308, 400, 404].includes((await client.get(target)).status)]).toEqual([target, true]);
    }
  });
});

describe("urlFor('static')", () => {
  it("hashes only regular files inside of the folder", () => {
    const root = writeFiles({ "static/a.css": "a", "static/.hidden": "x", "app.js": "secret" });
    symlinkSync(join(root, "app.js"), join(root, "static/link.js"));
    execFileSync("mkfifo", [join(root, "static/pipe"), join(root, "outside")]);
    const app = new Flagon(root);
    const url = (filename: string) => app.appContext(() => urlFor("static", { filename }));
    expect(url("a.css")).toMatch(/\?v=[\w-]{12}$/);
    for (const filename of ["link.js", "pipe", ".hidden", "none"]) {
      expect(url(filename)).toBe(`/static/${filename}`);
    }
    for (const filename of ["../app.js", "../outside", "/dev/zero"]) {
      // Whether such a name has a URL at all is for the converter to say.
      expect(tryTo(() => url(filename))).not.toContain("?v=");
    }
  });

  it("gives a large file a hash that keeps it in caches, without reading it", async () => {
    const root = writeFiles({ "static/large.bin": new Uint8Array(1024 * 1024 + 1) });
    const app = new Flagon(root);
    const url = app.appContext(() => urlFor("static", { filename: "large.bin" }));
    const control = async (target: string) => (await app.testClient().head(target)).headers.get("cache-control");
    expect([await control(url), await control("/static/large.bin?v=x")]).toEqual(["public, max-age=31536000, immutable", "no-cache"]);
    utimesSync(join(root, "static/large.bin"), new Date(2020, 1, 1), new Date(2020, 1, 1));
    expect(await control(url)).toBe("no-cache");
  });
});

describe("the name of a download", () => {
  it.each([
    ["Vögel.txt", `attachment; filename="Vogel.txt"; filename*=UTF-8''V%C3%B6gel.txt`],
    ["日.txt", `attachment; filename="?.txt"; filename*=UTF-8''%E6%97%A5.txt`],
    ["😀.txt", `attachment; filename="?.txt"; filename*=UTF-8''%F0%9F%98%80.txt`],
    ["a b.txt", 'attachment; filename="a b.txt"'],
    ['say "hi".txt', 'attachment; filename="say \\"hi\\".txt"'],
    ["100%41.txt", `attachment; filename="100%41.txt"; filename*=UTF-8''100%2541.txt`],
    ["a\r\nx: y.txt", 'attachment; filename="ax: y.txt"'],
    ["/etc/passwd", 'attachment; filename="passwd"'],
    ["\ud800.txt", `attachment; filename="?.txt"; filename*=UTF-8''%EF%BF%BD.txt`],
    ["", "attachment"],
  ])("follows RFC 6266: %j", async (downloadName, expected) => {
    const app = new Flagon(writeFiles({ "a.txt": "x" }));
    app.route("/", () => sendFile("a.txt", { downloadName, asAttachment: true }), { endpoint: "a" });
    expect((await app.testClient().get("/")).headers.get("content-disposition")).toBe(expected);
  });
});

function tryTo(run: () => string): string {
  try {
    return run();
  } catch (error) {
    return String(error);
  }
}
