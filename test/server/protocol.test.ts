import { request as sendRequest } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import express from "express";
import { type Flagon, makeResponse, request } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp } from "../support";
import { exchange, openSocket, statuses } from "./raw-socket";
import { serveLive } from "./serve-live";

/** Serves an app with limits on a port of its own, as production does. */
async function serveApp(setUp: (app: Flagon) => void = () => undefined): Promise<{ app: Flagon; port: number; ran: string[] }> {
  const app = createApp({ config: { testing: false, secretKey: "a key that is long enough", maxContentLength: 100_000 } });
  app.logger.level = "silent";
  const ran: string[] = [];
  app.beforeRequest((current) => {
    ran.push(current.target);
    return undefined;
  });
  app.route("/", () => "home", { endpoint: "home", methods: ["GET", "POST"] });
  app.route("/text", async () => `${(await request.text()).length} characters`, { endpoint: "text", methods: ["POST"] });
  app.route(
    "/part",
    async () => {
      for await (const piece of request.stream) {
        return `${piece.byteLength > 0}`;
      }
      return "nothing";
    },
    { endpoint: "part", methods: ["POST"] },
  );
  app.route("/echo", () => request.stream, { endpoint: "echo", methods: ["POST"] });
  setUp(app);
  return { app, ran, port: await serveLive(app, { healthPath: "/healthz" }) };
}

const chunk = (length: number) => `${length.toString(16)}\r\n${"x".repeat(length)}\r\n`;
const close = "Host: x\r\nConnection: close\r\n";

