import {
  defineForm,
  Flagon,
  type FlagonOptions,
  makeResponse,
  redirect,
  request,
  session,
  type TestCredentials,
  type TestRequestOptions,
} from "flagon";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../support";

describe("testClient()", () => {
  it("sends the target exactly as it is written", async () => {
    const app = createApp();
    app.route("/<path:rest>", () => request.target, { endpoint: "x" });
    const client = app.testClient();
    for (const target of ["/a/../b", "/a/./b", "/a;b?x=<>", "/%41", "/ä"]) {
      expect(await (await client.get(target)).text()).toBe(target);
    }
    expect(await (await client.get("/a?x=1", { query: { y: "a b", z: [1, 2] } })).text()).toBe("/a?x=1&y=a+b&z=1&z=2");
  });

  it("follows redirects like a browser, and lists them", async () => {
    const app = createApp();
    app.route("/start", () => redirect("/keep", 303), { endpoint: "start", methods: ["POST"] });
    app.route("/keep", () => redirect("/end?x=1"), { endpoint: "keep" });
    app.route("/again", () => redirect("/end", 307), { endpoint: "again", methods: ["POST"] });
    app.route("/end", async () => `${request.method} ${request.fullPath} ${await request.text()}`, {
      endpoint: "end",
      methods: ["GET", "POST"],
    });
    app.route("/loop", () => redirect("/loop"), { endpoint: "loop" });
    app.route("/away", () => redirect("https://example.com/", { external: true }), { endpoint: "away" });
    const client = app.testClient();
    const response = await client.post("/start", { form: { a: 1 }, followRedirects: true });
    expect([await response.text(), response.history.map((one) => one.headers.get("location"))]).toEqual([
      "GET /end?x=1 ",
      ["/keep", "/end?x=1"],
    ]);
    expect(await (await client.post("/again", { form: { a: 1 }, followRedirects: true })).text()).toBe("POST /end a=1");
    expect((await client.get("/keep")).history).toEqual([]);
    await expect(client.get("/loop", { followRedirects: true })).rejects.toThrow("go on and on");
    await expect(client.get("/away", { followRedirects: true })).rejects.toThrow("leads to another host");
  });

  it("keeps cookies by host, path and Secure, until they expire", async () => {
    const app = createApp();
    app.route(
      "/set",
      () => {
        const response = makeResponse("x");
        response.setCookie("plain", "1");
        response.setCookie("deep", "2", { path: "/deep" });
        response.setCookie("safe", "3", { secure: true });
        response.setCookie("wide", "4", { domain: "example.com" });
        return response;
      },
      { endpoint: "set" },
    );
    app.route(
      "/drop",
      () => {
        const response = makeResponse("x");
        response.deleteCookie("plain");
        return response;
      },
      { endpoint: "drop" },
    );
    app.route("/<path:rest>", () => Object.keys(request.cookies).sort().join(), { endpoint: "read" });
    const client = app.testClient();
    await client.get("https://www.example.com/set");
    const read = async (target: string) => (await client.get(target)).text();
    expect(await read("https://www.example.com/deep/x")).toBe("deep,plain,safe,wide");
    expect(await read("http://www.example.com/deeper")).toBe("plain,wide");
    expect(await read("http://other.example.com/x")).toBe("wide");
    expect(await read("http://localhost/x")).toBe("");
    await client.get("https://www.example.com/drop");
    expect(await read("http://www.example.com/x")).toBe("wide");
    client.cookies.clear();
    expect(await read("http://www.example.com/x")).toBe("");
  });

  it("opens the session before and after requests", async () => {
    const app = createApp();
    app.route(
      "/",
      () => {
        session.set("n", Number(session.get("n") ?? 0) + 1);
        return "x";
      },
      { endpoint: "x" },
    );
    const client = app.testClient();
    await client.session((opened) => opened.set("n", 41));
    await client.get("/");
    expect(await client.session((opened) => opened.get("n"))).toBe(42);
  });

  it("leaves out values of forms and queries that are null or undefined", async () => {
    const app = createApp();
    app.route("/", async () => [request.fullPath, await request.text()], { endpoint: "x", methods: ["POST"] });
    const fields = { a: [1, null, 2], b: null, c: undefined, d: false, e: "" };
    const response = await app.testClient().post("/", { query: fields, form: fields });
    expect(await response.json()).toEqual(["/?a=1&a=2&d=false&e=", "a=1&a=2&d=false&e="]);
    expect(await (await app.testClient().post("/", { query: { a: null } })).json()).toEqual(["/", ""]);
  });

  it("sends a body as JSON, form or text, and refuses two of them", async () => {
    const app = createApp();
    app.route("/", async () => [request.mimeType, await request.text()], { endpoint: "x", methods: ["POST"] });
    const client = app.testClient();
    expect(await (await client.post("/", { json: [1] })).json()).toEqual(["application/json", "[1]"]);
    expect(await (await client.post("/", { form: { a: true } })).json()).toEqual(["application/x-www-form-urlencoded", "a=true"]);
    expect(await (await client.post("/", { body: "x", headers: { "Content-Type": "text/plain" } })).json()).toEqual(["text/plain", "x"]);
    await expect(client.post("/", { json: 1, form: {} })).rejects.toThrow("A test request has one body");
  });
});

