import { flash, getFlashedMessages, renderTemplateString, route } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp } from "../support";

describe("flash()", () => {
  class Pages {
    @route("/flash")
    flash() {
      flash("plain");
      flash("<bad>", "error");
      return "flashed";
    }
    @route("/show")
    show() {
      return {
        all: getFlashedMessages(),
        again: getFlashedMessages({ withCategories: true }),
        errors: getFlashedMessages({ categoryFilter: ["error"] }),
      };
    }
    @route("/page")
    page() {
      flash("now");
      return renderTemplateString("<% for (const [c, m] of getFlashedMessages({ withCategories: true })) { %><%= c %>:<%= m %>;<% } %>");
    }
  }

  it("shows messages on the next page, once", async () => {
    const client = createApp({}, Pages).testClient();
    await client.get("/flash");
    await client.get("/flash");
    expect(await (await client.get("/show")).json()).toEqual({
      all: ["plain", "<bad>", "plain", "<bad>"],
      again: [
        ["message", "plain"],
        ["error", "<bad>"],
        ["message", "plain"],
        ["error", "<bad>"],
      ],
      errors: ["<bad>", "<bad>"],
    });
    expect(await (await client.get("/show")).json()).toEqual({ all: [], again: [], errors: [] });
  });

  it("shows messages of the same request as well, escaped", async () => {
    const client = createApp({}, Pages).testClient();
    await client.get("/flash");
    expect(await (await client.get("/page")).text()).toBe("message:plain;error:&lt;bad&gt;;message:now;");
  });
});

describe("HEAD", () => {
  it("leaves the flashed messages for the page", async () => {
    const app = createApp();
    app.route("/", () => getFlashedMessages().join(), { endpoint: "page" });
    app.route("/flash", () => String(flash("hi")), { endpoint: "flash" });
    const client = app.testClient();
    await client.get("/flash");
    await client.head("/");
    expect(await (await client.get("/")).text()).toBe("hi");
    expect(await (await client.get("/")).text()).toBe("");
  });
});