describe("the protocol of a request", () => {
  it.each([
    ["a coding before chunked", `POST / HTTP/1.1\r\n${close}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, 501],
    ["two headers of codings", `POST / HTTP/1.1\r\n${close}Transfer-Encoding: deflate\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 501],
    ["identity", `POST / HTTP/1.1\r\n${close}Transfer-Encoding: identity\r\n\r\n`, 501],
    ["a word that ends in chunked", `POST / HTTP/1.1\r\n${close}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`, 501],
    ["chunked in other letters", `POST / HTTP/1.1\r\n${close}Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n`, 200],
    ["chunked in HTTP/1.0", `POST / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    ["no version", "GET /\r\n\r\n", 400],
    ["version 2.0 in a request line", `GET / HTTP/2.0\r\n${close}\r\n`, 505],
    ["a version that there is not", `GET / HTTP/3.7\r\n${close}\r\n`, 400],
    ["a method that there is not", `BREW / HTTP/1.1\r\n${close}\r\n`, 400],
    ["a header without a colon", `GET / HTTP/1.1\r\n${close}nonsense\r\n\r\n`, 400],
    ["a head over 16 KiB", `GET / HTTP/1.1\r\n${close}X: ${"x".repeat(20_000)}\r\n\r\n`, 431],
    ["over 100 headers", `GET / HTTP/1.1\r\n${close}${"X: 1\r\n".repeat(120)}\r\n`, 431],
    ["an expectation that there is not", `POST / HTTP/1.1\r\n${close}Expect: 200-ok\r\nContent-Length: 1\r\n\r\na`, 417],
    ["no host", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 400],
    ["two lengths", `POST / HTTP/1.1\r\n${close}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, 400],
    ["a length and chunks", `POST / HTTP/1.1\r\n${close}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
  ])("gets a response with the default headers: %s", async (_, bytes, status) => {
    const { port, ran } = await serveApp();
    const received = await exchange(port, bytes);
    expect(statuses(received)).toEqual([status]);
    expect(received.toLowerCase()).toContain("x-content-type-options: nosniff\r\n");
    expect(received.split("\r\n\r\n")[1]?.length).toBeGreaterThan(3);
    expect(ran).toEqual(status === 200 ? ["/"] : []);
  });

  it("has no header Trailer in its response, since no response has trailers", async () => {
    const { port } = await serveApp((app) => {
      app.route("/trailer", () => makeResponse("x", 200, { Trailer: "Expires" }), { endpoint: "trailer" });
    });
    const received = await exchange(port, `GET /trailer HTTP/1.1\r\n${close}\r\n`);
    expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nx$/);
    expect(received).not.toMatch(/trailer/i);
  });

  it("ends the connection if it is refused: no second request is read", async () => {
    const { port } = await serveApp();
    const first = "POST / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    expect(statuses(await exchange(port, `${first}GET / HTTP/1.1\r\nHost: x\r\n\r\n`))).toEqual([400]);
  });

  it("gets no response after one that closes the connection", async () => {
    const { port } = await serveApp();
    const refused = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n";
    const next = "POST /text HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
    for (let round = 0; round < 20; round++) {
      const connection = openSocket(port);
      connection.write(`GET / HTTP/1.1\r\nHost: x\r\n\r\n${refused}${next.repeat(3)}`);
      await wait(round % 3);
      connection.write(next.repeat(3));
      expect(statuses(await connection.closed())).toEqual([200, 501]);
    }
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("home");
  });

  it("gets its response before the malformed request after it", async () => {
    const { port } = await serveApp((app) => app.route("/slow", () => wait(100).then(() => "slow"), { endpoint: "slow" }));
    const received = await exchange(port, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\nrubbish\r\n\r\n");
    expect(received).toMatch(/^HTTP\/1\.1 200 [\s\S]*slow$/);
  });

  it("gets the default headers on the health path", async () => {
    const { port } = await serveApp();
    const received = await exchange(port, `GET /healthz HTTP/1.1\r\n${close}\r\n`);
    expect(received).toMatch(/^HTTP\/1\.1 200 [\s\S]*ok\n$/);
    expect(received.toLowerCase()).toContain("x-content-type-options: nosniff\r\n");
  });
});

describe("a body over the limit", () => {
  it.each(["/", "/text", "/part"])("is answered with 413 without a stated length, whether or not the view reads it: %s", async (path) => {
    const { port } = await serveApp();
    const received = await exchange(
      port,
      `POST ${path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunk(30_000).repeat(8)}0\r\n\r\n`,
    );
    expect(received).toMatch(/^HTTP\/1\.1 413 /);
  });

  it.each(["/", "/text", "/part", "/echo"])("is answered with 413 by its stated length, before the view: %s", async (path) => {
    const { port } = await serveApp();
    const received = await exchange(port, `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n${"x".repeat(200_000)}`);
    expect(received).toMatch(/^HTTP\/1\.1 413 /);
  });

  it("is accepted up to the limit, and the connection stays usable", async () => {
    const { port } = await serveApp();
    const body = `Transfer-Encoding: chunked\r\n\r\n${chunk(30_000).repeat(3)}0\r\n\r\n`;
    const received = await exchange(port, `POST / HTTP/1.1\r\nHost: x\r\n${body}POST /text HTTP/1.1\r\n${close}${body}`);
    expect(statuses(received)).toEqual([200, 200]);
    expect(received).toMatch(/90000 characters$/);
  });

  it("can be streamed back by a view", async () => {
    const { port } = await serveApp();
    const received = await exchange(port, `POST /echo HTTP/1.1\r\n${close}Content-Length: 90000\r\n\r\n${"y".repeat(90_000)}`);
    expect(received.match(/y/g)?.length).toBeGreaterThanOrEqual(90_000);
  });
});

describe("the response to a body that is not read", () => {
  it.each([100_000, 900_000])("reaches fetch() with %i bytes", async (size) => {
    const { port } = await serveApp();
    for (let round = 0; round < 10; round++) {
      const body = new FormData();
      body.append("file", new File([new Uint8Array(size)], "f"));
      const response = await fetch(`http://127.0.0.1:${port}/none`, { method: "POST", body });
      expect([response.status, (await response.text()).length > 0]).toEqual([404, true]);
    }
  });

  it("reaches a client of node:http that first sends everything", async () => {
    const { port } = await serveApp();
    for (let round = 0; round < 5; round++) {
      const status = await new Promise((resolve, reject) => {
        const outgoing = sendRequest({ port, host: "127.0.0.1", method: "POST", path: "/", headers: { "content-length": 90_000 } });
        outgoing.on("response", (message) => message.resume().on("end", () => resolve(message.statusCode))).on("error", reject);
        outgoing.end(Buffer.alloc(90_000));
      });
      expect(status).toBe(200);
    }
  });

  it("is followed by at most 5 seconds or 1 MiB of the body, and the end of the connection", async () => {
    const { port } = await serveApp();
    const drip = openSocket(port);
    drip.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 95000\r\n\r\nabc");
    const timer = setInterval(() => drip.write("x"), 200);
    const start = performance.now();
    expect(await drip.until(/home/)).toMatch(/^HTTP\/1\.1 200 /);
    expect(performance.now() - start).toBeLessThan(1500);
    await drip.closed();
    clearInterval(timer);
    expect(performance.now() - start).toBeGreaterThan(4500);
    expect(performance.now() - start).toBeLessThan(7500);
  });
});

describe("Expect: 100-continue", () => {
  const ask = (path: string, length: number) =>
    `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;

  it.each([
    ["/text", 999_999_999, 413],
    ["/none", 5, 404],
    ["/", 5, 200],
  ])("gets the final status if the body is not read: %s, %i", async (path, length, status) => {
    const { port } = await serveApp();
    expect(statuses(await exchange(port, ask(path, length)))).toEqual([status]);
  });

  it("is answered when the view begins to read", async () => {
    const { port } = await serveApp();
    const connection = openSocket(port);
    connection.write(ask("/text", 5));
    expect(await connection.until(/\r\n\r\n/)).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    connection.write("hello");
    expect(await connection.closed()).toMatch(/200 OK[\s\S]*5 characters$/);
  });

  it("is answered when middleware begins to read", async () => {
    const { port } = await serveApp((app) => {
      app.useNode(express.text());
      app.route("/raw", async () => request.text(), { endpoint: "raw", methods: ["POST"] });
    });
    const connection = openSocket(port);
    connection.write(ask("/raw", 5).replace("Host: x", "Host: x\r\nContent-Type: text/plain"));
    await connection.until(/100 Continue/);
    connection.write("hello");
    expect(await connection.closed()).toMatch(/200 OK[\s\S]*hello$/);
  });
});
