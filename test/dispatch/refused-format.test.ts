import { Blueprint, type Flagon, type FlagonOptions, json } from "flagon";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { openSocket } from "../server/raw-socket";
import { serveLive } from "../server/serve-live";
import { createApp } from "../support";

const Rate = z.object({ id: z.int() });
const problem = "application/problem+json";
const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

function create(options: FlagonOptions = {}): Flagon {
  const app = createApp({ ...options, config: { testing: false, secretKey: "a key that is long enough", ...options.config } });
  app.logger.level = "silent";
  return app;
}

/** An app of pages with a blueprint of JSON below `/api`, and routes that take and return JSON below `/rates`. */
function createMixed(options: FlagonOptions = {}): Flagon {
  const app = create(options);
  const api = new Blueprint("api", { urlPrefix: "/api", errors: "json" });
  api.get("/x", () => "x", { endpoint: "x" });
  app.register(api);
  app.get("/rates/<int:id>", ({ id }) => ({ id }), { endpoint: "rate", returns: Rate });
  app.get("/names/<name>", () => ({ id: 1 }), { endpoint: "name", returns: Rate });
  app.post("/rates", () => json(1), { endpoint: "add", json: Rate });
  app.get("/", () => "home", { endpoint: "home" });
  app.get("/pages/<name>", () => "page", { endpoint: "page" });
  return app;
}

/** An app of JSON alone. */
function createApi(): Flagon {
  const app = create();
  app.get("/rates/<int:id>", ({ id }) => ({ id }), { endpoint: "rate", returns: Rate });
  app.post("/rates", () => json(1), { endpoint: "add", json: Rate });
  return app;
}

/** Serves an app as production does, sends bytes, and returns the status and the media type of the answer. */
async function sendRaw(app: Flagon, ...requests: string[]): Promise<unknown[]> {
  const port = await serveLive(app);
  const answers: unknown[] = [];
  for (const request of requests) {
    const socket = openSocket(port);
    socket.write(request);
    const text = await socket.closed();
    const [, status, type] = /^HTTP\/1\.1 (\d+).*?\r\ncontent-type: ([^;\r]+)/is.exec(text) ?? [];
    const body = text.slice(text.indexOf("\r\n\r\n") + 4);
    answers.push([Number(status), type, type === problem ? JSON.parse(body).status : undefined]);
  }
  return answers;
}

describe("the format of an error before routing", () => {
  it.each([
    ["/api/%ff", 400, problem],
    ["/api/%E0%A4%A", 400, problem],
    ["/api/x%00", 400, problem],
    ["/api/%", 400, problem],
    ["/rates/%ff", 400, problem],
    ["/names/%ff", 400, problem],
    ["/names/a%C3", 400, problem],
    ["/pages/%ff", 400, "text/html"],
    ["/%ff", 400, "text/html"],
    ["/%61pi/%ff", 400, problem],
    [`/names/a?${"b".repeat(9000)}`, 414, problem],
    [`/rates/1?${"b&".repeat(1200)}`, 414, problem],
    [`/api/${"b".repeat(9000)}`, 414, problem],
    [`/pages/a?${"b".repeat(9000)}`, 414, "text/html"],
  ])("is that of the path: %s", async (path, status, type) => {
    const client = createMixed().testClient();
    const ask = async (accept: string) => {
      const response = await client.get(path, { headers: { accept } });
      return [response.status, response.headers.get("content-type")?.split(";")[0]];
    };
    expect(await ask("*/*")).toEqual([status, type]);
    expect(await ask(browser)).toEqual([status, "text/html"]);
    expect(await ask("application/json")).toEqual([status, problem]);
  });

  it.each([
    ["a host that is not trusted", { host: "evil.example" }],
    ["a malformed host", { host: "a b" }],
    ["two credentials", { host: "example.com", authorization: "Bearer a, Bearer b" }],
  ])("is that of the path for %s", async (_, headers) => {
    const client = createMixed({ config: { trustedHosts: ["example.com"] } }).testClient();
    const ask = async (path: string) => {
      const response = await client.get(path, { headers });
      return [response.status, response.headers.get("content-type")?.split(";")[0]];
    };
    expect(await ask("/rates/1")).toEqual([400, problem]);
    expect(await ask("/rates/one")).toEqual([400, problem]);
    expect(await ask("/api/none")).toEqual([400, problem]);
    expect(await ask("/pages/a")).toEqual([400, "text/html"]);
  });

  const close = "Host: example.com\r\nConnection: close\r\n";

  it("is that of the path for errors of the protocol", async () => {
    expect(
      await sendRaw(
        createMixed(),
        "GET /rates/1 HTTP/1.1\r\nConnection: close\r\n\r\n",
        `POST /rates HTTP/1.1\r\n${close}Expect: more\r\nContent-Length: 1\r\n\r\n1`,
        `POST /rates HTTP/1.1\r\n${close}Transfer-Encoding: gzip\r\n\r\n`,
        `GET /rates/1 HTTP/1.1\r\n${close}${"X: 1\r\n".repeat(120)}\r\n`,
        `GET /rates/1 HTTP/2.0\r\n${close}\r\n`,
        `GET /pages/a HTTP/1.1\r\n${close}${"X: 1\r\n".repeat(120)}\r\n`,
        `GET /pages/a HTTP/1.1\r\n${close}X: ${"x".repeat(20_000)}\r\n\r\n`,
        `BREW /rates/1 HTTP/1.1\r\n${close}\r\n`,
        `TRACE /rates/1 HTTP/1.1\r\n${close}\r\n`,
      ),
    ).toEqual([
      [400, problem, 400],
      [417, problem, 417],
      [501, problem, 501],
      [431, problem, 431],
      [505, problem, 505],
      [431, "text/html", undefined],
      [431, "text/plain", undefined],
      [400, "text/plain", undefined],
      [405, problem, 405],
    ]);
  });

  it.each([
    ["a server of JSON alone", createApi],
    ["an app with { errors: 'json' }", () => createMixed({ errors: "json" })],
  ])("is JSON for requests without a path, of %s", async (_, createOne) => {
    expect(
      await sendRaw(
        createOne(),
        `GET /rates/1 HTTP/1.1\r\n${close}X: ${"x".repeat(20_000)}\r\n\r\n`,
        `BREW /rates/1 HTTP/1.1\r\n${close}\r\n`,
        "nonsense\r\n\r\n",
        `CONNECT example.com:443 HTTP/1.1\r\n${close}\r\n`,
        `GET * HTTP/1.1\r\n${close}\r\n`,
      ),
    ).toEqual([
      [431, problem, 431],
      [400, problem, 400],
      [400, problem, 400],
      [501, problem, 501],
      [400, problem, 400],
    ]);
  });
});
