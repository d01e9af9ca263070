import { once } from "node:events";
import { connect } from "node:net";
import { cspNonce, makeResponse, renderTemplateString, streamTemplateString } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp, createLiveApp, listen } from "../support";

const usual = "object-src 'none'; base-uri 'none'; frame-ancestors 'self'";

async function policyOf(config: object, page = "<p>") {
  const app = createApp({ config: { ...config } });
  app.route("/", () => renderTemplateString(page), { endpoint: "index" });
  const response = await app.testClient().get("/");
  return { header: response.headers.get("content-security-policy"), body: await response.text(), response };
}

describe("contentSecurityPolicy", () => {
  it("adds to the directives of Flagon's own, replaces them, and takes them away", async () => {
    expect((await policyOf({})).header).toBe(usual);
    expect((await policyOf({ contentSecurityPolicy: { scriptSrc: ["'self'", "https://cdn.example"] } })).header).toBe(
      `${usual}; script-src 'self' https://cdn.example`,
    );
    expect((await policyOf({ contentSecurityPolicy: { "object-src": "'self'", baseUri: null, upgradeInsecureRequests: [] } })).header).toBe(
      "object-src 'self'; frame-ancestors 'self'; upgrade-insecure-requests",
    );
    expect((await policyOf({ contentSecurityPolicy: "default-src 'self'" })).header).toBe("default-src 'self'");
    expect((await policyOf({ contentSecurityPolicy: null })).header).toBeNull();
  });

  it.each([
    { defaultSource: "'self'" },
    { "scripts-src": "'self'" },
    { defaultSrc: "self" },
    { scriptSrc: ["'self'", "unsafe-inline"] },
    { objectSrc: "none" },
    { scriptSrc: ["'self'", "nonce-abc"] },
    { scriptSrc: "sha256-YWJj" },
    { scriptSrc: "'slef'" },
    { scriptSrc: "'self" },
    { scriptSrc: ['"self"', "'self''unsafe-inline'"] },
    { imgSrc: ["'self'", "data"] },
    { imgSrc: "blob https:" },
  ])("refuses the directives and keywords of a slip: %j", (contentSecurityPolicy) => {
    expect(() => createApp({ config: { contentSecurityPolicy } })).toThrow(/directives that browsers know, with keywords in single quotes/);
  });

  it.each([
    { scriptSrc: ["'nonce-abc'", "'sha256-YWJj='", "'Strict-Dynamic'", "https:", "data:", "*.example.com:8443", "wss://a.example/b"] },
    { sandbox: "allow-scripts", trustedTypes: ["one", "'allow-duplicates'"], requireTrustedTypesFor: "'script'", reportTo: "none" },
    { scriptSrc: "  'self'   *  ", imgSrc: [], styleSrc: "" },
  ])("takes %j", async (contentSecurityPolicy) => {
    const texts = Object.values<string | string[]>(contentSecurityPolicy).flat();
    expect((await policyOf({ contentSecurityPolicy })).header).toContain(texts[0]);
  });

  it.each([
    new Map([["defaultSrc", "'self'"]]),
    7,
    "",
    "x\r\ny",
    ["default-src"],
    { scriptSrc: "a; b" },
    { scriptSrc: "a, b" },
    { "script src": "x" },
    { scriptSrc: [1] },
  ])("refuses %j", (contentSecurityPolicy) => {
    expect(() => createApp({ config: { contentSecurityPolicy: contentSecurityPolicy as never } })).toThrow(/contentSecurityPolicy/);
  });
});

