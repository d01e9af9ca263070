import { renderTemplateString, request, session } from "flagon";
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { createApp } from "../support";

function createSite(debug = true) {
  const app = createApp({ config: { testing: false, debug } });
  app.logger.level = "silent";
  app.route("/fail/<int:id>", function fail() {
    session.set("cart", 1);
    // The line that a developer looks for.
    throw new TypeError("Something <b>broke</b>", { cause: new RangeError("deep inside") });
  });
  app.route("/template", () => renderTemplateString("one\n<%= it.user.name %>"), { endpoint: "template" });
  return app;
}

describe("the debug page", () => {
  it("shows the line with those around it, the causes and the request, escaped", async () => {
    const client = createSite().testClient();
    const response = await client.get("/fail/7?q=<x>", {
      headers: { cookie: "a=secret-cookie", authorization: "Bearer secret-token", "x-own": "<mine>" },
    });
    const text = await response.text();
    const { document } = parseHTML(text);
    expect([response.status, response.headers.get("content-type")]).toEqual([500, "text/html; charset=utf-8"]);
    expect(document.querySelector("h1")?.textContent).toBe("TypeError");
    expect(document.querySelector(".message")?.textContent).toBe("Something <b>broke</b>");
    expect(document.querySelector("details[open] .here")?.textContent).toMatch(/\d+ +throw new TypeError\("Something <b>broke<\/b>"/);
    expect(document.querySelector("details[open] .code")?.textContent).toContain("// The line that a developer looks for.");
    expect(text).toContain("Caused by RangeError");
    const rows = Object.fromEntries(
      [...document.querySelectorAll("tr")].map((row) => [row.querySelector("th")?.textContent, row.querySelector("td")?.textContent]),
    );
    expect(rows).toMatchObject({
      Endpoint: "fail (fail)",
      Rule: "/fail/<int:id>",
      Values: '{"id":7}',
      Session: "cart",
      "x-own": "<mine>",
      cookie: "•••",
      authorization: "•••",
    });
    expect(text).not.toMatch(/secret-cookie|secret-token/);
  });

  it("shows the line of a template, and the value that it could not read", async () => {
    const text = await (await createSite().testClient().get("/template")).text();
    expect(parseHTML(text).document.querySelector(".message")?.textContent).toMatch(
      /line 2: TypeError: .*'it\.user' is undefined[\s\S]* > {3}2 \| <%= it\.user\.name %>/,
    );
  });

  it("comes before a handler of 500, but not before one of the error's own class", async () => {
    const ask = async (settings: Record<string, boolean>, handled: 500 | typeof TypeError) => {
      const app = createSite();
      app.config.update(settings);
      app.errorHandler(handled as 500, () => "my page");
      return (await app.testClient().get("/fail/7")).text();
    };
    expect(await ask({}, 500)).toContain("Something");
    expect(await ask({}, TypeError)).toBe("my page");
    expect(await ask({ propagateExceptions: false }, 500)).toBe("my page");
    expect(await ask({ debug: false }, 500)).toBe("my page");
  });

  it("is JSON for clients that prefer it", async () => {
    const response = await createSite()
      .testClient()
      .get("/fail/7", { headers: { accept: "application/json" } });
    expect(await response.json()).toMatchObject({
      status: 500,
      debug: expect.stringMatching(/^TypeError: Something <b>broke<\/b>\n {4}at /),
    });
  });

  it.each([
    ["without debug mode", false, "http://localhost/fail/7", "127.0.0.1"],
    ["to another machine", true, "http://localhost/fail/7", "10.0.0.9"],
    ["under another name, which a page elsewhere may have made lead here", true, "http://evil.example/fail/7", "127.0.0.1"],
  ])("is never shown %s", async (_, debug, url, remoteAddress) => {
    for (const accept of ["text/html", "application/json"]) {
      const response = await createSite(debug).testClient().get(url, { remoteAddress, headers: { accept } });
      const text = await response.text();
      expect([response.status, /broke|debug-page|node_modules|at /.test(text)]).toEqual([500, false]);
    }
    expect(() => request.path).toThrow();
  });
});