describe("auth", () => {
  const create = () => {
    const app = createApp();
    app.get("/", () => ({ header: request.headers.get("authorization"), parsed: request.authorization }));
    return app.testClient();
  };

  it("sends a name with its password, or a bearer token", async () => {
    const client = create();
    const ask = async (auth: TestCredentials) => (await client.get("/", { auth })).json();
    const ann = { header: `Basic ${Buffer.from("Änn:se:cret").toString("base64")}`, parsed: { username: "Änn", password: "se:cret" } };
    expect(await ask(["Änn", "se:cret"])).toMatchObject(ann);
    expect(await ask({ username: "Änn", password: "se:cret" })).toMatchObject(ann);
    expect(await ask(["", ""])).toMatchObject({ header: "Basic Og==" });
    expect(await ask({ bearer: "a.b-c_d" })).toMatchObject({ header: "Bearer a.b-c_d", parsed: { token: "a.b-c_d" } });
  });

  it("gives way to a header of the request", async () => {
    const client = create();
    const auth: TestCredentials = ["ann", "x"];
    expect(await (await client.get("/", { auth, headers: { Authorization: "Token 1" } })).json()).toMatchObject({ header: "Token 1" });
    expect(await (await client.get("/", { auth, headers: { authorization: null } })).json()).toMatchObject({ header: null });
  });

  it("refuses credentials that the header cannot hold", async () => {
    const client = create();
    for (const auth of [["a:b", "c"], ["a"], {}, { bearer: "a b" }, { bearer: "" }, { bearer: "x\ny" }, "token"]) {
      await expect(client.get("/", { auth: Object(auth) }), JSON.stringify(auth)).rejects.toThrow(/'auth'/);
    }
  });
});

