import type { TestClient } from "flagon";
import { beforeEach, describe, expect, it } from "vitest";
import { createApp } from "./app";

let client: TestClient;

beforeEach(() => {
  client = createApp().testClient();
});

const read = async (path: string) => (await client.get(path)).text();

describe("the guest book", () => {
  it("starts with a form and no entry", async () => {
    const page = await read("/");
    expect(page).toContain('<label for="field-name">Name</label>');
    expect(page).toContain("No one has signed yet.");
  });

  it("adds an entry, thanks once, and shows the newest first", async () => {
    const response = await client.post("/", { form: { name: "Ann", message: "First" } });
    expect([response.status, response.headers.get("location")]).toEqual([303, "/"]);
    await client.post("/", { form: { name: "Bo", message: "Second" } });
    const page = await read("/");
    expect(page).toContain("Thank you for signing.");
    expect(page.indexOf("Second")).toBeGreaterThan(0);
    expect(page.indexOf("Second")).toBeLessThan(page.indexOf("First"));
    expect(await read("/")).not.toContain("Thank you for signing.");
  });

  it("escapes what visitors write", async () => {
    await client.post("/", { form: { name: "<i>Ann</i>", message: "<script>alert(1)</script>" } });
    const page = await read("/");
    expect(page).toContain("&lt;i&gt;Ann&lt;/i&gt;");
    expect(page).not.toContain("<script>alert");
  });

  it.each([
    ["name", { name: " ", message: "Hello" }],
    ["message", { name: "Ann", message: "" }],
    ["message", { name: "Ann", message: "x".repeat(501) }],
    ["name", { name: "x".repeat(61), message: "Hello" }],
  ])("refuses a wrong %s, keeps the input and stores nothing", async (field, form) => {
    const response = await client.post("/", { form });
    expect(response.status).toBe(422);
    expect(await response.text()).toContain(`id="field-${field}-errors"`);
    expect(await read("/")).toContain("No one has signed yet.");
  });

  it("refuses a form that another site sends", async () => {
    const response = await client.post("/", { form: { name: "Ann", message: "Hi" }, headers: { "sec-fetch-site": "cross-site" } });
    expect(response.status).toBe(403);
    expect(await read("/")).toContain("No one has signed yet.");
  });
});

describe("the site", () => {
  it("has a page about itself, with the navigation", async () => {
    const page = await read("/about");
    expect(page).toContain("<h1>About</h1>");
    expect(page).toContain('<a href="/">Guest book</a>');
  });

  it("answers for a missing page with a page of its own", async () => {
    const response = await client.get("/missing");
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('<a href="/">Back to the guest book</a>');
  });

  it("serves its style sheet", async () => {
    const [, href = ""] = /<link rel="stylesheet" href="([^"]+)"/.exec(await read("/")) ?? [];
    expect((await client.get(href)).headers.get("content-type")).toBe("text/css; charset=utf-8");
  });
});
