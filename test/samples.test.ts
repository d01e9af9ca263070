import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Flagon, TestClient } from "flagon";
import type { Jobs } from "flagon/jobs";
import type { Mail } from "flagon/mail";
import { parseHTML } from "linkedom";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import api from "../samples/api";
import { createApp } from "../samples/blog";

const project = join(__dirname, "..");

/** Returns the target of the link in the latest mail to somebody, once it is sent. */
async function readLink(app: Flagon, address: string): Promise<string> {
  const { jobs, mail } = app.extensions as { jobs: Jobs; mail: Mail };
  await jobs.drain();
  const { text = "" } = mail.outbox.findLast(({ to }) => to[0]?.address === address) ?? {};
  const { pathname, search } = new URL(/https?:[^\s)]+/.exec(text)?.[0] ?? "http://none/");
  return pathname + search;
}

/** Registers with a running blog, and publishes a post there, as a script would. */
async function publish(origin: string, post: Record<string, string>, findLink: () => Promise<string>) {
  const send = async (target: string, form: Record<string, string>, cookie = "") => {
    const init = { method: "POST", body: new URLSearchParams(form), redirect: "manual", headers: { origin, cookie } } as const;
    const response = await fetch(origin + target, init);
    return { response, cookie: response.headers.getSetCookie().at(-1)?.split(";")[0] ?? "" };
  };
  await send("/register", { name: "Ann", email: "ann@example.com", password: "long enough", again: "long enough" });
  await send(await findLink(), {});
  const member = await send("/login", { name: "Ann", password: "long enough" });
  const { response, cookie } = await send("/posts/new", post, member.cookie);
  return { created: response, cookie };
}

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

  const memberOf = (name: string) => ({
    name,
    email: `${name.toLowerCase()}@example.com`,
    password: "long enough",
    again: "long enough",
  });

  /** Registers, confirms the address and logs in. */
  async function register(name = "Ann", as = client) {
    const form = memberOf(name);
    const response = await as.post("/register", { form });
    expect([response.status, response.headers.get("location")]).toEqual([303, "/login"]);
    expect((await as.post(await readLink(app, form.email))).status).toBe(303);
    expect((await as.post("/login", { form: { name, password: form.password } })).status).toBe(303);
  }

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
    await register();
    for (let number = 0; number < 4; number++) {
      await client.post("/posts/new", { form: { title: `Number ${number}`, body: "Text", tags: "one" } });
    }
    expect((await read("/")).document.querySelectorAll("article")).toHaveLength(5);
    const second = await read("/page/2");
    expect(second.document.querySelectorAll("article")).toHaveLength(2);
    expect(second.document.querySelector("a[rel=prev]")?.getAttribute("href")).toBe("/");
    const first = await client.get("/page/1");
    expect([first.status, first.headers.get("location")]).toEqual([308, "/"]);
    expect((await client.get("/page/3")).status).toBe(404);
  });

  it("lists the posts of a tag in pages as well", async () => {
    await register();
    for (let number = 0; number < 6; number++) {
      await client.post("/posts/new", { form: { title: `Number ${number}`, body: "Text", tags: "one" } });
    }
    const first = (await read("/tags/one")).document;
    expect(first.querySelectorAll("article")).toHaveLength(5);
    expect(first.querySelector("a[rel=next]")?.getAttribute("href")).toBe("/tags/one/page/2");
    const second = (await read("/tags/one/page/2")).document;
    expect([...second.querySelectorAll("h2 a")].map((link) => link.textContent)).toEqual(["Number 0"]);
    expect(second.querySelector("a[rel=prev]")?.getAttribute("href")).toBe("/tags/one");
    expect((await client.get("/tags/one/page/3")).status).toBe(404);
  });

  it("creates a post and shows it with a flashed message, once", async () => {
    await register();
    await read("/");
    const response = await client.post("/posts/new", {
      form: { title: " A <b>title</b> ", body: "One\n\nTwo <script>", tags: "New, two words, new" },
      followRedirects: true,
    });
    expect(response.history.map(({ status }) => status)).toEqual([303]);
    const { document } = parseHTML(await response.text());
    expect(document.querySelector("h1")?.textContent).toBe("A <b>title</b>");
    expect([...document.querySelectorAll(".post .prose p")].map((paragraph) => paragraph.textContent)).toEqual(["One", "Two <script>"]);
    expect([...document.querySelectorAll(".tag")].map((tag) => tag.textContent)).toEqual(["#new", "#two-words"]);
    expect(document.querySelector(".meta")?.textContent).toContain("by Ann");
    expect(document.querySelector(".flash")?.textContent).toBe("Published.");
    expect((await read("/")).document.querySelector(".flash")).toBeNull();
  });

  it("shows the form again with its input when a post is not valid", async () => {
    await register();
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
    await register();
    await client.post("/posts/new", { form: { title: "First", body: "Text", tags: "a, b" } });
    const { document } = await read("/posts/4/edit");
    expect(document.querySelector("[name=title]")?.getAttribute("value")).toBe("First");
    expect(document.querySelector("[name=tags]")?.getAttribute("value")).toBe("a, b");
    await client.post("/posts/4/edit", { form: { title: "Changed", body: "Text", tags: "other" } });
    expect(await (await client.get("/api/posts/4")).json()).toMatchObject({ title: "Changed", author: "Ann", tags: ["other"] });
  });

  it("deletes a post with its tags and comments", async () => {
    await register();
    await client.post("/posts/new", { form: { title: "Mine", body: "Text", tags: "gone" } });
    await client.post("/posts/4", { form: { body: "Comment" } });
    const response = await client.post("/posts/4/delete", { followRedirects: true });
    expect(await response.text()).toContain("is deleted.");
    expect((await client.get("/posts/4")).status).toBe(404);
    expect((await client.get("/tags/gone")).status).toBe(404);
    expect((await client.get("/posts/4/delete")).status).toBe(405);
  });

  it("takes comments of members", async () => {
    expect((await read("/posts/1")).document.querySelector("#comments form")).toBeNull();
    const unknown = await client.post("/posts/1", { form: { body: "Spam" } });
    expect([unknown.status, unknown.headers.get("location")]).toEqual([303, "/login"]);
    await register();
    const refused = await client.post("/posts/1", { form: { body: " " } });
    expect(refused.status).toBe(422);
    const taken = await client.post("/posts/1", { form: { body: "Fine <i>work</i>." } });
    expect(taken.headers.get("location")).toBe("/posts/1#comments");
    const { document } = await read("/posts/1");
    expect([...document.querySelectorAll(".comment strong")].map((author) => author.textContent)).toEqual(["A guest", "Ann"]);
    expect(document.querySelector(".comment:last-of-type .prose")?.textContent).toBe("Fine <i>work</i>.");
  });

  it("lets only authors change and delete their posts, and take comments back", async () => {
    await register();
    await client.post("/posts/new", { form: { title: "Ann's", body: "Text", tags: "" } });
    await client.post("/posts/4", { form: { body: "By Ann" } });
    const other = app.testClient();
    await register("Bo", other);
    await other.post("/posts/4", { form: { body: "By Bo" } });
    const page = parseHTML(await (await other.get("/posts/4")).text()).document;
    expect(page.querySelector("a[href='/posts/4/edit']")).toBeNull();
    expect([...page.querySelectorAll("form[action*='/comments/']")].map((form) => form.getAttribute("action"))).toEqual([
      "/posts/4/comments/3/delete",
    ]);
    const answers = [
      await other.get("/posts/4/edit"),
      await other.post("/posts/4/edit", { form: { title: "Bo's", body: "Text" } }),
      await other.post("/posts/4/delete"),
      await other.post("/posts/4/comments/2/delete"),
      // The first posts belong to nobody.
      await other.post("/posts/1/delete"),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403]);
    expect(await answers[2]?.text()).toContain("Only its author can change this post.");
    expect(await (await client.get("/api/posts/4")).json()).toMatchObject({ title: "Ann's" });
    expect((await client.post("/posts/4/comments/3/delete")).status).toBe(303);
    expect((await client.post("/posts/4/comments/2/delete")).status).toBe(303);
    expect((await client.post("/posts/1/comments/2/delete")).status).toBe(404);
    expect((await read("/posts/4")).document.querySelectorAll(".comment")).toHaveLength(0);
  });

  it("registers members, logs them in and out, and redirects back", async () => {
    const asked = await client.get("/posts/new?draft=1");
    expect([asked.status, asked.headers.get("location")]).toEqual([303, "/login?next=%2Fposts%2Fnew%3Fdraft%3D1"]);
    const { document } = await read("/login?next=%2Fposts%2Fnew");
    expect(document.querySelector(".flash")?.textContent).toBe("Please log in to access this page.");
    expect(document.querySelector("a[href^='/register']")?.getAttribute("href")).toBe("/register?next=%2Fposts%2Fnew");
    const send = (form: Record<string, string>) => client.post("/register?next=%2Fposts%2Fnew", { form });
    const ann = memberOf("Ann");
    expect(await (await send({ ...ann, again: "different" })).text()).toContain("The two passwords differ.");
    const made = await send(ann);
    expect([made.status, made.headers.get("location")]).toEqual([303, "/login?next=%2Fposts%2Fnew"]);
    const confirmed = await client.post(await readLink(app, ann.email));
    expect([confirmed.status, confirmed.headers.get("location")]).toEqual([303, "/login?next=%2Fposts%2Fnew"]);
    const entered = await client.post("/login?next=%2Fposts%2Fnew", { form: { name: "Ann", password: "long enough" } });
    expect(entered.headers.get("location")).toBe("/posts/new");
    expect((await client.get("/posts/new")).status).toBe(200);
    expect((await client.post("/logout")).status).toBe(303);
    expect((await client.get("/posts/new")).status).toBe(303);
    expect(await (await send({ ...ann, name: "ANN", email: "other@example.com" })).text()).toContain("has this name already");
    for (const form of [
      { name: "Ann", password: "wrong" },
      { name: "Nobody", password: "long enough" },
    ]) {
      const wrong = await client.post("/login", { form });
      expect(wrong.status).toBe(422);
      const page = await wrong.text();
      expect(page).toContain("Name or password is wrong.");
      expect(page).not.toContain(`value="${form.password}"`);
    }
    const login = await client.post("/login?next=//evil.example", { form: { name: "ann", password: "long enough" } });
    expect([login.status, login.headers.get("location")]).toEqual([303, "/"]);
    expect(login.headers.getSetCookie().join()).not.toContain("remember_token");
  });

  it("remembers a login on request, until the password changes, and asks for a fresh login to change it", async () => {
    await register();
    const login = await client.post("/login", { form: { name: "Ann", password: "long enough", remember: "on" } });
    const remembered = login.headers.getSetCookie().find((cookie) => cookie.startsWith("remember_token="));
    const cookie = remembered?.split(";")[0] ?? "";
    const come = (target: string) => app.testClient().get(target, { headers: { cookie } });
    expect((await come("/posts/new")).status).toBe(200);
    expect((await come("/account")).headers.get("location")).toBe("/login?next=%2Faccount");
    const changed = await client.post("/account", { form: { password: "another long one", again: "another long one" } });
    expect(changed.status).toBe(303);
    expect((await come("/posts/new")).status).toBe(303);
    expect((await client.get("/account")).status).toBe(200);
  });

  it("lets nobody in whose address is not confirmed, and confirms it once, by a button", async () => {
    const ann = memberOf("Ann");
    await client.post("/register", { form: ann });
    const early = await client.post("/login", { form: { name: "Ann", password: ann.password } });
    expect([early.status, await early.text()]).toEqual([422, expect.stringContaining("Your address is not confirmed yet.")]);
    const link = await readLink(app, ann.email);
    // Scanners of mail servers fetch links.
    for (const method of ["get", "head", "get"] as const) {
      expect((await client[method](link)).status).toBe(200);
    }
    expect((await client.post(link.replace("/confirm/1/", "/confirm/2/"))).status).toBe(404);
    expect((await client.post(link.replace(/\/confirm\/1\/./, "/confirm/1/x"))).status).toBe(404);
    const answers = await Promise.all([client.post(link), client.post(link)]);
    expect(answers.map(({ status }) => status).sort()).not.toEqual([303, 303]);
    expect((await client.get(link)).status).toBe(404);
    expect((await client.post("/login", { form: { name: "Ann", password: ann.password } })).status).toBe(303);
  });

  it("answers a registration the same for known and unknown addresses, and informs their owner by mail", async () => {
    await register();
    const { mail } = app.extensions as { mail: Mail };
    const before = mail.outbox.length;
    const stranger = app.testClient();
    const known = await stranger.post("/register", { form: { ...memberOf("Bo"), email: "ANN@example.com" } });
    const unknown = await app.testClient().post("/register", { form: memberOf("Bo") });
    expect([known.status, known.headers.get("location")]).toEqual([unknown.status, unknown.headers.get("location")]);
    await readLink(app, "");
    expect(mail.outbox.slice(before).map(({ subject, to }) => [to[0]?.address.toLowerCase(), subject])).toEqual([
      ["ann@example.com", "You have an account already"],
      ["bo@example.com", "Confirm your address"],
    ]);
  });

  it("lets a later registration replace one with the same address that was not confirmed", async () => {
    await client.post("/register", { form: { ...memberOf("Mallory"), email: "ann@example.com" } });
    const first = await readLink(app, "ann@example.com");
    await register();
    expect((await client.post(first)).status).toBe(404);
    expect((await client.post("/login", { form: { name: "Mallory", password: "long enough" } })).status).toBe(422);
  });

  it("sets a new password by a link that works once, and reveals no accounts", async () => {
    await register();
    const stranger = app.testClient();
    const ask = async (email: string) => {
      const response = await stranger.post("/forgotten", { form: { email }, followRedirects: true });
      await app.backgroundWork.finish(5000);
      return (await response.text()).replaceAll(email, "…").replace(/name="csrf_token" value="[^"]*"/g, "");
    };
    const { mail } = app.extensions as { mail: Mail };
    const before = mail.outbox.length;
    const unknown = await ask("nobody@example.com");
    expect(await readLink(app, "nobody@example.com")).toBe("/");
    expect(mail.outbox).toHaveLength(before);
    // Nothing tells whether there is such an account.
    expect(await ask("Ann@Example.com")).toBe(unknown);
    const link = await readLink(app, "ann@example.com");
    expect(link).toMatch(/^\/reset\/1\/[\w.-]+$/);
    const page = await stranger.get(link);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("<strong>Ann</strong>")]);
    const form = { password: "another long one", again: "another long one" };
    expect((await stranger.post(link, { form: { ...form, again: "different" } })).status).toBe(422);
    expect((await stranger.post(link.replace("/reset/1/", "/reset/2/"), { form })).status).toBe(404);
    expect((await stranger.head(link)).status).toBe(200);
    // Ann is logged in here meanwhile.
    expect((await client.get("/posts/new")).status).toBe(200);
    // Of two at the same time, one wins.
    const both = await Promise.all([1, 2].map(() => stranger.post(link, { form })));
    expect(both.map(({ headers, status }) => [status, headers.get("location")]).sort()).toEqual([
      [303, "/login"],
      [404, null],
    ]);
    expect((await stranger.get(link)).status).toBe(404);
    expect((await stranger.post(link, { form })).status).toBe(404);
    // Whoever has the old password is out, in every browser.
    expect((await client.get("/posts/new")).headers.get("location")).toBe("/login?next=%2Fposts%2Fnew");
    expect((await client.post("/login", { form: { name: "Ann", password: "long enough" } })).status).toBe(422);
    expect((await client.post("/login", { form: { name: "Ann", password: form.password } })).status).toBe(303);
  });

  it("never leads links in mails to the host that a stranger names", async () => {
    await register();
    app.config.update({ serverName: "blog.example.com" });
    const { jobs, mail } = app.extensions as { jobs: Jobs; mail: Mail };
    const stranger = app.testClient();
    await stranger.post("http://evil.example.net/forgotten", { form: { email: "ann@example.com" } });
    await app.backgroundWork.finish(5000);
    await stranger.post("http://evil.example.net/register", { form: memberOf("Bo") });
    await stranger.post("http://evil.example.net/register", { form: { ...memberOf("Cy"), email: "ann@example.com" } });
    await jobs.drain();
    const sent = mail.outbox.slice(-3);
    expect(sent.map(({ subject }) => subject).sort()).toEqual(["A new password", "Confirm your address", "You have an account already"]);
    for (const { html, text } of sent) {
      expect(`${html}${text}`).toContain("http://blog.example.com/");
      expect(`${html}${text}`).not.toContain("evil");
    }
  });

  it("lets links die: that to a new password after an hour, that to confirm with its account after a week", async () => {
    await register();
    await client.post("/forgotten", { form: { email: "ann@example.com" } });
    await app.backgroundWork.finish(5000);
    const reset = await readLink(app, "ann@example.com");
    await client.post("/register", { form: memberOf("Bo") });
    const confirm = await readLink(app, "bo@example.com");
    const { jobs } = app.extensions as { jobs: Jobs };
    const hour = 3600_000;
    vi.useFakeTimers({ now: Date.now() + hour + 2000, toFake: ["Date"] });
    try {
      expect((await client.get(reset)).status).toBe(404);
      vi.setSystemTime(Date.now() + 6 * 24 * hour);
      await jobs.run("schedule:Accounts.removeUnconfirmed", undefined);
      expect((await client.get(confirm)).status).toBe(200);
      vi.setSystemTime(Date.now() + 24 * hour);
      expect((await client.get(confirm)).status).toBe(404);
      await jobs.run("schedule:Accounts.removeUnconfirmed", undefined);
    } finally {
      vi.useRealTimers();
    }
    // The name is free again, and members who confirmed stay.
    await register("Bo", app.testClient());
    expect((await app.testClient().post("/login", { form: { name: "Ann", password: "long enough" } })).status).toBe(303);
  });

  it("lists the posts of a tag", async () => {
    const { document } = await read("/tags/routing");
    expect([...document.querySelectorAll("h2 a")].map((link) => link.textContent)).toEqual(["One decorator, one page"]);
    expect((await client.get("/tags/nothing")).status).toBe(404);
  });

  it("has its own 404 page", async () => {
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

  it("lets browsers cache its style sheet for good", async () => {
    const { document } = await read("/");
    const href = document.querySelector("link[rel=stylesheet]")?.getAttribute("href") ?? "";
    const response = await client.get(href);
    expect(response.headers.get("content-type")).toBe("text/css; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect((await client.get("/static/blog.css")).headers.get("cache-control")).toBe("no-cache");
  });

  it("refuses requests from another site", async () => {
    await register();
    await client.post("/posts/new", { form: { title: "Mine", body: "Text" } });
    const response = await client.post("/posts/4/delete", { headers: { "sec-fetch-site": "cross-site" } });
    expect(response.status).toBe(403);
    expect(await response.text()).toContain("This is not yours");
    expect((await client.get("/posts/4")).status).toBe(200);
  });

  it("answers over a socket as through the test client", async () => {
    const server = createServer(app.handler).listen(0, "127.0.0.1");
    await once(server, "listening");
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const index = await fetch(`${origin}/`);
      expect([index.status, await index.text()]).toEqual([200, await (await client.get("/")).text()]);
      const { created, cookie } = await publish(origin, { title: "By socket", body: "Text", tags: "wire" }, () =>
        readLink(app, "ann@example.com"),
      );
      expect([created.status, created.headers.get("location")]).toEqual([303, "/posts/4"]);
      const shown = await fetch(`${origin}/posts/4`, { headers: { cookie } });
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
  it("serves the blog, prints its address, and keeps its posts across restarts", async () => {
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
      const { created } = await publish(first.origin, { title: "Kept", body: "Text" }, async () => {
        // In development, the preview shows the mail.
        for (let tries = 0; tries < 100; tries++) {
          const preview = await fetch(`${first.origin}/_flagon/mail/0`);
          const link = /href="http:\/\/[^/"]+(\/confirm[^"]+)"/.exec(await preview.text())?.[1];
          if (link !== undefined) {
            return link;
          }
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        throw new Error("No mail came.");
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
  it("keeps tasks, refuses invalid ones, and serves its own description", async () => {
    const service = api.testClient();
    const made = await service.post("/api/tasks", { json: { title: " Mow the lawn " } });
    expect([made.status, await made.json()]).toEqual([201, { id: 1, title: "Mow the lawn", status: "open" }]);
    expect((await service.post("/api/tasks", { json: { title: "x", due: "soon" } })).status).toBe(422);
    expect(await (await service.get("/api/tasks?search=LAWN&status=open")).json()).toHaveLength(1);
    expect((await service.get("/api/tasks?size=0")).status).toBe(422);
    expect(await (await service.put("/api/tasks/1", { json: { title: "Done", status: "done" } })).json()).toMatchObject({ status: "done" });
    expect((await service.delete("/api/tasks/1")).status).toBe(204);
    expect(await (await service.get("/api/tasks/1")).json()).toMatchObject({
      title: "Not Found",
      status: 404,
      detail: "There is no task 1.",
    });
    expect((await service.get("/nope")).headers.get("content-type")).toBe("application/problem+json");
    expect(Object.keys(((await (await service.get("/openapi.json")).json()) as { paths: object }).paths)).toEqual([
      "/api/tasks",
      "/api/tasks/{id}",
    ]);
    expect((await service.get("/", { followRedirects: true })).status).toBe(200);
  });
});
