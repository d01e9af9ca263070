import { connect } from "node:net";
import { type FlagonOptions, request, urlFor } from "flagon";
import { describe, expect, it } from "vitest";
import { createLiveApp, listen } from "../support";

/** Serves an app that tells the host, the path and the credentials of each request. */
async function serve(config: FlagonOptions["config"] = {}): Promise<number> {
  const app = createLiveApp();
  app.config.update(config);
  const view = () => [request.host, request.path, request.authorization?.type ?? null, request.query.size];
  app.route("/", view, { endpoint: "view", methods: ["GET", "POST"] });
  app.route("/reset", () => urlFor("view", {}, { external: true }), { endpoint: "reset" });
  return (await listen(app.handler)).port;
}

/** Sends bytes as they are, and returns the status and the body of the answer. */
function send(port: number, text: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    socket.setEncoding("latin1").on("data", (piece: string) => {
      answer += piece;
    });
    socket.on("error", reject).on("close", () => {
      const [head = "", ...rest] = answer.split("\r\n\r\n");
      resolve({ status: Number(head.split(" ")[1]), body: rest.join("") });
    });
  });
}

function get(port: number, headers: readonly string[], target = "/"): Promise<{ status: number; body: string }> {
  return send(port, `GET ${target} HTTP/1.1\r\n${[...headers, "Connection: close"].join("\r\n")}\r\n\r\n`);
}

const host = "Host: good.test";

describe("a header that can come only once", () => {
  it.each([
    [[host, host]],
    [[host, "host: evil.test"]],
    [[host, "Content-Type: text/plain", "Content-Type: text/plain"]],
    [[host, "Content-Type: application/json", "CONTENT-TYPE: text/plain"]],
    [[host, "Content-Type: text/plain, application/json"]],
    [[host, "Authorization: Basic YTpi", "Authorization: Bearer x"]],
    [[host, "Authorization: Bearer x, Bearer y"]],
    [[host, "Authorization: Basic YTpi, Basic YTpi"]],
  ])("is refused when it comes twice: %j", async (headers) => {
    for (const trustProxy of [0, 1, { hops: 1, host: true }]) {
      const port = await serve({ trustProxy });
      expect((await get(port, [...headers, "X-Forwarded-Host: good.test", "X-Forwarded-For: 1.1.1.1"])).status).toBe(400);
    }
  });

  it.each([
    [[host, 'Content-Type: multipart/mixed; boundary="a,b"']],
    [[host, 'Authorization: Digest username="ann", realm="x, y"']],
    [[host, "Authorization: Basic YTpi"]],
    [[host, "X-A: 1", "X-A: 2", "Accept: a/b", "Accept: c/d", "Cookie: a=1", "Cookie: b=2"]],
  ])("is accepted once, and other headers any number of times: %j", async (headers) => {
    expect((await get(await serve(), headers)).status).toBe(200);
  });

  it("is refused when it comes twice through app.fetch too, which joins both", async () => {
    const app = createLiveApp();
    app.route("/", () => "x", { endpoint: "x", methods: ["POST"] });
    for (const [name, value] of [
      ["content-type", "application/json"],
      ["authorization", "Bearer x"],
    ] as const) {
      const headers = new Headers([
        [name, value],
        [name, value],
      ]);
      expect((await app.fetch(new Request("http://localhost/", { method: "POST", headers }))).status).toBe(400);
    }
  });
});

