import { Blueprint, Flagon, isUrlSigned, renderTemplateString, route, signedUrl, signUrl, urlFor } from "flagon";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../support";

class Links {
  @signedUrl
  @route("/confirm/<int:id>", { methods: ["GET", "POST"] })
  confirm({ id }: { id: number }) {
    return `confirmed ${id}`;
  }

  @route("/track/<name>")
  @signedUrl({ ignore: ["utm_source", "fbclid"] })
  track({ name }: { name: string }) {
    return name;
  }

  @route("/asks")
  asks() {
    return String(isUrlSigned());
  }
}

@signedUrl
class Whole {
  @route("/whole")
  page() {
    return "whole";
  }
}

const app = createApp({}, Links, Whole);
const client = app.testClient();

const sign = (url: string, expiresIn = 60) => app.appContext(() => signUrl(url, { expiresIn }));
const statusOf = async (url: string) => (await client.get(url)).status;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: 1_790_000_000_000 });
});

afterEach(() => {
  vi.useRealTimers();
});

describe("signUrl() and @signedUrl", () => {
  it("accept the unchanged link, by GET and HEAD, any number of times", async () => {
    const link = sign("/confirm/3");
    expect(link).toMatch(/^\/confirm\/3\?expires=1790000060&signature=[\w-]{43}$/);
    expect([await statusOf(link), await statusOf(link), (await client.head(link)).status]).toEqual([200, 200, 200]);
    expect((await client.post(link)).status).toBe(403);
    expect(await (await client.get(sign("/track/J%C3%B6rg?b=2&a=1%202#top").split("#")[0] ?? "")).text()).toBe("Jörg");
    expect(await statusOf(sign("/whole"))).toBe(200);
    expect(await statusOf("/whole")).toBe(403);
  });

  it("sign path and query only, keep the fragment, and take the URLs of urlFor()", async () => {
    const link = app.appContext(() => signUrl(urlFor(Links, "confirm", { id: 3 }), { expiresIn: 60 }));
    expect(await statusOf(`https://other.example${link}`)).toBe(200);
    expect(sign("https://example.com/confirm/3?x=1#end")).toMatch(
      /^https:\/\/example\.com\/confirm\/3\?x=1&expires=\d+&signature=[\w-]+#end$/,
    );
    expect(await statusOf(sign("https://example.com/confirm/3?x=1"))).toBe(200);
  });

  it("refuse a link that was changed, moved to another path, extended, or has expired", async () => {
    const link = sign("/track/a?x=1&y=2");
    const [path = "", query = ""] = link.split("?");
    const [x, y, expires, signature = ""] = query.split("&");
    const wrong = [
      path,
      `${path}?${x}&${y}&${expires}`,
      `${path}?${y}&${x}&${expires}&${signature}`,
      `${path}?${signature}&${x}&${y}&${expires}`,
      `${path}?${x}&${y}&${signature}&${expires}`,
      `${link}&x=2`,
      `${link}&${signature}`,
      `${link}&`,
      link.replace("x=1", "x=3"),
      link.replace("x=1", "x=1&x=1"),
      link.replace("expires=1", "expires=2"),
      link.replace("/track/a", "/track/b"),
      link.replace("x=1", "%78=1"),
      `${path}?${x}&${y}&${expires}&signature=`,
      `${path}?${x}&${y}&${expires}&${signature.toLowerCase()}`,
      `${path}?%ff=1&${signature}`,
    ];
    for (const url of wrong) {
      expect(await statusOf(url), url).toBe(403);
    }
    vi.setSystemTime(1_790_000_060_999);
    expect(await statusOf(link)).toBe(200);
    vi.setSystemTime(1_790_000_061_000);
    expect(await statusOf(link)).toBe(403);
  });

  it("refuse a path that only a parser of URLs takes for the signed one", async () => {
    const files = createApp();
    files.route("/files/<path:name>", ({ name }) => `${isUrlSigned()} ${name}`, { endpoint: "file" });
    const link = files.appContext(() => signUrl("/files/a.txt?x=1", { expiresIn: 60 }));
    const ask = async (target: string) => (await files.testClient().get(target)).text();
    expect(await ask(link)).toBe("true a.txt");
    for (const prefix of ["/files/other/../", "/files/other/%2e%2e/", "/files/./", "/files/%2E/", "/files/..\\files/", "/files/x/.%2e/"]) {
      expect(await ask(link.replace("/files/", prefix))).toMatch(/^false /);
    }
    for (const [from, to] of [
      [/$/, "#top"],
      [/$/, "#&x=2"],
      ["?", "#?"],
      ["?", "#"],
      ["?", "?#&"],
      ["?", "??"],
    ] as const) {
      expect(await ask(link.replace(from, to))).not.toContain("true");
    }
  });

  it("ignore the named parameters, and no others", async () => {
    const link = sign("/track/a?x=1");
    expect(await statusOf(`${link}&utm_source=mail&fbclid=1`)).toBe(200);
    expect(await statusOf(`${link}&utm%5Fsource=mail`)).toBe(200);
    expect(await statusOf(link.replace("x=1", "utm_source=mail&x=1"))).toBe(200);
    expect(await statusOf(`${link}&utm_medium=mail`)).toBe(403);
    expect(await statusOf(`${sign("/confirm/3")}&utm_source=mail`)).toBe(403);
    expect(await statusOf(`${sign("/track/a?utm_source=own")}&fbclid=1`)).toBe(200);
  });

  it("tell a view whether its URL is signed", async () => {
    expect(await (await client.get(sign("/asks"))).text()).toBe("true");
    expect(await (await client.get("/asks")).text()).toBe("false");
  });

  it("keep the host of a URL as it is written, and refuse URLs that are none of the web", () => {
    expect(sign("//Example.com:8080/whole")).toMatch(/^\/\/Example\.com:8080\/whole\?expires=/);
    expect(sign("HTTP://example.com")).toMatch(/^HTTP:\/\/example\.com\/\?expires=/);
    for (const url of [
      "",
      "?a=1",
      "whole",
      "./whole",
      "mailto:ann@example.com",
      "javascript:alert(1)",
      "ftp://example.com/",
      "http:/x",
      "http://[x/",
      "///evil.example/whole",
      "/\\evil.example/whole",
      "/\t/evil.example/whole",
      "/\\",
    ]) {
      expect(() => sign(url), url).toThrow(/give a path that begins with a slash, or a URL of http or https/);
    }
  });

  it("refuse to sign without an expiry, or twice", () => {
    for (const expiresIn of [0, -1, Number.NaN]) {
      expect(() => sign("/whole", expiresIn)).toThrow(TypeError);
    }
    expect(() => sign(sign("/whole"))).toThrow(/has a parameter 'expires' or 'signature'/);
  });

  it("work below the path of a proxy", async () => {
    const inner = createApp({}, Links);
    const outer = createApp();
    outer.mount("/shop", inner);
    const link = outer.appContext(() => signUrl("/shop/confirm/3", { expiresIn: 60 }));
    expect((await outer.testClient().get(link)).status).toBe(200);
    expect((await outer.testClient().get(link.replace("/shop/confirm/3", "/shop/confirm/4"))).status).toBe(403);
  });

  it("read links of former keys, and need a key to sign", async () => {
    const before = createApp({ config: { secretKey: "a former key, no more" } });
    const link = before.appContext(() => signUrl("/asks", { expiresIn: 60 }));
    const after = createApp({ config: { secretKeyFallbacks: ["a former key, no more"] } }, Links);
    expect(await (await after.testClient().get(link)).text()).toBe("true");
    expect(await (await client.get(link)).text()).toBe("false");
    const keyless = new Flagon(__dirname, { static: null, config: { testing: true } });
    expect(() => keyless.appContext(() => signUrl("/asks", { expiresIn: 60 }))).toThrow(/A signed URL needs a secret key/);
  });

  it("refuse every other spelling of the signature", async () => {
    const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const link = sign("/whole");
    const statuses = await Promise.all([...digits].map(async (digit) => [digit, await statusOf(link.slice(0, -1) + digit)] as const));
    expect(statuses.filter(([, status]) => status === 200).map(([digit]) => digit)).toEqual([link.at(-1)]);
  });

  it("take text of any language, and keep the order and the spelling of parameters", async () => {
    for (const [url, args] of [
      ["/track/J%c3%b6rg?q=a+b&q=a%20b&q=ü", "Jörg"],
      ["/track/a b?q='x'&r=[1]&&=&s", "a b"],
      ["/track/😀?q=a%26signature%3D1&Expires=1", "😀"],
    ] as const) {
      const link = sign(url);
      expect(await (await client.get(link)).text(), url).toBe(args);
      expect(await statusOf(link.replace("q=", "Q="))).toBe(403);
    }
    expect(await statusOf(sign("/track/a?q=a+b").replace("a+b", "a%20b"))).toBe(403);
  });

  it("work with a function as the view, below a prefix, and beside other decorators", async () => {
    const other = createApp({ config: { methodOverride: true } });
    const shop = new Blueprint("shop", { urlPrefix: "/shop" });
    shop.route(
      "/order/<int:id>",
      signedUrl(({ id }: { id: number }) => `order ${id}`),
      { endpoint: "order", methods: ["GET", "POST", "PUT"] },
    );
    other.register(shop);
    const link = other.appContext(() => signUrl(urlFor("shop.order", { id: 3 }), { expiresIn: 60 }));
    const visitor = other.testClient();
    expect(await (await visitor.get(link)).text()).toBe("order 3");
    expect((await visitor.get(link.replace("/3", "/4"))).status).toBe(403);
    expect((await visitor.put(link)).status).toBe(403);
    for (const method of ["GET", "HEAD", "PUT"]) {
      expect((await visitor.post(link, { form: { _method: method } })).status).toBe(403);
    }
  });

  it.each(["utm_source", [5], [""], ["signature"], ["utm_source", "expires"], {}, null, 7])("refuse to ignore %j", (ignore) => {
    const wrong = { ignore: ignore as never };
    expect(() => signedUrl(wrong)).toThrow(/'ignore' of @signedUrl\(\) must be a list of parameters/);
    const ask = app.testRequestContext("/asks", {}, () => isUrlSigned(wrong));
    return expect(ask).rejects.toThrow(/'ignore' of isUrlSigned\(\) must be a list of parameters/);
  });
});

