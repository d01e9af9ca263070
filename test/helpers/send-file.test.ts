import { join } from "node:path";
import { Readable } from "node:stream";
import { Flagon, type SendFileOptions, sendFile, sendFromDirectory } from "flagon";
import { expect, it, vi } from "vitest";
import { writeFiles } from "../support";

const page = "<h1>Hi</h1><script>alert(1)</script>";
const names = ["a.html", "a.htm", "a.xhtml", "a.svg", "a.xml", "a.rss", "a.xsl", "a.png", "a.txt", "a.pdf", "a.docx", "noextension"];
const active = new Set(names.slice(0, 7));

function createFiles(instancePath?: string) {
  const folders = ["instance/uploads", "uploads/deep", "client", "data"];
  const root = writeFiles(Object.fromEntries(folders.flatMap((folder) => names.map((name) => [`${folder}/${name}`, page]))));
  const app = new Flagon(root, { config: { testing: true }, ...(instancePath === undefined ? {} : { instancePath }) });
  const ask = async (view: () => unknown) => {
    const own = new Flagon(root, { config: { testing: true }, ...(instancePath === undefined ? {} : { instancePath }) });
    own.get("/", view, { endpoint: "file" });
    const response = await own.testClient().get("/");
    return { policy: response.headers.get("content-security-policy") ?? "", response };
  };
  return { app, ask, root };
}

it.each(names)("sandboxes a document that may come from a visitor: %s", async (name) => {
  const { app, ask } = createFiles();
  const views = [
    () => sendFile(`data/${name}`, { downloadName: name }),
    () => sendFile(join(app.instancePath, "uploads", name)),
    () => sendFile(`instance/uploads/${name}`),
    () => sendFromDirectory("instance/uploads", name),
    () => sendFromDirectory("instance", `uploads/${name}`),
    () => sendFromDirectory("uploads", `deep/${name}`),
    () => sendFile(Buffer.from(page), { downloadName: name }),
    () => sendFile(Readable.from([Buffer.from(page)]), { downloadName: name }),
  ];
  for (const view of views) {
    const { policy, response } = await ask(view);
    expect([response.status, /; sandbox$/.test(policy)]).toEqual([200, active.has(name)]);
  }
});

it.each([
  "text/html",
  "TEXT/HTML; charset=utf-8",
  "image/png, text/html",
  "application/xhtml+xml",
  "image/svg+xml",
  "text/xml",
  "application/atom+xml",
])("sandboxes by the type that a visitor stated: %s", async (mimeType) => {
  const { ask } = createFiles();
  for (const view of [
    () => sendFile("data/noextension", { mimeType, downloadName: "photo.png" }),
    () => sendFile(Buffer.from(page), { mimeType }),
  ]) {
    expect((await ask(view)).policy).toMatch(/; sandbox$/);
  }
});

it("leaves the app's own documents alone, and those that the browser saves", async () => {
  const { ask } = createFiles();
  const save: SendFileOptions = { asAttachment: true, downloadName: "a.html" };
  for (const view of [
    () => sendFile("client/a.html"),
    () => sendFromDirectory("client", "a.html"),
    () => sendFile("data/a.html", save),
    () => sendFile("instance/uploads/a.svg", { asAttachment: true }),
  ]) {
    const { policy, response } = await ask(view);
    expect([response.status, policy.includes("sandbox")]).toEqual([200, false]);
  }
});

it("sends the header inline for a download name, unchanged", async () => {
  const { ask } = createFiles();
  const { response } = await ask(() => sendFile("data/a.html", { downloadName: "b.html" }));
  expect(response.headers.get("content-disposition")).toBe('inline; filename="b.html"');
  expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
});

it("lets the view take the sandbox away: the page then has the app's policy", async () => {
  const { ask } = createFiles();
  const { policy } = await ask(async () => {
    const response = await sendFile("data/a.html", { downloadName: "b.html" });
    response.headers.delete("content-security-policy");
    return response;
  });
  expect(policy).toBe("object-src 'none'; base-uri 'none'; frame-ancestors 'self'");
});

it("takes no instance folder around the whole app for one of uploads", async () => {
  const { ask } = createFiles(".");
  expect((await ask(() => sendFile("client/a.html"))).policy).not.toContain("sandbox");
});

it("keeps the sandbox in answers to conditional and range requests", async () => {
  const { app } = createFiles();
  app.get("/", () => sendFile("uploads/deep/a.html"), { endpoint: "file" });
  const client = app.testClient();
  const etag = (await client.get("/")).headers.get("etag") ?? "";
  for (const headers of [{ "if-none-match": etag }, { range: "bytes=0-3" }]) {
    expect((await client.get("/", { headers })).headers.get("content-security-policy")).toMatch(/; sandbox$/);
  }
});

it("names a missing file in the log, and not to the visitor", async () => {
  const { app, root } = createFiles();
  app.config.update({ testing: false });
  const lines: string[] = [];
  app.get("/", (): Promise<unknown> => sendFile("data/gone.pdf"), { endpoint: "file" });
  app.logger.level = "silent";
  app.beforeRequest((request) => {
    vi.spyOn(request.log, "warn").mockImplementation((...words: unknown[]) => void lines.push(JSON.stringify(words)));
  });
  const response = await app.testClient().get("/");
  expect(response.status).toBe(404);
  expect(await response.text()).not.toContain("gone.pdf");
  expect(lines).toEqual([JSON.stringify([{ path: join(root, "data/gone.pdf") }, "sendFile() found no such file."])]);
});
