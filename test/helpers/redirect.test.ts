import { isSafeRedirect, redirect, redirectBack, request } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp } from "../support";

function createView(view: () => unknown) {
  const app = createApp();
  app.route("/", view, { endpoint: "view", methods: ["GET", "POST"] });
  return app.testClient();
}

const foreign = [
  "//evil",
  "///evil",
  "http://evil/",
  "https://localhost/",
  "http://localhost:81/",
  "javascript:x",
  "JavaScript:x",
  "data:text/html,x",
  "/\\evil",
  "\\\\evil",
  "/a?b=\\",
  " //evil",
  "//evil ",
  "\t//evil",
  "/\t/evil",
  "/\n/evil",
  "java\nscript:x",
  "http:evil",
  "http:/evil",
  "http:///evil",
  "mailto:a@b",
  "http://localhost@evil/",
  "http://localhost\\@evil/",
  "http://localhost%5C@evil/",
  "http://localhost%5c@evil/",
  "http://localhost%2f@evil/",
  "http://user@localhost/",
  "http://localhost.evil/",
  "http://localhost\0.evil/",
  "\u00a0//evil",
  "\u3000",
  "/x\x7f",
  "",
];

describe("redirect()", () => {
  it("answers 303, so that the browser loads the page by GET", async () => {
    const response = await createView(() => redirect("/ö x?a=<b>")).post("/");
    expect([response.status, response.headers.get("location")]).toEqual([303, "/%C3%B6%20x?a=<b>"]);
    expect(await response.text()).toContain('<a href="/%C3%B6%20x?a=&lt;b&gt;">');
    expect((await createView(() => redirect("/x", 308)).get("/")).status).toBe(308);
  });

  it.each(["/a", "a", "?q", "#x", "../x", "http://localhost/x", "http://LOCALHOST:80/ö", "/a//b", "/:80", "/%5Cx", "@x", "/\ud800"])(
    "accepts %j, and sends the checked text",
    async (location) => {
      const response = await createView(() => redirect(location)).get("/");
      const sent = response.headers.get("location") ?? "";
      expect(response.status).toBe(303);
      expect(new URL(sent, "http://localhost/").host).toBe("localhost");
      expect(await createApp().testRequestContext("/", {}, () => [isSafeRedirect(location), isSafeRedirect(sent)])).toEqual([true, true]);
    },
  );

  it.each(foreign)("refuses %j without the option 'external'", async (location) => {
    await expect(createView(() => redirect(location)).get("/")).rejects.toThrow(/another origin|control characters/);
    expect(await createApp().testRequestContext("/", {}, () => isSafeRedirect(location))).toBe(false);
  });

  it.each([
    ["https://bücher.example:8080/é?ü=1", "https://xn--bcher-kva.example:8080/%C3%A9?%C3%BC=1"],
    ["//bücher.example/a", "//xn--bcher-kva.example/a"],
    ["HTTPS://example.com/é", "HTTPS://example.com/%C3%A9"],
    ["https://bücher.example", "https://xn--bcher-kva.example"],
  ])("sends the host of %s in its ASCII form", async (location, sent) => {
    const response = await createView(() => redirect(location, { external: true })).get("/");
    expect(response.headers.get("location")).toBe(sent);
  });

  it("redirects to another site with the option 'external'", async () => {
    for (const location of ["https://example.com/x", "//example.com", "mailto:a@example.com", "myapp://callback"]) {
      const response = await createView(() => redirect(location, { external: true })).get("/");
      expect([response.status, response.headers.get("location")]).toEqual([303, location]);
    }
  });

  it.each(["/a\r\nb", "https://a\\@b/", "javascript:alert(1)", "JAVASCRIPT:x", "java\tscript:x", "data:text/html,x", "vbscript:x"])(
    "refuses %j with the option 'external' too",
    async (location) => {
      await expect(createView(() => redirect(location, { external: true })).get("/")).rejects.toThrow(/control characters|run a script/);
    },
  );

  it.each([200, 300, 304, 305, 400, 303.5, Number.NaN])("refuses the status %j", async (status) => {
    const view = () => Reflect.apply(redirect, undefined, ["/x", status]);
    await expect(createView(view).get("/")).rejects.toThrow("cannot have the status");
  });
});

describe("redirectBack()", () => {
  const client = createView(() => redirectBack("/home"));
  const follow = async (referer: string | null, method = "POST") => {
    const response = await client.request(method, "/", referer === null ? {} : { headers: { referer } });
    return response.headers.get("location");
  };

  it("redirects to the referring page, if it is a page of the app", async () => {
    expect(await follow("http://localhost/list?page=2")).toBe("http://localhost/list?page=2");
    expect(await follow("http://localhost/")).toBe("http://localhost/");
    expect((await client.post("/")).headers.get("vary")).toBe("referer");
  });

  it("redirects to the fallback otherwise", async () => {
    expect(await follow(null)).toBe("/home");
    for (const referer of foreign.filter((location) => /^[!-~]*$/.test(location))) {
      expect([referer, await follow(referer)]).toEqual([referer, "/home"]);
    }
    // A page that leads back to itself would never end.
    expect(await follow("http://localhost/", "GET")).toBe("/home");
    expect(await createApp().testRequestContext("/x", {}, () => [request.path, redirectBack().location])).toEqual(["/x", "/"]);
    await expect(createView(() => redirectBack("//evil")).get("/")).rejects.toThrow("another origin");
  });
});
