import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Flagon, html, makeResponse } from "flagon";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

function unreachable(): never {
  throw new Error("The app runs in another process.");
}

describe("the toolbar", () => {
  let browser: Browser;
  let server: Server;
  let origin: string;
  let page: Page;
  const problems: string[] = [];

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
    server = app.run({ port: 0, reload: false }) ?? unreachable();
    await once(server, "listening");
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
    page = await browser.newPage();
    page.on("console", (message) => (message.type() === "error" ? problems.push(message.text()) : undefined));
    page.on("pageerror", (error) => problems.push(String(error)));
  });

  afterAll(async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
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