describe("the address of the test client", () => {
  const seen = async (config: FlagonOptions["config"]) => {
    const app = createApp(config === undefined ? {} : { config });
    app.get("/", () => `${request.scheme}://${request.host} ${request.isSecure}`);
    app.get("/set", () => String(session.set("a", 1)));
    app.get("/get", () => String(session.get("a")));
    const client = app.testClient();
    const inContext = await app.testRequestContext("/", {}, () => request.host);
    await client.get("/set");
    return [
      await (await client.get("/")).text(),
      inContext,
      await (await client.get("/get")).text(),
      await client.session((s) => s.get("a")),
    ];
  };

  it("comes from the settings serverName and preferredUrlScheme, or from the first trusted host", async () => {
    expect(await seen(undefined)).toEqual(["http://localhost false", "localhost", "1", 1]);
    expect(await seen({ serverName: "shop.test:8080" })).toEqual(["http://shop.test:8080 false", "shop.test:8080", "1", 1]);
    expect(await seen({ serverName: "shop.test", preferredUrlScheme: "https" })).toEqual(["https://shop.test true", "shop.test", "1", 1]);
    expect(await seen({ trustedHosts: ["example.com"] })).toEqual(["http://example.com false", "example.com", "1", 1]);
    expect(await seen({ trustedHosts: [".example.org", "a.test"] })).toEqual(["http://example.org false", "example.org", "1", 1]);
  });

  it("can be given by each target", async () => {
    const app = createApp({ config: { serverName: "shop.test" } });
    app.get("/", () => request.url);
    expect(await (await app.testClient().get("https://other.test/?a=1")).text()).toBe("https://other.test/?a=1");
  });
});

describe("the secret key of a test", () => {
  it("is random if none is set, and stays null if it is set to null", async () => {
    const app = new Flagon(__dirname, { static: null, config: { testing: true } });
    app.get("/", () => String(session.set("a", 1)));
    expect((await app.testClient().get("/")).status).toBe(200);
    expect(String(app.config.secretKey)).toMatch(/^[\w-]{43}$/);
    const without = new Flagon(__dirname, { static: null, config: { testing: true, secretKey: null } });
    without.get("/", () => String(session.set("a", 1)));
    await expect(without.testClient().get("/")).rejects.toThrow("no secret key");
  });
});

describe("a request of the test client", () => {
  it("comes from the app's own pages, unless it names another origin", async () => {
    const app = createApp();
    app.post("/", () => request.headers.get("sec-fetch-site") ?? "none");
    const post = async (headers: Record<string, string | null>) => {
      const response = await app.testClient().post("/", { headers });
      return response.status === 200 ? await response.text() : response.status;
    };
    expect(await post({})).toBe("same-origin");
    expect(await post({ origin: "http://localhost" })).toBe("none");
    expect(await post({ origin: "http://localhost:5173" })).toBe(403);
    expect(await post({ origin: "https://evil.example" })).toBe(403);
    expect(await post({ origin: "https://evil.example", "sec-fetch-site": "same-origin" })).toBe("same-origin");
    expect(await post({ "sec-fetch-site": null })).toBe("none");
  });
});

describe("what a request of the test client takes", () => {
  function createEcho() {
    const app = createApp();
    app.route("/", async () => ({ query: request.queryString, a: request.headers.get("x-a"), body: await request.text() }), {
      endpoint: "echo",
      methods: ["GET", "POST"],
    });
    app.route(
      "/form",
      async () => [...(await request.form())].map(([name, value]) => [name, typeof value === "string" ? value : value.filename]),
      {
        endpoint: "form",
        methods: ["POST"],
      },
    );
    return app.testClient();
  }

  it.each<[string, TestRequestOptions["query"], string]>([
    ["an object", { a: ["1", 2], b: null }, "a=1&a=2"],
    ["URLSearchParams", new URLSearchParams("a=1&a=2"), "a=1&a=2"],
    ["text", "a=%20&b", "a=%20&b"],
    ["text with its question mark", "?a=1", "a=1"],
    ["nothing", {}, ""],
  ])("is a query of %s", async (_, query, text) => {
    const options: TestRequestOptions = query === undefined ? {} : { query };
    expect(await (await createEcho().get("/", options)).json()).toMatchObject({ query: text });
    const more = await (await createEcho().get("/?z=0", options)).json();
    expect(more).toMatchObject({ query: text === "" ? "z=0" : `z=0&${text}` });
  });

  it("is a form of URLSearchParams or FormData", async () => {
    const client = createEcho();
    expect(await (await client.post("/", { form: new URLSearchParams("a=1&a=ö") })).json()).toMatchObject({ body: "a=1&a=%C3%B6" });
    const form = new FormData();
    form.append("a", "1");
    form.append("f", new File(["x"], "x.txt"));
    const files = { g: new File(["y"], "y.txt") };
    expect(await (await client.post("/form", { form, files })).json()).toEqual([
      ["a", "1"],
      ["f", "x.txt"],
      ["g", "y.txt"],
    ]);
  });

  it("is an object of Headers", async () => {
    expect(await (await createEcho().get("/", { headers: new Headers({ "X-A": "1" }) })).json()).toMatchObject({ a: "1" });
  });
});

