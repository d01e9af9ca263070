import { createServer } from "node:http";
import { Flagon, sendFile, sendFromDirectory } from "flagon";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { writeFiles } from "../support";
import { closeServer, launchBrowser, originOf } from "./support";

const script = 'document.title = "run"; document.documentElement.setAttribute("data-run", "1");';
const files = {
  "evil.html": `<!doctype html><title>shown</title><p style="color: rgb(1, 2, 3)">Text</p><script>${script}</script><img src="x" onerror='${script}'>`,
  "evil.svg": `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload='${script}'><title>shown</title><script>${script}</script><rect width="9" height="9"/></svg>`,
  "evil.xhtml": `<html xmlns="http://www.w3.org/1999/xhtml"><head><title>shown</title></head><body><script>${script}</script></body></html>`,
};

let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
});

afterAll(() => browser?.close());

async function serve(): Promise<string> {
  const names = Object.entries(files);
  const root = writeFiles(
    Object.fromEntries(names.flatMap(([name, text]) => [`instance/uploads/${name}`, `data/${name}`].map((path) => [path, text]))),
  );
  const app = new Flagon(root, { config: { testing: true } });
  app.get("/named/<name>", ({ name }) => sendFile(`data/${name}`, { downloadName: name }), { endpoint: "named" });
  app.get("/uploads/<name>", ({ name }) => sendFromDirectory("instance/uploads", name), { endpoint: "uploads" });
  app.get("/own/<name>", ({ name }) => sendFromDirectory("data", name), { endpoint: "own" });
  app.get("/image", () => '<img id="image" src="/uploads/evil.svg">', { endpoint: "image" });
  const server = createServer(app.handler).listen(0, "127.0.0.1");
  onTestFinished(() => closeServer(server));
  return originOf(server);
}

it.each(Object.keys(files))("runs no script of the document of a visitor, and shows it: %s", async (name) => {
  const origin = await serve();
  const page = await browser.newPage();
  onTestFinished(() => page.close());
  const ran = () => page.locator(":root[data-run]").count();
  for (const path of [`/named/${name}`, `/uploads/${name}`]) {
    await page.goto(origin + path);
    expect([path, await ran(), await page.locator("title").textContent()]).toEqual([path, 0, "shown"]);
  }
  // A document of the app's own runs: the probe would show it.
  await page.goto(`${origin}/own/${name}`);
  expect(await ran()).toBe(1);
});

it("still shows an SVG picture in a page", async () => {
  const origin = await serve();
  const page = await browser.newPage();
  onTestFinished(() => page.close());
  await page.goto(`${origin}/image`);
  expect(await page.evaluate("document.getElementById('image').naturalWidth")).toBe(9);
});