describe("signUrl() in a template", () => {
  it("signs a link as the function does, in a view and outside of a request, external where asked", async () => {
    const named = createApp({ config: { serverName: "shop.example", preferredUrlScheme: "https" } }, Links);
    const source =
      '<%= signUrl(urlFor("confirm", { id: 3, a: "x y" }), { expiresIn: 60 }) %> <%= signUrl(urlFor("confirm", { id: 3 }, { external: true }), { expiresIn: 60 }) %>';
    named.get("/page", () => renderTemplateString(source));
    const inView = await (await named.testClient().get("/page")).text();
    const outside = named.appContext(() => String(renderTemplateString(source)));
    for (const text of [inView, outside]) {
      const [path = "", url = ""] = text.replaceAll("&amp;", "&").split(" ");
      expect(path).toMatch(/^\/confirm\/3\?a=x\+y&expires=1790000060&signature=/);
      expect(url).toMatch(/^https:\/\/shop\.example\/confirm\/3\?expires=/);
      expect((await named.testClient().get(path)).status).toBe(200);
      expect((await named.testClient().get(url)).status).toBe(200);
      expect((await named.testClient().get(path.replace("/3?", "/4?"))).status).toBe(403);
    }
  });

  it.each([
    ["<%= signUrl('/x') %>", "signUrl()"],
    ["<%= signUrl('/x', { expiresIn: 0 }) %>", "signUrl() needs 'expiresIn', a number of seconds above 0, but got 0"],
    ["<%= signUrl('x', { expiresIn: 9 }) %>", "signUrl() got 'x': give a path that begins with a slash"],
    ["<%= signUrl('/x', { expires: 9 }) %>", "'expires'"],
  ])("says the mistake of %s", (source, message) => {
    expect(() => app.appContext(() => renderTemplateString(source))).toThrow(message);
  });

  it("gives way to a name of the app", () => {
    const own = createApp();
    own.templateGlobal("signUrl", () => "own");
    expect(String(own.appContext(() => renderTemplateString("<%= signUrl() %>")))).toBe("own");
  });
});
