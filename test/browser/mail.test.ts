import { mkdtemp, rm } from "node:fs/promises";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Flagon } from "flagon";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../../samples/blog";
import { closeServer, launchBrowser, originOf, runApp, watchProblems } from "./support";

/** A folder for pictures of the pages, for people. */
const pictures = process.env.PICTURES;

describe("mails of the blog in development", () => {
  let browser: Browser;
  let app: Flagon;
  let server: Server;
  let origin: string;
  let folder: string;
  let page: Page;
  let problems: readonly string[];

  async function shoot(name: string) {
    if (pictures !== undefined) {
      await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
    }
  }

  /** Opens a mail from the toolbar, and its link from the preview. */
  async function openMail(subject: string, link: string) {
    const bar = page.locator("flagon-toolbar");
    await bar.locator("summary").click();
    await expect
      .poll(
        async () => {
          await page.reload();
          await bar.locator("summary").waitFor();
          await bar.getByText("Latest requests").waitFor();
          await shoot("toolbar");
          return bar.getByRole("link", { name: "/_flagon/mail" }).count();
        },
        { timeout: 20_000 },
      )
      .toBe(1);
    await bar.locator("summary").click();
    await page.goto(`${origin}/_flagon/mail`);
    await shoot("mails");
    await page.getByRole("link", { name: subject }).first().click();
    expect(await page.frameLocator("iframe").getByRole("link").first().innerText()).toBe(link);
    await shoot(subject);
    await page.getByRole("listitem").getByRole("link").first().click();
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "flagon-mail-"));
    app = await createApp(`file:${join(folder, "blog.db")}`);
    app.config.update({ secretKey: "a key for tests" });
    app.logger.level = "silent";
    server = runApp(app);
    origin = await originOf(server);
    browser = await launchBrowser();
    page = await browser.newPage();
    problems = watchProblems(page);
  });

  afterAll(async () => {
    await browser?.close();
    closeServer(server);
    await app?.lifeCycle.stop(5000);
    await rm(folder, { recursive: true });
  });

  it("confirm an address and reset a password by the links on the preview", async () => {
    await page.goto(`${origin}/register`);
    await page.getByLabel("Name").fill("Ann");
    await page.getByLabel("E-mail").fill("ann@example.com");
    await page.getByLabel("Password").fill("long enough");
    await page.getByLabel("The same again").fill("long enough");
    await shoot("register");
    await page.getByRole("button", { name: "Register" }).click();
    await page.getByText("A mail is on its way to ann@example.com.").waitFor();
    await shoot("registered");
    await openMail("Confirm your address", "Confirm your address");
    await page.getByRole("heading", { name: "Confirm your address" }).waitFor();
    await shoot("confirm");
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.getByText("Welcome, Ann. Your address is confirmed.").waitFor();
    await page.getByRole("link", { name: "I forgot my password" }).click();
    await page.getByLabel("E-mail").fill("ann@example.com");
    await shoot("forgotten");
    await page.getByRole("button", { name: "Send me a link" }).click();
    await page.getByText("If ann@example.com has an account here").waitFor();
    await expect
      .poll(
        async () => {
          await page.goto(`${origin}/_flagon/mail`);
          return page.getByRole("link", { name: "A new password" }).count();
        },
        { timeout: 20_000 },
      )
      .toBe(1);
    await page.getByRole("link", { name: "A new password" }).click();
    await page.getByRole("listitem").getByRole("link").first().click();
    await page.getByLabel("New password").fill("another long one");
    await page.getByLabel("The same again").fill("another long one");
    await shoot("reset");
    await page.getByRole("button", { name: "Change password" }).click();
    await page.getByText("Your password is changed. Log in with it.").waitFor();
    await page.getByLabel("Name").fill("Ann");
    await page.getByLabel("Password").fill("another long one");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByText("Hello, Ann.").waitFor();
    await shoot("entered");
    expect(problems).toEqual([]);
  });
});
