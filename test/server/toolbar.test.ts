import { request as sendRequest } from "node:http";
import { join } from "node:path";
import { afterRequest, beforeRequest, type Flagon, flash, recordQuery, redirect, renderTemplate, route, session } from "flagon";
import { describe, expect, it, vi } from "vitest";
import { createApp, writeFiles } from "../support";
import { runForTest } from "./development-server";

class Site {
  @beforeRequest
  early() {
    return undefined;
  }
  @afterRequest
  late() {}
  @route("/posts/<int:id>")
  show() {
    recordQuery("select * from posts where id = ?", { parameters: [7n], duration: 1.5 });
    recordQuery("select 1");
    currentLogger?.warn({ post: 7 }, "Odd <b>thing</b>");
    session.set("basket", [1]);
    session.set("csrf_token", "secret");
    return renderTemplate("page", { title: "One" });
  }
  @route("/go")
  go() {
    flash("Gone.");
    return redirect("/posts/1");
  }
  @route("/part")
  part() {
    return "<h1>Part</h1>";
  }
  @route("/json")
  json() {
    return { a: 1 };
  }
  @route("/fail")
  fail(): never {
    throw new Error("no");
  }
}

let currentLogger: Flagon["logger"] | undefined;

async function serve(config = {}) {
  const root = writeFiles({ "templates/page.eta": "<html><body><%= it.title %></body></html>" });
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const app = createApp({ templates: join(root, "templates"), config: { testing: false, ...config } }, Site);
  const port = await runForTest(app);
  currentLogger = app.logger;
  const origin = `http://127.0.0.1:${port}`;
  const reports = async () => (await (await fetch(`${origin}/_flagon/requests`)).json()) as Record<string, unknown>[];
  return { origin, port, reports };
}

describe("the scripts of the development server", () => {
  it("are in HTML without an end if the browser opens it as a page, and not in parts that a script asks for", async () => {
    const { origin } = await serve();
    const accept = "text/html,application/xhtml+xml,*/*;q=0.8";
    const read = async (path: string, headers: Record<string, string>) => (await fetch(origin + path, { headers })).text();
    for (const headers of [{ "sec-fetch-dest": "document" }, { "sec-fetch-dest": "iframe" }, { accept }]) {
      expect(await read("/part", headers)).toMatch(
        /^<h1>Part<\/h1><script src="\/_flagon\/reload.js"><\/script><script src="\/_flagon\/toolbar.js"/,
      );
      expect(await read("/none", headers)).toContain("reload.js");
      expect(await read("/fail", headers)).toContain("reload.js");
    }
    const parts: Record<string, string>[] = [
      {},
      { "sec-fetch-dest": "empty", accept },
      { accept, "hx-request": "true" },
      { accept, "x-requested-with": "XMLHttpRequest" },
      { accept, "turbo-frame": "list" },
    ];
    for (const headers of parts) {
      expect(await read("/part", headers)).toBe("<h1>Part</h1>");
    }
  });
});

describe("the toolbar of the development server", () => {
  it("shows the route, phases, templates, queries, log lines and session of each request, without secrets", async () => {
    const { origin, reports } = await serve();
    const page = await (await fetch(`${origin}/posts/7?q=1`)).text();
    expect(page).toContain(
      'One<script src="/_flagon/reload.js"></script><script src="/_flagon/toolbar.js" data-request="1"></script></body>',
    );
    const [report] = await reports();
    expect(report).toMatchObject({
      id: 1,
      method: "GET",
      target: "/posts/7?q=1",
      status: 200,
      rule: "/posts/<int:id>",
      endpoint: "show",
      view: "Site.show",
      hooks: { before: 1, after: 1, teardown: 0 },
      templates: [{ name: "page", duration: expect.any(Number) }],
      queries: [
        { sql: "select * from posts where id = ?", parameters: '["7"]', duration: 1.5 },
        { sql: "select 1", parameters: "", duration: null },
      ],
      log: [{ level: "warn", message: "Odd <b>thing</b> post=7" }],
      session: [
        ["basket", "[1]"],
        ["csrf_token", "•••"],
      ],
    });
    const phases = report?.phases as [string, number][];
    expect(phases.map(([name]) => name)).toEqual(["Routing, session, checks", "Hooks before", "View", "Hooks after", "Session saved"]);
    expect(phases.every(([, duration]) => duration >= 0)).toBe(true);
    expect(phases.reduce((sum, [, duration]) => sum + duration, 0)).toBeLessThanOrEqual((report?.duration as number) + 0.01);
  });

  it("lists the latest fifty requests, and changes no redirects, errors and other types than pages", async () => {
    const { origin, reports } = await serve();
    expect(await (await fetch(`${origin}/json`)).text()).toBe('{"a":1}');
    await fetch(`${origin}/go`, { redirect: "manual" });
    await fetch(`${origin}/fail`);
    await fetch(`${origin}/none`);
    expect((await reports()).map(({ target, status, rule }) => [target, status, rule])).toEqual([
      ["/none", 404, null],
      ["/fail", 500, "/fail"],
      ["/go", 303, "/go"],
      ["/json", 200, "/json"],
    ]);
    for (let count = 0; count < 60; count++) {
      await fetch(`${origin}/json`);
    }
    expect((await reports()).map(({ id }) => id)).toEqual(Array.from({ length: 50 }, (_, index) => 64 - index));
  });

  it("answers only this machine by its own host name, and can be turned off", async () => {
    const { origin, port } = await serve({ debugToolbar: false });
    expect(await (await fetch(`${origin}/posts/1`)).text()).not.toContain("toolbar.js");
    const status = await new Promise((resolve) => {
      const options = { port, host: "127.0.0.1", path: "/_flagon/requests", headers: { host: "evil.example" } };
      sendRequest(options, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).end();
    });
    expect(status).toBe(403);
  });
});