describe("cspNonce()", () => {
  const script = '<script nonce="<%= cspNonce() %>"></script><style nonce="<%= cspNonce() %>"></style>';

  it("is the same within a response, and in its header", async () => {
    const first = await policyOf({}, script);
    const nonces = [...first.body.matchAll(/nonce="([^"]+)"/g)].map(([, nonce]) => nonce);
    expect([nonces[0]?.length, nonces[0] === nonces[1]]).toEqual([24, true]);
    expect(first.header).toBe(`${usual}; script-src 'self' 'nonce-${nonces[0]}'`);
    expect(first.response.headers.get("cache-control")).toBe("private");
    expect((await policyOf({}, script)).body).not.toBe(first.body);
  });

  it("is added to existing directives only", async () => {
    const find = async (contentSecurityPolicy: object | string) =>
      ((await policyOf({ contentSecurityPolicy }, script)).header ?? "").replace(/nonce-[^']+/g, "nonce-x");
    expect(await find({ scriptSrc: "'none'", styleSrc: ["'self'"] })).toBe(`${usual}; script-src 'nonce-x'; style-src 'self' 'nonce-x'`);
    expect(await find("default-src 'self'; img-src *")).toBe(
      "default-src 'self'; img-src *; script-src 'self' 'nonce-x'; style-src 'self' 'nonce-x'",
    );
  });

  it("is not added to styles that need none", async () => {
    const find = async (contentSecurityPolicy: string) =>
      ((await policyOf({ contentSecurityPolicy }, script)).header ?? "").replace(/nonce-[^']+/g, "nonce-x");
    expect(await find("script-src 'self'; style-src 'self' 'unsafe-inline'")).toBe(
      "script-src 'self' 'nonce-x'; style-src 'self' 'unsafe-inline'",
    );
    expect(await find("script-src 'unsafe-inline'")).toBe("script-src 'unsafe-inline' 'nonce-x'");
    expect(await find("default-src 'self' 'Unsafe-Inline'; script-src 'self'")).toBe(
      "default-src 'self' 'Unsafe-Inline'; script-src 'self' 'nonce-x'",
    );
  });

  it("is added to the directives of elements, to the first of two, and to each of several policies", async () => {
    const find = async (contentSecurityPolicy: string) =>
      ((await policyOf({ contentSecurityPolicy }, script)).header ?? "").replace(/nonce-[^']+/g, "nonce-x");
    expect(await find("script-src 'none'; script-src-elem 'self'; style-src-elem 'none'; script-src-attr 'none'")).toBe(
      "script-src 'nonce-x'; script-src-elem 'self' 'nonce-x'; style-src-elem 'nonce-x'; script-src-attr 'none'",
    );
    expect(await find("SCRIPT-SRC 'Self'; Script-Src b.example")).toBe("script-src 'Self' 'nonce-x'");
    expect(await find("script-src a.example; script-src b.example")).toBe("script-src a.example 'nonce-x'");
    expect(await find("script-src 'none', script-src 'self'; img-src *,")).toBe(
      "script-src 'nonce-x', script-src 'self' 'nonce-x'; img-src *",
    );
  });

  it("is added to a policy that only reports", async () => {
    const app = createApp({ config: { defaultHeaders: { "content-security-policy-report-only": "default-src 'self'" } } });
    app.get("/", () => cspNonce());
    const response = await app.testClient().get("/");
    const nonce = await response.text();
    expect(response.headers.get("content-security-policy-report-only")).toBe(
      `default-src 'self'; script-src 'self' 'nonce-${nonce}'; style-src 'self' 'nonce-${nonce}'`,
    );
  });

  it("is added to the view's own header, and makes no new header", async () => {
    const app = createApp({ config: { contentSecurityPolicy: null } });
    app.route("/own", () => makeResponse(cspNonce(), 200, { "content-security-policy": "script-src 'self'" }), { endpoint: "own" });
    app.route("/none", () => cspNonce(), { endpoint: "none" });
    app.route("/304", () => makeResponse(cspNonce(), 304, { "content-security-policy": "script-src 'self'" }), { endpoint: "same" });
    const client = app.testClient();
    const own = await client.get("/own");
    expect(own.headers.get("content-security-policy")).toBe(`script-src 'self' 'nonce-${await own.text()}'`);
    expect((await client.get("/none")).headers.has("content-security-policy")).toBe(false);
    expect((await client.get("/304")).headers.has("content-security-policy")).toBe(false);
  });

  it("lets the style of Flagon's own error pages pass a policy for styles", async () => {
    for (const debug of [false, true]) {
      const app = createLiveApp();
      app.config.debug = debug;
      app.config.contentSecurityPolicy = { defaultSrc: ["'self'"] };
      app.get("/broken", () => {
        throw new Error("broken");
      });
      for (const path of ["/nowhere", "/broken"]) {
        const response = await app.testClient().get(path);
        const [, nonce] = /<style nonce="([^"]+)">/.exec(await response.text()) ?? [];
        expect(response.headers.get("content-security-policy"), path).toContain(`style-src 'self' 'nonce-${nonce}'`);
      }
    }
    const usualPage = await createLiveApp().testClient().get("/nowhere");
    expect([usualPage.headers.get("content-security-policy"), await usualPage.text()]).toEqual([usual, expect.stringContaining("<style>")]);
  });

  it("throws after the first piece of a stream, unless the view called it before", async () => {
    const app = createLiveApp();
    const wait = "<% await new Promise((resolve) => setTimeout(resolve, 5)) %>";
    const page = `<p>${wait}${script}`;
    app.route("/first", () => streamTemplateString(`${wait}${script}`), { endpoint: "first" });
    app.route("/late", () => streamTemplateString(page), { endpoint: "late" });
    app.route(
      "/early",
      () => {
        cspNonce();
        return streamTemplateString(page);
      },
      { endpoint: "early" },
    );
    const client = app.testClient();
    await expect((await client.get("/late")).text()).rejects.toThrow(/while the page is on its way/);
    for (const path of ["/early", "/first"]) {
      const response = await client.get(path);
      const [, nonce] = /nonce="([^"]+)"/.exec(await response.text()) ?? [];
      expect(response.headers.get("content-security-policy"), path).toContain(`'nonce-${nonce}'`);
    }
  });
});

describe("strictTransportSecurity", () => {
  it("is sent over HTTPS alone, with errors as well", async () => {
    const app = createApp({ config: { strictTransportSecurity: { maxAge: 31_536_000, includeSubDomains: true, preload: true } } });
    app.route("/", () => "x", { endpoint: "index" });
    const client = app.testClient();
    const find = async (url: string) => (await client.get(url)).headers.get("strict-transport-security");
    expect(await find("https://localhost/")).toBe("max-age=31536000; includeSubDomains; preload");
    expect(await find("https://localhost/nowhere")).toBe("max-age=31536000; includeSubDomains; preload");
    expect(await find("/")).toBeNull();
    const own = createApp({ config: { strictTransportSecurity: { maxAge: 5 } } });
    own.get("/", () => makeResponse("x", 200, { "strict-transport-security": "max-age=1" }));
    expect((await own.testClient().get("https://localhost/")).headers.get("strict-transport-security")).toBe("max-age=1");
    expect(() => createApp({ config: { strictTransportSecurity: { maxAge: -1 } } })).toThrow(/strictTransportSecurity/);
    expect(() => createApp({ config: { strictTransportSecurity: true as never } })).toThrow(/strictTransportSecurity/);
  });
});

describe("httpsOnly", () => {
  const create = (config: object) => {
    const app = createApp({ config: { httpsOnly: true, ...config } });
    app.route("/page", () => "x", { endpoint: "page", methods: ["GET", "POST"] });
    return app.testClient();
  };

  it("redirects to the same URL over HTTPS, with method and body", async () => {
    const client = create({ trustedHosts: ["example.com"] });
    for (const method of ["GET", "POST", "HEAD"]) {
      const response = await client.request(method, "http://example.com/page?a=1&b=%20");
      expect([response.status, response.headers.get("location")]).toEqual([308, "https://example.com/page?a=1&b=%20"]);
    }
    expect((await client.get("https://example.com/page")).status).toBe(200);
    expect((await client.get("http://evil.example/page")).status).toBe(400);
    expect((await client.get("http://example.com//evil.example/page")).headers.get("location")).toBe(
      "https://example.com//evil.example/page",
    );
  });

  it("takes the port of HTTP off, and keeps another", async () => {
    const client = create({});
    const locate = async (host: string) => (await client.get("/page", { headers: { host } })).headers.get("location");
    expect(await locate("example.com:80")).toBe("https://example.com/page");
    expect(await locate("[::1]:80")).toBe("https://[::1]/page");
    expect(await locate("example.com:8080")).toBe("https://example.com:8080/page");
  });

  it("redirects to serverName if no host is trusted by name", async () => {
    expect((await create({ serverName: "shop.example" }).get("http://evil.example/page")).headers.get("location")).toBe(
      "https://shop.example/page",
    );
    expect((await create({}).get("http://localhost/page")).headers.get("location")).toBe("https://localhost/page");
  });

  it("redirects to the host of the request if it is trusted, whatever serverName is, and takes the port of HTTP off serverName", async () => {
    const client = create({ serverName: "shop.example", trustedHosts: ["shop.example", "eu.shop.example"] });
    expect((await client.get("http://eu.shop.example/page")).headers.get("location")).toBe("https://eu.shop.example/page");
    const other = create({ serverName: "shop.example:80" });
    expect((await other.get("http://a.example/page")).headers.get("location")).toBe("https://shop.example/page");
  });

  it("refuses a request that names no host or no path", async () => {
    expect((await create({}).get("/page", { headers: { host: "" } })).status).toBe(400);
    expect((await create({}).options("*")).status).toBe(400);
    const { port } = await listen(createApp({ config: { httpsOnly: true } }).handler);
    const socket = connect(port, "127.0.0.1");
    socket.write("GET /page HTTP/1.0\r\n\r\n");
    const [head] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    expect(String(head)).toMatch(/^HTTP\/1\.1 400 /);
  });

  it("redirects before the hooks, also for a mounted app with the setting, below its path", async () => {
    const app = createApp({ config: { httpsOnly: true } });
    const log: string[] = [];
    app.beforeRequest(() => void log.push("before"));
    app.post("/page", () => "x");
    const posted = await app.testClient().post("/page", { form: { a: "1" }, headers: { origin: "https://evil.example" } });
    expect([posted.status, log]).toEqual([308, []]);
    const outer = createApp();
    outer.mount("/shop", app);
    expect((await outer.testClient().get("/shop/page?a=1")).headers.get("location")).toBe("https://localhost/shop/page?a=1");
  });

  it("reads the scheme of a trusted proxy, and does nothing in debug mode", async () => {
    const client = create({ trustProxy: 1 });
    expect((await client.get("/page", { headers: { "x-forwarded-proto": "https", "x-forwarded-for": "1.2.3.4" } })).status).toBe(200);
    expect((await client.get("/page")).status).toBe(308);
    expect((await create({ debug: true }).get("/page")).status).toBe(200);
  });
});
