import { createServer, type Server } from "node:http";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import app from "../../samples/forms";
import { closeServer, launchBrowser, originOf } from "./support";

const axe = require.resolve("axe-core/axe.min.js");

describe.each([
  ["with JavaScript", true],
  ["without JavaScript", false],
])("the forms %s", (_, javaScriptEnabled) => {
  let browser: Browser;
  let server: Server;
  let origin: string;
  let page: Page;

  beforeAll(async () => {
    app.config.update({ secretKey: "a key for tests" });
    app.logger.level = "silent";
    server = createServer(app.handler).listen(0, "127.0.0.1");
    origin = await originOf(server);
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    closeServer(server);
  });

  beforeEach(async () => {
    page = await browser.newPage({ javaScriptEnabled });
  });

  afterEach(async () => {
    await page.close();
  });

  /** Sends the form past what the browser checks, which a script or an old browser would do as well. */
  async function sendUnchecked() {
    const button = page.locator("form button");
    await button.evaluate((element) => element.setAttribute("formnovalidate", "")).catch(() => undefined);
    await button.click();
  }

  const fill = async () => {
    await page.getByLabel("Text", { exact: true }).fill("Some <text>");
    await page.getByLabel("Pattern").fill("AB12");
    await page.getByLabel("E-mail").fill("ann@example.com");
    await page.getByLabel("Address of a page").fill("https://example.com/?a=1&b=2");
    await page.getByLabel("Password").fill("long enough");
    await page.getByLabel("Whole number").fill("7");
    await page.getByLabel("Date", { exact: true }).fill("2026-03-04");
    await page.getByLabel("Time", { exact: true }).fill("13:45");
    await page.getByLabel("Date and time").fill("2026-03-04T05:06");
    await page.getByLabel("I agree").check();
    await page.getByLabel("Send me news").check();
    await page.getByLabel("Large").check();
    await page.getByLabel("Select", { exact: true }).selectOption("lb");
    await page.getByLabel("Multiple select").selectOption(["mon", "wed"]);
    await page.getByLabel("Milk").check();
    await page.getByLabel("Ice").check();
    await page.getByLabel("Texts 2").fill("second");
    await page.getByLabel("Long text").fill("First line\n\n  third </textarea>");
  };

  /** What the page that was refused holds: all that was typed, but for the password. */
  const typed = {
    Text: "Some <text>",
    "E-mail": "ann@example.com",
    "Address of a page": "https://example.com/?a=1&b=2",
    Password: "",
    "Whole number": "7",
    Range: "0.5",
    Colour: "#336699",
    Date: "2026-03-04",
    Time: "13:45",
    "Date and time": "2026-03-04T05:06",
    Select: "lb",
    "Texts 1": "first",
    "Texts 2": "second",
    "Long text": "First line\n\n  third </textarea>",
  };

  const expected = {
    text: "Some <text>",
    code: "AB12",
    email: "ann@example.com",
    url: "https://example.com/?a=1&b=2",
    count: 7,
    ratio: 0.5,
    color: "#336699",
    date: "2026-03-04T00:00:00.000Z",
    time: "13:45",
    moment: "2026-03-04T05:06",
    agree: true,
    news: true,
    size: "l",
    unit: "lb",
    days: ["mon", "wed"],
    extras: ["milk", "ice"],
    tags: ["first", "second"],
    note: "First line\n\n  third </textarea>",
    secret: "kept",
  };

  it("can be filled in, refused, corrected and sent: every control keeps its input", async () => {
    await page.goto(`${origin}/gallery`);
    await fill();
    // The browser itself lets only well-formed values pass; the next is one that it cannot know to be wrong.
    await page.getByLabel("Pattern").fill("ab12");
    await page.locator("form button").click();
    expect(await page.locator("[name=code]:invalid").count()).toBe(1);
    if (javaScriptEnabled) {
      await sendUnchecked();
      expect(await page.locator("#field-code-errors").innerText()).toBe("Enter two capital letters and two digits.");
      await page.getByLabel("Password").fill("long enough");
    }
    await page.getByLabel("Pattern").fill("AB99");
    await page.locator("form button").click();
    expect(await page.locator("#field-code-errors").innerText()).toBe("This code is taken.");
    expect(await page.getByLabel("Pattern").getAttribute("aria-invalid")).toBe("true");
    expect(await page.locator(".field-errors li").count()).toBe(1);
    for (const [label, value] of Object.entries(typed)) {
      expect([label, await page.getByLabel(label, { exact: true }).inputValue()]).toEqual([label, value]);
    }
    for (const label of ["I agree", "Send me news", "Large", "Milk", "Ice"]) {
      expect([label, await page.getByLabel(label).isChecked()]).toEqual([label, true]);
    }
    for (const label of ["Small", "Middle", "Sugar"]) {
      expect([label, await page.getByLabel(label).isChecked()]).toEqual([label, false]);
    }
    expect(await page.getByLabel("Multiple select").locator("option:checked").allInnerTexts()).toEqual(["Mon", "Wed"]);
    await page.getByLabel("Password").fill("long enough");
    await page.getByLabel("Pattern").fill("AB12");
    await page.locator("form button").click();
    await page.waitForURL(`${origin}/done`);
    expect(JSON.parse(await page.locator("#result").innerText())).toEqual(expected);
    expect(await page.locator(".flash").innerText()).toBe("The form 'gallery' is valid.");
  });

  it("take additional rows, and leave out empty ones", async () => {
    await page.goto(`${origin}/order`);
    await page.getByLabel("Name").fill("Ann");
    await page.getByLabel("Kind").selectOption("post");
    await page.locator("[name='lines[2].item']").fill("Milk");
    await page.locator("[name='lines[2].count']").fill("20");
    await page.locator("[name='lines[2].gift']").check();
    await page.locator("form button").click();
    expect(await page.locator(".field-errors").allInnerTexts()).toEqual(["That is over your budget.", "This field is required."]);
    await page.getByLabel("Street").fill("High Street 1");
    await page.locator("form button").click();
    expect(await page.locator("form > .field-errors").innerText()).toBe("That is over your budget.");
    expect(await page.getByLabel("Kind").inputValue()).toBe("post");
    expect(await page.locator("[name='lines[1].item']").inputValue()).toBe("Milk");
    expect(await page.locator("[name='lines[1].gift']").isChecked()).toBe(true);
    await page.getByLabel("Budget").fill("30");
    await page.locator("form button").click();
    await page.waitForURL(`${origin}/done`);
    expect(JSON.parse(await page.locator("#result").innerText())).toEqual({
      customer: { name: "Ann" },
      lines: [
        { item: "Tea", count: 1, gift: false },
        { item: "Milk", count: 20, gift: true },
      ],
      delivery: { kind: "post", street: "High Street 1", insured: false },
      budget: 30,
    });
  });

  it("send files, several at once, and refuse the wrong kind", async () => {
    await page.goto(`${origin}/upload`);
    await page.getByLabel("Title").fill("Holidays");
    await page.getByLabel("Files").setInputFiles([{ name: "a.exe", mimeType: "application/x-msdownload", buffer: Buffer.from("MZ") }]);
    await page.locator("form button").click();
    await page.locator(".field-errors").waitFor();
    expect(await page.getByLabel("Title").inputValue()).toBe("Holidays");
    await page.getByLabel("Files").setInputFiles([
      { name: "ä b.txt", mimeType: "text/plain", buffer: Buffer.from("text") },
      { name: "big.png", mimeType: "image/png", buffer: Buffer.alloc(2_000_000, 1) },
    ]);
    await page.locator("form button").click();
    await page.locator("#result").waitFor();
    expect(JSON.parse(await page.locator("#result").innerText())).toEqual({
      title: "Holidays",
      files: [
        { filename: "ä b.txt", size: 4, type: "text/plain" },
        { filename: "big.png", size: 2_000_000, type: "image/png" },
      ],
    });
  });

  it("search by GET: the URL and links hold the choices, and a box that is ticked by default can be unticked", async () => {
    const count = () => page.locator("#count").innerText();
    await page.goto(`${origin}/search`);
    expect(await count()).toBe("48 found");
    expect(await page.getByLabel("In stock only").isChecked()).toBe(true);
    await page.getByLabel("Name contains").fill("Tea");
    await page.getByLabel("Taste").selectOption({ label: "Bitter" });
    await page.getByLabel("In stock only").uncheck();
    await page.locator("form button").click();
    expect(page.url()).toBe(`${origin}/search?q=Tea&taste=bitter&least=0&inStock=false`);
    expect(await count()).toBe("10 found");
    expect(await page.getByLabel("In stock only").isChecked()).toBe(false);
    await page.getByLabel("Taste").selectOption({ label: "Any" });
    await page.locator("form button").click();
    expect(await count()).toBe("20 found");
    await page.getByText("Next page").click();
    expect(page.url()).toBe(`${origin}/search?q=Tea&taste=&least=0&inStock=false&page=2`);
    expect(await page.getByLabel("Name contains").inputValue()).toBe("Tea");
    expect(await page.locator("li").count()).toBe(10);
    await page.getByLabel("In stock only").check();
    await page.locator("form button").click();
    expect(page.url()).toBe(`${origin}/search?q=Tea&taste=&least=0&inStock=on&inStock=false`);
    expect(await count()).toBe("16 found");
    await page.goto(`${origin}/search?least=x&q=Tea`);
    expect(await page.locator("#field-least-errors").innerText()).toBe("Enter a whole number.");
    expect(await page.getByLabel("Name contains").inputValue()).toBe("Tea");
  });

  it.runIf(javaScriptEnabled).each(["/", "/gallery", "/order", "/upload", "/search"])("pass an accessibility check at %s", async (path) => {
    await page.goto(origin + path);
    await page.addScriptTag({ path: axe });
    const violations: unknown = await page.evaluate(
      "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]))",
    );
    expect(violations).toEqual([]);
    if (path === "/gallery") {
      await sendUnchecked();
      await page.addScriptTag({ path: axe });
      expect(await page.evaluate("axe.run().then(({ violations }) => violations.map(({ id }) => id))")).toEqual([]);
    }
  });
});