describe("a cookie without attributes that a browser understands", () => {
  it.each<[string, string, number[]]>([
    ["a=1", "the folder of its page", [200, 404]],
    ["a=1; Path=nonsense", "the folder of its page", [200, 404]],
    ["a=1; Path=/", "the whole host", [200, 200]],
    ["a=1; Path=/; Max-Age=soon", "the whole host", [200, 200]],
    ["a=1; Path=/; Expires=soon", "the whole host", [200, 200]],
    ["a=1; Path=/; Max-Age=0", "nothing", [404, 404]],
  ])("%s is for %s", async (cookie, _, statuses) => {
    const app = createApp();
    app.route("/shop/set", () => makeResponse("", 200, { "set-cookie": cookie }), { endpoint: "set" });
    const view = () => makeResponse("", request.cookies.a === "1" ? 200 : 404);
    app.route("/shop/see", view, { endpoint: "see" });
    app.route("/see", view, { endpoint: "outside" });
    const client = app.testClient();
    await client.get("/shop/set");
    expect([(await client.get("/shop/see")).status, (await client.get("/see")).status]).toEqual(statuses);
  });
});

describe("a multipart form of a test", () => {
  /** Sends a form and returns its body as text. */
  async function send(options: TestRequestOptions) {
    const app = createApp();
    app.post("/", async () => `${request.contentType}\n${await request.text()}`, { endpoint: "x" });
    const text = await (await app.testClient().post("/", options)).text();
    const [type = "", ...lines] = text.split("\n");
    return lines.join("\n").replaceAll(type.replace(/^.*boundary=/, ""), "B");
  }

  it("is encoded as browsers do", async () => {
    const form = new FormData();
    form.append('a"b\nc', "x\ny\r\nz\rü");
    form.append("none", new File([], ""));
    form.append("file", new File(["x\n"], 'q"\r\n.txt', { type: "text/plain" }));
    expect(await send({ form })).toBe(
      [
        '--B\r\nContent-Disposition: form-data; name="a%22b%0D%0Ac"\r\n\r\nx\r\ny\r\nz\r\nü\r\n',
        '--B\r\nContent-Disposition: form-data; name="none"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n\r\n',
        '--B\r\nContent-Disposition: form-data; name="file"; filename="q%22%0D%0A.txt"\r\nContent-Type: text/plain\r\n\r\nx\n\r\n',
        "--B--\r\n",
      ].join(""),
    );
    expect(await send({ files: {} })).toBe("--B--\r\n");
  });

  it.each<[string, z.ZodType<object | undefined>, unknown]>([
    ["is required", z.file(), ["This field is required."]],
    ["is absent if it is optional", z.file().optional(), null],
    ["is absent in a list", z.array(z.file()), []],
  ])("has a file input that the visitor left empty: it %s", async (_, photo, expected) => {
    const app = createApp();
    const UploadForm = defineForm({ photo }, { csrf: false });
    app.post(
      "/",
      async () => {
        const bound = await UploadForm.validateOnSubmit();
        return { got: bound.valid ? (Object.values(bound.data)[0] ?? null) : bound.errors.photo };
      },
      { endpoint: "x" },
    );
    const response = await app.testClient().post("/", { files: { photo: new File([], "") } });
    expect(await response.json()).toEqual({ got: expected });
  });
});
