import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Flagon, TestClient } from "flagon";
import { parseHTML } from "linkedom";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import api from "../samples/api";
import { createApp } from "../samples/blog";

const project = join(__dirname, "..");

describe("samples/blog.ts", () => {
  let folder: string;
  let app: Flagon;
  let client: TestClient;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "flagon-blog-"));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  let databases = 0;
  beforeEach(async () => {
    app = await createApp(`file:${join(folder, `${databases++}.db`)}`);
    app.config.update({ secretKey: "a key for tests", testing: true });
    client = app.testClient();
  });

  async function read(target: string, options?: Parameters<TestClient["get"]>[1]) {
    const response = await client.get(target, options);
    return { response, document: parseHTML(await response.text()).document };
  }

  it("lists posts, the newest first, with links to each", async () => {
    const { response, document } = await read("/");
    expect(response.status).toBe(200);
    expect([...document.querySelectorAll("h2 a")].map((link) => link.getAttribute("href"))).toEqual(["/posts/3", "/posts/2", "/posts/1"]);
    expect(document.querySelector("nav.pages")).toBeNull();
  });

  it("lists five posts on a page, and gives each page one address", async () => {
    for (let number = 0; number < 4; number++) {
      await client.post("/posts/new", { form: { title: `Number ${number}`, body: "Text", tags: "" } });
    }
    expect((await read("/")).document.querySelectorAll("article")).toHaveLength(5);
    const second = await read("/page/2");
    expect(second.document.querySelectorAll("article")).toHaveLength(2);
    expect(second.document.querySelector("a[rel=prev]")?.getAttribute("href")).toBe("/");
    const first = await client.get("/page/1");
    expect([first.status, first.headers.get("location")]).toEqual([308, "/"]);
    expect((await client.get("/page/3")).status).toBe(404);
  });

  it("creates a post and shows it with a flashed message, once", async () => {
    const response = await client.post("/posts/new", {
      form: { title: " A <b>title</b> ", body: "One\n\nTwo <script>", tags: "New, two words, new" },
      followRedirects: true,
    });
    expect(response.history.map(({ status }) => status)).toEqual([303]);
    const { document } = parseHTML(await response.text());
    expect(document.querySelector("h1")?.textContent).toBe("A <b>title</b>");
    expect([...document.querySelectorAll(".post .prose p")].map((paragraph) => paragraph.textContent)).toEqual(["One", "Two <script>"]);
    expect([...document.querySelectorAll(".tag")].map((tag) => tag.textContent)).toEqual(["#new", "#two-words"]);
    expect(document.querySelector(".flash")?.textContent).toBe("Published.");
    expect((await read("/")).document.querySelector(".flash")).toBeNull();
  });

  it("shows the form again with what was typed when a post is not valid", async () => {
    const response = await client.post("/posts/new", { form: { title: "", body: "Kept & safe", tags: "a" } });
    expect(response.status).toBe(422);
    const page = await response.text();
    const { document } = parseHTML(page);
    expect(document.querySelector("#field-title-errors")?.textContent).toBe("This field is required.");
    expect(document.querySelector("[name=title]")?.getAttribute("aria-invalid")).toBe("true");
    expect(page).toContain(">\nKept &amp; safe</textarea>");
    expect(document.querySelector("[name=tags]")?.getAttribute("value")).toBe("a");
  });

  it("changes a post from a form that holds it", async () => {
    const { document } = await read("/posts/2/edit");
    expect(document.querySelector("[name=title]")?.getAttribute("value")).toBe("One decorator, one page");
    expect(document.querySelector("[name=tags]")?.getAttribute("value")).toBe("flagon, routing");
    await client.post("/posts/2/edit", { form: { title: "Changed", body: "Text", tags: "other" } });
    expect(await (await client.get("/api/posts/2")).json()).toMatchObject({ title: "Changed", body: "Text", tags: ["other"] });
  });

  it("deletes a post with its tags and comments", async () => {
    const response = await client.post("/posts/1/delete", { followRedirects: true });
    expect(await response.text()).toContain("is deleted.");
    expect((await client.get("/posts/1")).status).toBe(404);
    expect((await client.get("/posts/1/delete")).status).toBe(405);
  });

  it("takes comments", async () => {
    const refused = await client.post("/posts/1", { form: { author: "Ann", body: " " } });
    expect(refused.status).toBe(422);
    const taken = await client.post("/posts/1", { form: { author: "Ann", body: "Fine <i>work</i>." } });
    expect(taken.headers.get("location")).toBe("/posts/1#comments");
    const { document } = await read("/posts/1");
    expect([...document.querySelectorAll(".comment strong")].map((author) => author.textContent)).toEqual(["A guest", "Ann"]);
    expect(document.querySelector(".comment:last-of-type .prose")?.textContent).toBe("Fine <i>work</i>.");
  });

  it("lists the posts of a tag", async () => {
    const { document } = await read("/tags/routing");
    expect([...document.querySelectorAll("h2 a")].map((link) => link.textContent)).toEqual(["One decorator, one page"]);
    expect((await client.get("/tags/nothing")).status).toBe(404);
  });

  it("answers for a page that does not exist with a page of its own", async () => {
    const { response, document } = await read("/nowhere");
    expect(response.status).toBe(404);
    expect(document.querySelector("h1")?.textContent).toBe("This flagon is empty");
    expect(document.querySelector("nav a")).not.toBeNull();
  });

  it("serves an Atom feed with absolute links", async () => {
    const response = await client.get("https://example.com/feed.xml");
    expect(response.headers.get("content-type")).toBe("application/atom+xml; charset=utf-8");
    const feed = await response.text();
    expect(feed).toMatch(/^<\?xml version="1.0" encoding="utf-8"\?>\n<feed/);
    expect(feed).toContain("<id>https://example.com/posts/3</id>");
    expect(feed.match(/<entry>/g)).toHaveLength(3);
  });

  it("shows a post as JSON, also its errors", async () => {
    const post: unknown = await (await client.get("/api/posts/1")).json();
    expect(post).toMatchObject({ id: 1, title: "What a flagon is", tags: ["flagon"], comments: [{ author: "A guest" }] });
    expect(post).toHaveProperty("createdAt", "2026-01-01T00:00:00.000Z");
    expect((await client.get("/api/posts/one")).status).toBe(404);
  });

  it("serves its style sheet for good at the address that pages link to", async () => {
    const { document } = await read("/");
    const href = document.querySelector("link[rel=stylesheet]")?.getAttribute("href") ?? "";
    const response = await client.get(href);
    expect(response.headers.get("content-type")).toBe("text/css; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect((await client.get("/static/blog.css")).headers.get("cache-control")).toBe("no-cache");
  });

  it("refuses what another site sends", async () => {
    const response = await client.post("/posts/1/delete", { headers: { "sec-fetch-site": "cross-site" } });
    expect(response.status).toBe(403);
    expect((await client.get("/posts/1")).status).toBe(200);
  });

  it("answers over a socket as through the test client", async () => {
    const server = createServer(app.handler).listen(0, "127.0.0.1");
    await once(server, "listening");
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const index = await fetch(`${origin}/`);
      expect([index.status, await index.text()]).toEqual([200, await (await client.get("/")).text()]);
      const created = await fetch(`${origin}/posts/new`, {
        method: "POST",
        body: new URLSearchParams({ title: "By socket", body: "Text", tags: "wire" }),
        redirect: "manual",
      });
      expect([created.status, created.headers.get("location")]).toEqual([303, "/posts/4"]);
      const [cookie = ""] = created.headers.getSetCookie();
      const shown = await fetch(`${origin}/posts/4`, { headers: { cookie: cookie.split(";")[0] ?? "" } });
      expect(await shown.text()).toContain("Published.");
      expect((await fetch(`${origin}/posts/99`)).status).toBe(404);
      expect((await fetch(`${origin}/feed.xml`)).status).toBe(200);
      expect((await fetch(`${origin}/tags/wire`)).status).toBe(200);
      expect(await (await fetch(`${origin}/api/posts/4`)).json()).toMatchObject({ title: "By socket", tags: ["wire"] });
      const head = await fetch(`${origin}/posts/1`, { method: "HEAD" });
      expect([head.status, await head.text()]).toEqual([200, ""]);
      expect(Number(head.headers.get("content-length"))).toBeGreaterThan(1000);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});

describe("npx ts-node samples/blog.ts", () => {
  it("serves the blog, says where, and keeps its posts when it is started again", async () => {
    const folder = await mkdtemp(join(tmpdir(), "flagon-start-"));
    const environment = {
      ...process.env,
      DATABASE_URL: `file:${join(folder, "kept.db")}`,
      FLAGON_RUN_PORT: "0",
      FLAGON_SECRET_KEY: "for tests",
    };
    const start = async () => {
      const child = spawn(process.execPath, [join(project, "node_modules/ts-node/dist/bin.js"), "samples/blog.ts"], {
        cwd: project,
        env: environment,
      });
      let said = "";
      for await (const chunk of child.stderr) {
        said += String(chunk);
        const origin = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(said)?.[1];
        if (origin !== undefined) {
          return { child, origin };
        }
      }
      throw new Error(`The blog did not start: ${said}`);
    };
    try {
      const first = await start();
      const created = await fetch(`${first.origin}/posts/new`, {
        method: "POST",
        body: new URLSearchParams({ title: "Kept", body: "Text" }),
        redirect: "manual",
      });
      expect(created.status).toBe(303);
      first.child.kill("SIGTERM");
      await once(first.child, "exit");
      const second = await start();
      const page = await fetch(second.origin + (created.headers.get("location") ?? ""));
      expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("Kept")]);
      second.child.kill("SIGTERM");
      await once(second.child, "exit");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("samples/hello.ts", () => {
  it("is a whole app", async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        join(project, "node_modules/ts-node/dist/bin.js"),
        "-e",
        'require("./samples/hello").default.testClient().get("/hello/Ann").then((r) => r.text()).then(console.log)',
      ],
      { cwd: project },
    );
    expect(stdout.trim()).toBe("<h1>Hello, Ann!</h1>");
  });
});

describe("samples/api.ts", () => {
  it("keeps tasks, refuses what is not valid, and describes itself", async () => {
    const service = api.testClient();
    const made = await service.post("/api/tasks", { json: { title: " Mow the lawn " } });
    expect([made.status, await made.json()]).toEqual([201, { id: 1, title: "Mow the lawn", status: "open" }]);
    expect((await service.post("/api/tasks", { json: { title: "x", due: "soon" } })).status).toBe(422);
    expect(await (await service.get("/api/tasks?search=LAWN&status=open")).json()).toHaveLength(1);
    expect((await service.get("/api/tasks?size=0")).status).toBe(422);
    expect(await (await service.put("/api/tasks/1", { json: { title: "Done", status: "done" } })).json()).toMatchObject({ status: "done" });
    expect((await service.delete("/api/tasks/1")).status).toBe(204);
    expect(await (await service.get("/api/tasks/1")).json()).toEqual({
      title: "Not Found",
      detail: "There is no task 1.",
      path: "/api/tasks/1",
    });
    expect(Object.keys(((await (await service.get("/openapi.json")).json()) as { paths: object }).paths)).toEqual([
      "/api/tasks",
      "/api/tasks/{id}",
    ]);
    expect((await service.get("/", { followRedirects: true })).status).toBe(200);
  });
});