describe("the host of a request", () => {
  it.each([
    ["good.test", "good.test"],
    ["good.test:80", "good.test"],
    ["good.test:443", "good.test:443"],
    ["good.test:080", "good.test"],
    ["good.test:00080", "good.test"],
    ["good.test:0443", "good.test:443"],
    ["[::1]:080", "[::1]"],
    ["good.test:65535", "good.test:65535"],
    ["127.0.0.1:8000", "127.0.0.1:8000"],
    ["[::1]", "[::1]"],
    ["[2001:db8::1]:8080", "[2001:db8::1]:8080"],
    ["a_b-c.good.test.", "a_b-c.good.test."],
  ])("can be '%s'", async (value, expected) => {
    expect((await get(await serve(), [`Host: ${value}`])).body).toContain(`["${expected}",`);
  });

  it.each([
    "",
    "good.test:",
    "good.test:0",
    "good.test:000",
    "good.test:000080",
    "good.test:65536",
    "good.test:99999",
    "good.test:80:80",
    "good.test:443:80",
    "good.test:-1",
    "good.test:8o",
    "good.test, evil.test",
    "user@good.test",
    "good.test/path",
    "good.test\\evil.test",
    "good.test?x",
    "good test",
    "good..test",
    ".good.test",
    "[::1",
    "[good.test]",
    "[::1]x",
    "[::1%eth0]",
    "\xe4.test",
    "<script>",
    "a".repeat(300),
  ])("cannot be '%s'", async (value) => {
    for (const trustedHosts of [[], ["good.test"]]) {
      expect((await get(await serve({ trustedHosts }), [`Host: ${value}`])).status).toBe(400);
    }
  });

  it("comes from a target in absolute form, and not from the header", async () => {
    const port = await serve({ trustedHosts: ["good.test"] });
    expect((await get(port, ["Host: evil.test"], "http://good.test/?a=1")).body).toBe('["good.test","/",null,1]');
    expect((await get(port, ["Host: evil.test"], "http://good.test")).body).toBe('["good.test","/",null,0]');
    for (const target of [
      "http://evil.test/",
      "http://good.test@evil.test/",
      "http://evil.test:80:80/",
      "http:///",
      "http://evil.test?x",
    ]) {
      expect((await get(port, [host], target)).status).toBe(400);
    }
  });

  it("is needed for external URLs, and HTTP/1.0 may lack it", async () => {
    const old = "GET /reset HTTP/1.0\r\n\r\n";
    expect((await send(await serve(), old)).status).toBe(500);
    expect(await send(await serve({ serverName: "good.test" }), old)).toEqual({ status: 200, body: "http://good.test/" });
    expect((await send(await serve({ trustedHosts: ["good.test"] }), old)).status).toBe(400);
  });
});

describe("the target of a request", () => {
  it.each(["/%", "/%zz", "/%ff", "/%00", "/a/%c3%28"])("is refused with 400 if its path is '%s'", async (path) => {
    expect((await get(await serve(), [host], path)).status).toBe(400);
  });

  it("is refused with 414 over 8 KiB, and with 400 without a slash", async () => {
    expect((await get(await serve(), [host], `/${"x".repeat(8192)}`)).status).toBe(414);
    expect((await createLiveApp().testClient().get("no-slash")).status).toBe(400);
  });
});

describe("the query of a request", () => {
  it("is limited to the number of parameters of a form", async () => {
    const port = await serve({ maxFormParts: 10 });
    const many = (count: number) => Array.from({ length: count }, (_, index) => `a${index}`).join("&");
    expect((await get(port, [host], `/?${many(10)}`)).body).toBe('["good.test","/",null,10]');
    expect((await get(port, [host], `/?${many(11)}`)).status).toBe(414);
    expect((await get(port, [host], `/?${"&".repeat(11)}`)).status).toBe(414);
    const usual = await serve();
    expect((await get(usual, [host], `/?${many(1000)}`)).status).toBe(200);
    expect((await get(usual, [host], `/?${many(1001)}`)).status).toBe(414);
  });
});

describe("a header of 16 KiB", () => {
  it.each([
    ["authorization", `Digest a=b,${"x".repeat(16_000)}`],
    ["authorization", `Digest a=b, ${'x="\\'.repeat(4000)}`],
    ["range", `bytes=x${" ".repeat(16_000)}x`],
    ["range", `bytes=${" ".repeat(16_000)}x`],
    ["range", `bytes=0${" ".repeat(16_000)}-x`],
    ["content-type", `a/b,"${'\\"'.repeat(8000)}`],
    ["content-type", `a/b;${" ".repeat(16_000)}x`],
    ["content-type", `a/b; x="${'\\"'.repeat(8000)}`],
    ["cache-control", `a${" ".repeat(16_000)}x`],
    ["if-match", '"'.repeat(16_000)],
    ["if-range", `"${"a".repeat(16_000)}`],
    ["cookie", `a="${"\\".repeat(16_000)}`],
    ["accept", ",".repeat(16_000)],
    ["accept-language", "en;q=0.1,".repeat(1700)],
  ])("is read in linear time: %s", async (name, value) => {
    const app = createLiveApp();
    let best = Number.POSITIVE_INFINITY;
    app.route(
      "/",
      () => {
        const start = performance.now();
        const { accepts, authorization, cacheControl, cookies, ifMatch, ifRange, mimeTypeParameters, range } = request;
        accepts.types("text/html");
        accepts.languages("en");
        best = Math.min(best, performance.now() - start);
        return Object.keys({ authorization, cacheControl, cookies, ifMatch, ifRange, mimeTypeParameters, range }).join();
      },
      { endpoint: "x" },
    );
    const client = app.testClient();
    for (let round = 0; round < 3; round++) {
      const start = performance.now();
      const { status } = await client.get("/", { headers: { [name]: value } });
      best = status === 200 ? best : Math.min(best, performance.now() - start);
    }
    // A quadratic reader takes some hundreds of milliseconds.
    expect(best).toBeLessThan(100);
  });
});
