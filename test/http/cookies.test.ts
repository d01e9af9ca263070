import fc from "fast-check";
import { FlagonResponse, request } from "flagon";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createCookieWriter, formatCookie, parseCookies } from "../../src/http/cookies";
import { createApp } from "../support";

describe("cookies", () => {
  it("come back equal, with any value", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (value) => {
        const line = formatCookie("name", value);
        expect(line).toMatch(/^name=[\x20-\x7e]*; Path=\/$/);
        const pair = line.slice(0, line.lastIndexOf("; Path=/"));
        expect(parseCookies(`a=1; ${pair}; b=2`)).toMatchObject({ a: "1", name: Buffer.from(value, "utf8").toString("utf8"), b: "2" });
      }),
    );
  });

  it("are quoted as by Werkzeug, except for blanks", () => {
    expect(formatCookie("a", 'a,b;"c\\é').split("; ")[0]).toBe('a="a\\054b\\073\\042c\\134\\303\\251"');
    expect(parseCookies('a="a\\054b\\073\\"c\\\\ \\303\\251"').a).toBe('a,b;"c\\ é');
  });

  it("are read as UTF-8, as scripts of pages write them", () => {
    const bytes = (text: string) => Buffer.from(text, "utf8").toString("latin1");
    expect({ ...parseCookies(bytes('a=é; b=日本; ü=1; c="é\\073"')) }).toEqual({ a: "é", b: "日本", ü: "1", c: "é;" });
    // A byte that is not UTF-8 stays, and so does text of a test.
    expect({ ...parseCookies("a=\xe9; b=\xc3\xa9") }).toEqual({ a: "\xe9", b: "é" });
    expect({ ...parseCookies("a=日; a=x; __proto__=é") }).toEqual(JSON.parse('{"a":"日","__proto__":"é"}'));
  });

  it("reach a view through app.fetch as UTF-8", async () => {
    const app = createApp();
    app.route("/", () => ({ c: request.cookies.c }), { endpoint: "c" });
    const headers = { cookie: Buffer.from("c=é", "utf8").toString("latin1") };
    expect(await (await app.fetch(new Request("http://localhost/", { headers }))).json()).toEqual({ c: "é" });
  });
});

describe("createCookieWriter()", () => {
  it("writes the same as formatCookie(), for values without quotes", () => {
    const options = { path: "/p", secure: true, httpOnly: true, sameSite: "Lax" } as const;
    const write = createCookieWriter("a", options);
    expect(write("x.y-z")).toBe(formatCookie("a", "x.y-z", options));
    expect(write("x", new Date(0)).split("; ").sort()).toEqual(
      formatCookie("a", "x", { ...options, expires: new Date(0) })
        .split("; ")
        .sort(),
    );
  });
});

describe("setCookie() and deleteCookie()", () => {
  it("set and delete cookies with every attribute", () => {
    const response = new FlagonResponse();
    response.setCookie("a", "x, ö", { maxAge: 60, domain: "example.com", path: "/p", secure: true, httpOnly: true, sameSite: "Strict" });
    response.setCookie("p", "1", { partitioned: true });
    response.deleteCookie("b", { path: "/p" });
    const [first = "", second = "", third = ""] = response.headers.getSetCookie();
    expect(first).toMatch(
      /^a="x\\054\\040\\303\\266"; Max-Age=60; Domain=example\.com; Path=\/p; Expires=\w{3}, .* GMT; HttpOnly; Secure; SameSite=Strict$/,
    );
    expect(second).toBe("p=1; Path=/; Secure; Partitioned");
    expect(third).toBe("b=; Max-Age=0; Path=/p; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
    expect(() => response.setCookie("a b", "x")).toThrow(TypeError);
  });

  it.each([
    ["__Host-a", {}, "secure: true"],
    ["__host-a", { secure: true, path: "/a" }, "the path '/'"],
    ["__Host-a", { secure: true, domain: "example.com" }, "without a domain"],
    ["__Secure-a", {}, "secure: true"],
    ["__Http-a", { secure: true }, "httpOnly: true"],
    ["__Host-Http-a", { secure: true }, "httpOnly: true"],
    ["a", { sameSite: "None" }, "secure: true"],
    ["a", { path: "a" }, "begin with a slash"],
    ["a,b", {}, "cannot have the name"],
    ['a"b', {}, "cannot have the name"],
    ["", {}, "cannot have the name"],
  ] as const)("refuse the cookie '%s' with %j, which browsers drop", (name, options, message) => {
    const response = new FlagonResponse();
    expect(() => response.setCookie(name, "x", options)).toThrow(message);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  it.each([
    ["__Host-a", { secure: true }],
    ["__Secure-a", { partitioned: true, path: "/a" }],
    ["__Host-Http-a", { secure: true, httpOnly: true }],
    ["a", { sameSite: "None", secure: true }],
  ] as const)("accept the cookie '%s' with %j", (name, options) => {
    const response = new FlagonResponse();
    response.setCookie(name, "x", options);
    response.deleteCookie(name, options);
    expect(response.headers.getSetCookie()).toHaveLength(2);
  });

  it("warn of a cookie over the setting maxCookieSize", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    onTestFinished(() => warn.mockRestore());
    for (const [maxCookieSize, warnings] of [
      [4093, 1],
      [0, 0],
      [6000, 0],
    ] as const) {
      warn.mockClear();
      const app = createApp({ config: { maxCookieSize } });
      app.route(
        "/",
        () => {
          const response = new FlagonResponse("x");
          response.setCookie("large", "x".repeat(5000));
          response.setCookie("small", "x");
          return response;
        },
        { endpoint: "x" },
      );
      await app.testClient().get("/");
      expect(warn.mock.calls).toHaveLength(warnings);
      if (warnings > 0) {
        expect(warn.mock.calls[0]?.[0]).toMatch(/^The cookie 'large' is 50\d\d bytes long/);
      }
    }
  });
});
