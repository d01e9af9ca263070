import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cspNonce, Flagon, renderTemplateString, streamTemplateString } from "flagon";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closeServer, launchBrowser, originOf, runApp, watchProblems } from "./support";

/** A page whose first script has the nonce, and whose others have none or a wrong one. */
const page = `<!doctype html><html lang="en"><head><style nonce="<%= cspNonce() %>">h1 { color: rgb(1, 2, 3) }</style></head><body><h1>Page</h1>
<script nonce="<%= cspNonce() %>">window.ran = ["nonce"]; window.nonce = document.currentScript.nonce;</script>
<script>window.ran.push("none");</script>
<script nonce="AAAAAAAAAAAAAAAAAAAAAA==">window.ran.push("wrong");</script>
<p onclick="window.ran.push('attribute')">Text</p></body></html>`;
const wait = "<% await new Promise((resolve) => setTimeout(resolve, 20)) %>";

describe.each([
  ["production", false, { defaultSrc: ["'self'"] }],
  ["debug mode", true, { defaultSrc: ["'self'"] }],
  ["debug mode, with 'strict-dynamic'", true, { defaultSrc: ["'self'"], scriptSrc: ["'strict-dynamic'"] }],
])("a policy without 'unsafe-inline' in %s", (_label, debug, contentSecurityPolicy) => {
  let browser: Browser;
  let server: Server;
  let origin: string;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "flagon-policy-"));
    mkdirSync(join(folder, "templates"));
    const app = new Flagon(folder, {
      name: "policy",
      config: { secretKey: "a key for tests", debug, contentSecurityPolicy },
    });
    app.logger.level = "silent";
    app.route("/page", () => renderTemplateString(page), { endpoint: "page" });
    app.route("/first", () => streamTemplateString(`${wait}${page}`), { endpoint: "first" });
    app.route(
      "/streamed",
      () => {
        cspNonce();
        return streamTemplateString(`<!-- sent first -->${wait}${page}`);
      },
      { endpoint: "streamed" },
    );
    app.errorHandler(404, () => renderTemplateString(page));
    app.route("/favicon.ico", () => "", { endpoint: "icon" });
    server = runApp(app);
    origin = await originOf(server);
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    closeServer(server);
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(["/page", "/first", "/streamed", "/nowhere"])("runs the scripts with the nonce alone, of %s", async (path) => {
    const tab = await browser.newPage();
    const nonces: unknown[] = [];
    for (let load = 0; load < 2; load++) {
      const response = await tab.goto(origin + path);
      expect(response?.headers()["content-security-policy"]).not.toContain("unsafe-inline");
      await tab.locator("p").click();
      expect(await tab.evaluate("window.ran")).toEqual(["nonce"]);
      expect(await tab.evaluate("getComputedStyle(document.querySelector('h1')).color")).toBe("rgb(1, 2, 3)");
      nonces.push(await tab.evaluate("window.nonce"));
    }
    expect(nonces[0]).toMatch(/^[\w+/]{22}==$/);
    expect(nonces[1]).not.toBe(nonces[0]);
    await tab.close();
  });

  it.runIf(debug)("runs the toolbar, and the script that loads the page again", async () => {
    const tab = await browser.newPage();
    for (const path of ["/page", "/nowhere"]) {
      const problems = watchProblems(tab);
      const events = tab.waitForRequest("**/_flagon/reload");
      await tab.goto(origin + path);
      await events;
      await tab.locator("flagon-toolbar summary").waitFor();
      expect(problems.filter((problem) => problem.includes("_flagon"))).toEqual([]);
    }
    await tab.goto(`${origin}/page`);
    const loaded = tab.waitForEvent("load");
    writeFileSync(join(folder, "templates", "any.eta"), "changed");
    await loaded;
    expect(await tab.evaluate("window.ran")).toEqual(["nonce"]);
    await tab.close();
  });
});
