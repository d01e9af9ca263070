import type { Server } from "node:http";
import { Flagon, html, makeResponse } from "flagon";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closeServer, launchBrowser, originOf, runApp, watchProblems } from "./support";

describe("the toolbar", () => {
  let browser: Browser;
  let server: Server;
  let origin: string;
  let page: Page;
  let problems: readonly string[];

  beforeAll(async () => {
    const app = new Flagon(__dirname, { name: "tools", config: { secretKey: "a key for tests" } });
    app.route(
      "/page",
      () =>
        makeResponse(html`<!doctype html><html lang="en"><body>Text</body></html>`, 200, {
          "content-security-policy": "default-src 'self'",
        }),
      { endpoint: "page" },
    );
    app.route("/odd", () => ({ odd: true }), { endpoint: "odd" });
    app.route("/favicon.ico", () => "", { endpoint: "icon" });
    server = runApp(app);
    origin = await originOf(server);
    browser = await launchBrowser();
    page = await browser.newPage();
    problems = watchProblems(page);
  });

  afterAll(async () => {
    await browser?.close();
    closeServer(server);
  });

  it("shows the latest requests on a page, also under a strict Content-Security-Policy", async () => {
    await page.goto(`${origin}/page`);
    await page.evaluate("fetch('/odd?<b>=1')");
    const bar = page.locator("flagon-toolbar");
    await bar.locator("summary").click();
    await bar.getByText("Latest requests").waitFor();
    expect(await bar.locator("summary").innerText()).toMatch(/^200 GET · [\d.]+ ms$/);
    expect(await bar.locator("table").first().innerText()).toContain("/page");
    await bar
      .getByRole("button", { name: "GET /odd?<b>=1" })
      .or(bar.getByRole("button", { name: "GET /odd?%3Cb%3E=1" }))
      .click();
    expect(await bar.locator("table").first().innerText()).toContain("odd");
    await page.reload();
    // It stays open from page to page.
    await bar.getByText("Latest requests").waitFor();
    expect(problems).toEqual([]);
  });
});
