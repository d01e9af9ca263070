import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { Blueprint, Flagon, sendFile, sendFromDirectory, urlFor } from "flagon";
import { describe, expect, it } from "vitest";
import { writeFiles } from "./helpers";

function createFiles() {
  const root = writeFiles({
    "static/a.css": "body{}",
    "static/deep/ü x.txt": "0123456789",
    "static/.hidden": "hidden",
    "static/.git/config": "hidden",
    "secret.txt": "secret",
    "part/p.js": "1",
  });
  symlinkSync(join(root, "secret.txt"), join(root, "static/link.txt"));
  const app = new Flagon(root, { config: { testing: true } });
  app.register(new Blueprint("part", { urlPrefix: "/part", static: "part" }));
  return { app, client: app.testClient() };
}

describe("static files", () => {
  it("have type, length, entity tag and modification time", async () => {
    const { client } = createFiles();
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

  it("are not sent again to who has them", async () => {
    const { client } = createFiles();
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
    const { client } = createFiles();
    const read = async (range: string) => {
      const response = await client.get("/static/deep/%C3%BC%20x.txt", { headers: { range } });
      return [response.status, response.headers.get("content-range"), response.status === 206 ? await response.text() : ""];
    };
    expect(await read("bytes=2-4")).toEqual([206, "bytes 2-4/10", "234"]);
    expect(await read("bytes=-3")).toEqual([206, "bytes 7-9/10", "789"]);
    expect(await read("bytes=8-99")).toEqual([206, "bytes 8-9/10", "89"]);
    expect(await read("bytes=20-")).toEqual([416, "bytes */10", ""]);
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
    const { client } = createFiles();
    const response = await client.get(path);
    expect([400, 404]).toContain(response.status);
    expect(await response.text()).not.toMatch(/secret|hidden|root/);
  });

  it("have a hash of their content in their URL, and are kept for good only with it", async () => {
    const { app, client } = createFiles();
    const url = app.appContext(() => urlFor("static", { filename: "a.css" }));
    expect(url).toMatch(/^\/static\/a\.css\?v=[\w-]{12}$/);
    expect((await client.get(url)).headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect((await client.get("/static/a.css?v=wrong")).headers.get("cache-control")).toBe("no-cache");
    expect(app.appContext(() => urlFor("static", { filename: "none.css" }))).toBe("/static/none.css");
  });

  it("of a blueprint are below its prefix", async () => {
    const { app, client } = createFiles();
    expect(await (await client.get("/part/part/p.js")).text()).toBe("1");
    expect(app.appContext(() => urlFor("part.static", { filename: "p.js" }))).toMatch(/^\/part\/part\/p\.js\?v=/);
  });
});

describe("sendFile() and sendFromDirectory()", () => {
  it("send files of the app's own", async () => {
    const { app } = createFiles();
    app.route("/file", () => sendFile("static/deep/ü x.txt", { downloadName: "日.txt", asAttachment: true, maxAge: 60 }), {
      endpoint: "file",
    });
    app.route("/none", () => sendFile("none"), { endpoint: "none" });
    app.route("/typed", () => sendFile("secret.txt", { mimeType: "text/x-secret" }), { endpoint: "typed" });
    app.route("/dir/<path:name>", ({ name }) => sendFromDirectory("static", name), { endpoint: "dir" });
    const client = app.testClient();
    const file = await client.get("/file");
    expect(await file.text()).toBe("0123456789");
    expect(file.headers.get("content-disposition")).toBe(`attachment; filename="?.txt"; filename*=UTF-8''%E6%97%A5.txt`);
    expect(file.headers.get("cache-control")).toBe("public, max-age=60");
    expect((await client.get("/none")).status).toBe(404);
    expect((await client.get("/typed")).headers.get("content-type")).toBe("text/x-secret");
    expect((await client.get("/dir/a.css")).status).toBe(200);
    expect((await client.get("/dir/..%2Fsecret.txt")).status).toBe(404);
  });
});
