import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Flagon } from "flagon";
import type { Jobs } from "flagon/jobs";
import type { Mail } from "flagon/mail";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createApp } from "../../samples/blog";
import { closeServer, launchBrowser, originOf, watchProblems } from "./support";

describe.each([
  ["a desktop", { width: 1280, height: 900 }, true],
  ["a phone", { width: 390, height: 844 }, true],
  ["a browser without JavaScript", { width: 1280, height: 900 }, false],
])("the blog on %s", (_, viewport, javaScriptEnabled) => {
  let browser: Browser;
  let server: Server;
  let origin: string;
  let folder: string;
  let page: Page;
  let app: Flagon;
  let problems: string[];

  async function logIn(name: string, password = "long enough") {
    await page.getByLabel("Name").fill(name);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Log in" }).click();
  }

  /** Opens the link of the latest mail. */
  async function openLink() {
    const { jobs, mail } = app.extensions as { jobs: Jobs; mail: Mail };
    await jobs.drain();
    await page.goto(/http:[^\s)]+/.exec(mail.outbox.at(-1)?.text ?? "")?.[0] ?? "");
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "flagon-browser-"));
    app = await createApp(`file:${join(folder, "blog.db")}`);
    app.config.update({ secretKey: "a key for tests", testing: true });
    server = createServer(app.handler).listen(0, "127.0.0.1");
    origin = await originOf(server);
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    closeServer(server);
    await rm(folder, { recursive: true });
  });

  beforeEach(async () => {
    page = await browser.newPage({ viewport, javaScriptEnabled });
    problems = watchProblems(page);
    page.on("requestfailed", (request) => problems.push(`${request.url()} ${request.failure()?.errorText}`));
  });

  afterEach(async () => {
    await page.close();
  });

  it("fits the screen, with its style and nothing refused", async () => {
    await page.goto(origin);
    expect(await page.title()).toBe("The Tap Room");
    const main = await page.locator("main").boundingBox();
    expect(main?.width).toBeLessThanOrEqual(viewport.width);
    if (javaScriptEnabled) {
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(viewport.width);
      expect(await page.evaluate("getComputedStyle(document.body).display")).toBe("flex");
    }
    expect(problems).toEqual([]);
  });

  it("registers a member and takes a post: an invalid one is refused with its input kept", async () => {
    await page.goto(origin);
    await page.getByRole("link", { name: "Write" }).click();
    await page.getByText("Please log in to access this page.").waitFor();
    await page.getByRole("link", { name: "I am new here" }).click();
    await page.getByLabel("Name").fill("Ann");
    await page.getByLabel("E-mail").fill("ann@example.com");
    await page.getByLabel("Password").fill("long enough");
    await page.getByLabel("The same again").fill("not the same");
    await page.getByRole("button", { name: "Register" }).click();
    await page.getByText("The two passwords differ.").waitFor();
    expect(await page.getByLabel("Name").inputValue()).toBe("Ann");
    expect(await page.getByLabel("Password").inputValue()).toBe("");
    await page.getByLabel("Password").fill("long enough");
    await page.getByLabel("The same again").fill("long enough");
    await page.getByRole("button", { name: "Register" }).click();
    await page.getByText("A mail is on its way to ann@example.com.").waitFor();
    await openLink();
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.getByText("Welcome, Ann. Your address is confirmed.").waitFor();
    await logIn("Ann");
    await page.getByText("Hello, Ann.").waitFor();
    // What was asked for at first.
    expect(page.url()).toBe(`${origin}/posts/new`);
    await page.getByLabel("Body").fill("First paragraph.\n\nSecond & last.");
    await page.getByLabel("Tags").fill("browser, test");
    await page.getByRole("button", { name: "Publish" }).click();
    // The browser knows from the schema that a title is required, and sends nothing.
    expect(page.url()).toBe(`${origin}/posts/new`);
    // A blank one gets past it, and is refused by the server.
    await page.getByLabel("Title").fill("   ");
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByText("This field is required.").waitFor();
    expect(await page.getByLabel("Title").getAttribute("aria-invalid")).toBe("true");
    expect(await page.getByLabel("Body").inputValue()).toBe("First paragraph.\n\nSecond & last.");
    expect(await page.getByLabel("Tags").inputValue()).toBe("browser, test");
    await page.getByLabel("Title").fill("From a <browser>");
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByRole("status").getByText("Published.").waitFor();
    expect(await page.locator("h1").textContent()).toBe("From a <browser>");
    expect(await page.locator(".post .meta").textContent()).toContain("by Ann");
    expect(await page.locator(".post .prose p").allTextContents()).toEqual(["First paragraph.", "Second & last."]);
    await page.reload();
    expect(await page.getByRole("status").count()).toBe(0);
  });

  it("logs in and out; changes a post, takes a comment and deletes it all", async () => {
    await page.goto(`${origin}/posts/4`);
    expect(await page.getByRole("link", { name: "Edit" }).count()).toBe(0);
    await page.getByRole("link", { name: "Log in to comment" }).click();
    await logIn("Ann", "a wrong password");
    await page.getByText("Name or password is wrong.").waitFor();
    await logIn("ann");
    await page.getByText("Hello, Ann.").waitFor();
    expect(page.url()).toBe(`${origin}/posts/4`);
    await page.getByRole("link", { name: "Edit" }).click();
    expect(await page.getByLabel("Title").inputValue()).toBe("From a <browser>");
    await page.getByLabel("Title").fill("Changed");
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByText("Saved.").waitFor();
    await page.getByRole("textbox", { name: "Comment" }).fill("Well done.");
    await page.getByRole("button", { name: "Comment", exact: true }).click();
    await page.getByText("Thank you for your comment.").waitFor();
    expect(page.url()).toBe(`${origin}/posts/4#comments`);
    expect(await page.locator(".comment").textContent()).toContain("Well done.");
    await page.getByRole("button", { name: "Delete the comment by Ann" }).click();
    await page.getByText("The comment is deleted.").waitFor();
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByText("“Changed” is deleted.").waitFor();
    expect((await page.goto(`${origin}/posts/4`))?.status()).toBe(404);
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByText("You are logged out.").waitFor();
    expect(await page.getByRole("link", { name: "Log in" }).count()).toBe(1);
  });

  it("remembers a login after the browser was closed, but asks for the password again before it is changed", async () => {
    await page.goto(`${origin}/login`);
    await page.getByLabel("Stay logged in").check();
    await logIn("Ann");
    await page.getByText("Hello, Ann.").waitFor();
    const kept = (await page.context().cookies()).filter(({ expires }) => expires > 0);
    expect(kept.map(({ name, httpOnly }) => [name, httpOnly])).toEqual([["remember_token", true]]);
    await page.context().clearCookies();
    await page.context().addCookies(kept);
    await page.goto(`${origin}/posts/new`);
    expect(await page.locator("h1").textContent()).toBe("New post");
    await page.getByRole("link", { name: "Ann" }).click();
    await page.getByText("Please reauthenticate to access this page.").waitFor();
    expect(await page.getByLabel("Name").inputValue()).toBe("Ann");
    await logIn("Ann");
    expect(await page.locator("h1").textContent()).toBe("Your account");
  });

  it("gives a new password to a member who forgot it, by mail", async () => {
    await page.goto(`${origin}/login`);
    await page.getByRole("link", { name: "I forgot my password" }).click();
    await page.getByLabel("E-mail").fill("ann@example.com");
    await page.getByRole("button", { name: "Send me a link" }).click();
    await page.getByText("If ann@example.com has an account here, a mail with a link is on its way.").waitFor();
    await app.backgroundWork.finish(5000);
    await openLink();
    const used = page.url();
    await page.getByLabel("New password").fill("even longer");
    await page.getByLabel("The same again").fill("even longer");
    await page.getByRole("button", { name: "Change password" }).click();
    await page.getByText("Your password is changed. Log in with it.").waitFor();
    await logIn("Ann", "even longer");
    await page.getByText("Hello, Ann.").waitFor();
    expect((await page.goto(used))?.status()).toBe(404);
    await page.getByText("This link was used already, or is too old. Ask for another one.").waitFor();
  });

  it("has pages for tags and page numbers, and a 404 page with a way back", async () => {
    await page.goto(origin);
    await page.getByRole("link", { name: "#forms" }).click();
    expect(await page.locator("h1").textContent()).toBe("Posts about #forms");
    await page.goto(`${origin}/nowhere`);
    await page.getByRole("link", { name: "Back to the posts" }).click();
    expect(page.url()).toBe(`${origin}/`);
  });
});
