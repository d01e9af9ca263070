import { once } from "node:events";
import { createServer } from "node:http";
import { connect, createServer as createHttp2Server, type IncomingHttpHeaders } from "node:http2";
import type { AddressInfo } from "node:net";
import { makeResponse, request, urlFor } from "flagon";
import { describe, expect, it, onTestFinished } from "vitest";
import { createLiveApp, listen } from "../support";
import { exchange, openSocket, statuses } from "./raw-socket";

function createSample() {
  const app = createLiveApp();
  app.route("/", () => "home", { endpoint: "home", methods: ["GET", "POST"] });
  app.route("/text", async () => `${(await request.text()).length} characters`, { endpoint: "text", methods: ["POST"] });
  app.route("/connection/<path:value>", ({ value }) => makeResponse("x", 200, { connection: value, "keep-alive": "timeout=999" }), {
    endpoint: "connection",
    methods: ["GET", "POST"],
  });
  return app;
}

describe("createServer(app.handler)", () => {
  it.each([
    ["a parameter of chunked", "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked;q=1\r\n\r\n", 501],
    ["gzip on GET", "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501],
    ["identity", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\nabc", 501],
    ["gzip on a view that reads", "POST /text HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\nabc", 501],
    ["gzip before chunked", "POST /text HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501],
    ["over 100 headers", `GET / HTTP/1.1\r\nHost: x\r\n${"X: 1\r\n".repeat(120)}\r\n`, 431],
    ["no version", "GET /\r\n\r\n", 400],
    ["another version", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505],
    ["two hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\nConnection: close\r\n\r\n", 400],
  ])("answers a head with %s, and closes", async (_name, bytes, status) => {
    const { port } = await listen(createSample().handler);
    const received = await exchange(port, bytes);
    expect(statuses(received)).toEqual([status]);
    expect(received.toLowerCase()).toContain("connection: close\r\n");
    expect(received.toLowerCase()).toContain("x-content-type-options: nosniff\r\n");
  });

  it("answers for a missing host and an unknown expectation, if the server hands such requests over", async () => {
    const { handler } = createSample();
    const server = createServer({ requireHostHeader: false }, handler).on("checkExpectation", handler).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    for (const [bytes, status] of [
      ["GET / HTTP/1.1\r\n\r\n", 400],
      ["GET / HTTP/1.1\r\nX: 1\r\n\r\n", 400],
      ["POST /text HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\nContent-Length: 1\r\n\r\na", 417],
      ["GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continued\r\n\r\n", 417],
      ["GET / HTTP/1.0\r\nExpect: x\r\n\r\n", 200],
    ] as const) {
      const received = await exchange(port, bytes);
      expect([bytes, statuses(received)]).toEqual([bytes, [status]]);
      expect(received.toLowerCase()).toContain("x-content-type-options: nosniff\r\n");
    }
  });

  it("refuses a malformed host together with a target in absolute form", async () => {
    const { port } = await listen(createSample().handler);
    for (const [host, status] of [
      ["x", 200],
      ["a b", 400],
      ["", 400],
      ["x:99999", 400],
      ["user@x", 400],
    ] as const) {
      const received = await exchange(port, `GET http://y/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      expect([host, statuses(received)]).toEqual([host, [status]]);
    }
  });

  it("answers Expect after its checks if the handler is that of the event 'checkContinue' as well", async () => {
    const { port, server } = await listen(createSample().handler);
    server.on("checkContinue", createSample().handler);
    const head = (path: string, length: number) =>
      `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`;
    for (const [path, length, status] of [
      ["/none", 10, 404],
      ["/text", 99_999_999, 413],
      ["/", 10, 200],
    ] as const) {
      const received = await exchange(port, head(path, length));
      expect(statuses(received)).toEqual([status]);
    }
    const connection = openSocket(port);
    connection.write(head("/text", 5));
    await connection.until(/100 Continue/);
    connection.write("hello");
    expect(statuses(await connection.closed())).toEqual([100, 200]);
  });

  it.each(["upgrade", "keep-alive", "Upgrade, HTTP2-Settings", "x-own"])(
    "closes the connection at the client's wish, though the app sets Connection: %s",
    async (value) => {
      const { port } = await listen(createSample().handler);
      const received = await exchange(
        port,
        `GET /connection/${encodeURIComponent(value)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
        3000,
      );
      expect(received).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\nx$/);
      expect(received.match(/^connection:.*close/gim)).toHaveLength(1);
      expect(received).not.toContain("timeout=999");
      const old = await exchange(port, `GET /connection/${encodeURIComponent(value)} HTTP/1.0\r\nHost: x\r\n\r\n`, 3000);
      expect(old.match(/^connection:.*close/gim)).toHaveLength(1);
    },
  );

  it("closes the connection if the app says so, also behind an unread body", async () => {
    const { port } = await listen(createSample().handler);
    const one = openSocket(port);
    one.write(`POST /connection/close HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n${"x".repeat(20_000)}`);
    await one.until(/\r\n\r\nx$/);
    one.write("x".repeat(30_000));
    expect(await one.closed()).toMatch(/^HTTP\/1\.1 200 [\s\S]*connection: close\r\n[\s\S]*\r\n\r\nx$/i);
    expect(one.socket.errored).toBeNull();
  });

  it("keeps the connection of a client that wishes so, whatever the app says about keeping it", async () => {
    const { port } = await listen(createSample().handler);
    const connection = openSocket(port);
    const ask = "GET /connection/keep-alive HTTP/1.1\r\nHost: x\r\n\r\n";
    connection.write(ask);
    await connection.until(/\r\n\r\nx$/);
    connection.write(ask);
    expect(statuses(await connection.until(/(?:\r\n\r\nx[\s\S]*){2}$/))).toEqual([200, 200]);
  });
});

describe("app.handler on Node's server of HTTP/2", () => {
  async function serve() {
    const app = createLiveApp();
    app.config.update({ trustedHosts: ["good.test"] });
    app.route(
      "/head",
      () => ({ host: request.host, names: [...request.headers.keys()].sort(), url: urlFor("head", {}, { external: true }) }),
      {
        endpoint: "head",
      },
    );
    app.route("/unread", () => "ran", { endpoint: "unread", methods: ["POST"], maxContentLength: 10 });
    app.route("/text", async () => makeResponse(`${request.method} ${await request.text()}`, 200, { connection: "close" }), {
      endpoint: "text",
      methods: ["POST"],
    });
    const server = createHttp2Server((...both) => Reflect.apply(app.handler, undefined, both)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    onTestFinished(() => {
      session.destroy();
      server.close();
    });
    return async (headers: Record<string, string>, body?: string) => {
      const stream = session.request({ ":path": "/head", ...headers }, { endStream: body === undefined });
      if (body !== undefined) {
        stream.end(body);
      }
      const [head] = (await once(stream, "response")) as [IncomingHttpHeaders];
      return { status: head[":status"], text: (await stream.toArray()).map(String).join("") };
    };
  }

  it("reads the host from ':authority', and no pseudo-header as a header", async () => {
    const ask = await serve();
    const { status, text } = await ask({ ":authority": "good.test:80", "x-own": "1" });
    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual({ host: "good.test", names: ["x-own"], url: "http://good.test/head" });
    expect((await ask({ ":authority": "evil.test" })).status).toBe(400);
    expect((await ask({ ":authority": "user@good.test" })).status).toBe(400);
  });

  it("takes a header Host that says the same, and refuses another one", async () => {
    const ask = await serve();
    expect((await ask({ ":authority": "good.test", host: "good.test" })).status).toBe(200);
    expect((await ask({ ":authority": "good.test", host: "evil.test" })).status).toBe(400);
    expect((await ask({ ":authority": "evil.test", host: "good.test" })).status).toBe(400);
  });

  it("refuses a body over the limit without a stated length that the view does not read", async () => {
    const ask = await serve();
    expect((await ask({ ":authority": "good.test", ":path": "/unread", ":method": "POST" }, "1234567890")).status).toBe(200);
    expect((await ask({ ":authority": "good.test", ":path": "/unread", ":method": "POST" }, "12345678901")).status).toBe(413);
  });

  it("reads bodies, and sends no header of connections", async () => {
    const ask = await serve();
    expect(await ask({ ":authority": "good.test", ":path": "/text", ":method": "POST" }, "hello")).toEqual({
      status: 200,
      text: "POST hello",
    });
  });
});
