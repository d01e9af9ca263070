import { once } from "node:events";
import { IncomingMessage } from "node:http";
import { connect } from "node:net";
import { buffer, text } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import { makeResponse, request, sendFile } from "flagon";
import { describe, expect, it } from "vitest";
import { createLiveApp, listen, waitUntil, writeFiles } from "../support";

/** Sends bytes as they are, and returns what comes back until the connection closes. */
async function send(port: number, text: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.end(text);
  let received = "";
  for await (const chunk of socket) {
    received += String(chunk);
  }
  return received;
}

function createEcho() {
  const app = createLiveApp();
  app.route("/echo", async () => `${request.method} ${request.path}?${request.queryString} ${await request.text()}`, {
    endpoint: "echo",
    methods: ["GET", "POST"],
  });
  app.route("/form", async () => (await request.form()).size.toString(), { endpoint: "form", methods: ["POST"] });
  app.route("/ignore", () => "ignored", { endpoint: "ignore", methods: ["POST"] });
  app.route(
    "/empty/<int:status>",
    ({ status }) => makeResponse("not to be sent", status, { "content-length": "99", "transfer-encoding": "chunked" }),
    {
      endpoint: "empty",
    },
  );
  return app;
}

describe("app.handler", () => {
  it("answers requests, with their length, on one connection", async () => {
    const { port } = await listen(createEcho().handler);
    const received = await send(
      port,
      "GET /echo?a=%20b HTTP/1.1\r\nHost: x\r\n\r\nPOST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    expect(received.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3);
    expect(received).toContain("content-length: 17\r\n");
    expect(received).toContain("\r\n\r\nGET /echo?a=%20b ");
    expect(received).toContain("\r\n\r\nPOST /echo? abc");
  });

  it("finds headers however their names are written, and no others", async () => {
    const app = createLiveApp();
    const names = ["x-one", "x_two", "x~three", "x^three"];
    app.route("/", () => names.map((name) => request.headers.get(name) ?? "none").join(), { endpoint: "index" });
    const { port } = await listen(app.handler);
    const received = await send(port, "GET / HTTP/1.1\r\nHost: x\r\nX-OnE: 1\r\nX_TWO: 2\r\nX^Three: 3\r\nConnection: close\r\n\r\n");
    expect(received).toMatch(/1,2,none,3$/);
  });

  it.each([
    ["view", 200],
    ["failure", 418],
  ])("continues in the request's context after an asynchronous %s", async (name, status) => {
    const app = createLiveApp();
    const view = async () => {
      await wait(1);
      if (name === "failure") {
        throw new RangeError("on purpose");
      }
      return { path: request.path };
    };
    app.route(`/${name}`, view, { endpoint: "view" });
    app.errorHandler(RangeError, () => makeResponse(request.path, 418));
    app.afterRequest((response) => response.headers.set("x-path", request.path));
    const { origin } = await listen(app.handler);
    const response = await fetch(`${origin}/${name}`);
    expect([response.status, response.headers.get("x-path")]).toEqual([status, `/${name}`]);
  });

  it("sets the right framing over wrong headers of the app", async () => {
    const { port } = await listen(createEcho().handler);
    const ask = (line: string) => send(port, `${line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    const none = await ask("GET /empty/204");
    expect(none).toMatch(/^HTTP\/1\.1 204 No Content\r\n/);
    expect(none).not.toMatch(/content-length|transfer-encoding|not to be sent/i);
    const unchanged = await ask("GET /empty/304");
    expect(unchanged).not.toMatch(/content-length|transfer-encoding|not to be sent/i);
    const head = await ask("HEAD /empty/200");
    expect(head).toMatch(/content-length: 14\r\n/);
    expect(head).not.toMatch(/not to be sent|transfer-encoding/i);
  });

  it.each([
    ["a path in absolute form", "GET http://other.example/echo?q HTTP/1.1\r\nHost: x", "200 OK", "GET /echo?q "],
    ["two hosts", "GET /echo HTTP/1.1\r\nHost: a\r\nHost: b", "400 Bad Request", ""],
    ["a host that is none", "GET /echo HTTP/1.1\r\nHost: a/b", "400 Bad Request", ""],
    ["a target without a slash", "GET echo HTTP/1.1\r\nHost: x", "400 Bad Request", ""],
    ["a malformed path", "GET /%zz HTTP/1.1\r\nHost: x", "400 Bad Request", ""],
    ["a target that is too long", `GET /${"a".repeat(8200)} HTTP/1.1\r\nHost: x`, "414 URI Too Long", ""],
    ["an unknown method", "PROPFIND /echo HTTP/1.1\r\nHost: x", "405 Method Not Allowed", ""],
    ["a doubled slash", "GET //echo HTTP/1.1\r\nHost: x", "308 Permanent Redirect", "location: /echo\r\n"],
    ["a body that is too large", "POST /ignore HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\nabc", "413 Payload Too Large", ""],
  ])("answers %s", async (_, head, status, part) => {
    const { port } = await listen(createEcho().handler);
    const received = await send(port, `${head}${head.includes("\r\n\r\n") ? "" : "\r\nConnection: close\r\n\r\n"}`);
    expect(received).toContain(status);
    expect(received).toContain(part);
    expect(await send(port, "GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).toContain("200 OK");
  });

  it("refuses a body without a stated length at the first byte over the limit, with 413", async () => {
    const { port } = await listen(createEcho().handler);
    const chunk = `8000\r\n${"x".repeat(0x8000)}\r\n`;
    const received = await send(port, `POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(40)}0\r\n\r\n`);
    expect(received).toMatch(/^HTTP\/1\.1 413 /);
    expect(received).toContain("larger than 1048576 bytes");
    expect(received.toLowerCase()).toContain("connection: close");
    const form = `--b\r\ncontent-disposition: form-data; name="f"\r\n\r\n${"x".repeat(600_000)}\r\n--b--\r\n`;
    const head = `POST /form HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${form.length}\r\nConnection: close\r\n\r\n`;
    expect(await send(port, head + form)).toMatch(/^HTTP\/1\.1 413 [\s\S]*maxFieldSize/);
  });

  it("leaves a body to a view that reads it from request.raw, by length or in chunks", async () => {
    const app = createLiveApp();
    const view = async () => {
      let size = 0;
      for await (const piece of request.raw as AsyncIterable<Uint8Array>) {
        size += piece.byteLength;
      }
      return { size };
    };
    app.route("/", view, { endpoint: "view", methods: ["POST"] });
    const { origin } = await listen(app.handler);
    for (const body of ["hello", ReadableStream.from([Buffer.from("hel"), Buffer.from("lo")])]) {
      const response = await fetch(`${origin}/`, { method: "POST", body, duplex: "half" } as RequestInit);
      expect([response.status, await response.json()]).toEqual([200, { size: 5 }]);
    }
  });

  it("keeps the connection usable when the view does not read the body", async () => {
    const { port } = await listen(createEcho().handler);
    const received = await send(
      port,
      "POST /ignore HTTP/1.1\r\nHost: x\r\nContent-Length: 30\r\n\r\nGET /echo HTTP/1.1\r\nHost: y\r\n\r\nGET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    expect(received).toContain("ignored");
    expect(received.match(/HTTP\/1\.1/g)?.length).toBeLessThanOrEqual(2);
  });

  it.each([
    ["as they came", false],
    ["without those of the body", true],
  ])("reads the next request after an unread body of some length, its headers %s", async (_, isChanged) => {
    const { handler } = createEcho();
    const { port } = await listen((message, reply) => {
      if (isChanged) {
        delete message.headers["content-length"];
      }
      handler(message, reply);
    });
    const socket = connect(port, "127.0.0.1");
    socket.write(`POST /ignore HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n${"x".repeat(30_000)}`);
    await wait(50);
    socket.write(`${"x".repeat(30_000)}GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    const received = await text(socket);
    expect(received).toMatch(/\r\n\r\nignoredHTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nGET \/echo\? $/);
  });

  it("streams as fast as the client reads, and stops when it leaves", async () => {
    const app = createLiveApp();
    let produced = 0;
    let ended = "";
    let aborted = false;
    app.route(
      "/",
      () => {
        request.signal.addEventListener("abort", () => {
          aborted = true;
        });
        async function* endless() {
          try {
            for (;;) {
              produced++;
              yield new Uint8Array(64 * 1024);
            }
          } finally {
            ended = request.path;
          }
        }
        return endless();
      },
      { endpoint: "x" },
    );
    const teardown = new Promise<void>((resolve) => app.teardownRequest(() => resolve()));
    const { port } = await listen(app.handler);
    const socket = connect(port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(socket, "readable");
    await wait(100);
    // What fits into the buffers of both ends is a few megabytes; without backpressure it would be gigabytes.
    expect(produced * 64).toBeLessThan(64 * 1024);
    const stalled = produced;
    await wait(50);
    expect(produced).toBe(stalled);
    socket.destroy();
    await teardown;
    await wait(10);
    expect([ended, aborted]).toEqual(["/", true]);
  });

  it("cuts the connection when a stream fails, so that the client notices", async () => {
    const app = createLiveApp();
    async function* broken() {
      yield "begun";
      throw new Error("broken");
    }
    app.route("/", () => broken(), { endpoint: "x" });
    const { port } = await listen(app.handler);
    const received = await send(port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").catch(String);
    expect(received).not.toMatch(/0\r\n\r\n$/);
  });

  it.each([
    ["nothing", "", 0],
    ["text", "é".repeat(4_000_000), 8_000_000],
    ["bytes", new Uint8Array(8_000_000).fill(0x61), 8_000_000],
  ])("sends %s whole to a client that is slow to read, and answers its next request", async (_, body, length) => {
    const app = createLiveApp();
    app.route("/", () => body, { endpoint: "x" });
    app.route("/next", () => "the next", { endpoint: "next" });
    let ended = 0;
    app.teardownRequest(() => {
      ended++;
    });
    const { port } = await listen(app.handler);
    const socket = connect(port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await wait(50);
    expect(ended).toBe(length === 0 ? 1 : 0);
    socket.write("GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    const received = await buffer(socket);
    const start = received.indexOf("\r\n\r\n") + 4;
    expect(received.subarray(0, start).toString()).toContain(`content-length: ${length}\r\n`);
    expect(received.subarray(start, start + length).equals(Buffer.from(body))).toBe(true);
    expect(received.subarray(start + length).toString()).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nthe next$/);
    expect(ended).toBe(2);
  });

  it.each(["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"])(
    "emits the end of a request to its listeners: %j",
    async (message) => {
      const app = createLiveApp();
      const heard: string[] = [];
      const watch = (name: string, to: unknown): string => {
        if (to instanceof IncomingMessage) {
          to.once("end", () => heard.push(`${name} end`)).once("close", () => heard.push(`${name} close`));
        }
        return "";
      };
      app.route("/", () => watch("view", request.raw), { endpoint: "x", methods: ["GET", "POST"] });
      const { port } = await listen((incoming, reply) => {
        watch("listener", incoming);
        app.handler(incoming, reply);
      });
      const { port: plainPort } = await listen(app.handler);
      for (const to of [port, plainPort]) {
        const socket = connect(to, "127.0.0.1");
        socket.write(message.repeat(2));
        await waitUntil(() => heard.length === (to === port ? 8 : 12));
        socket.destroy();
      }
      expect(heard.filter((event) => event === "view end")).toHaveLength(4);
      expect(heard.filter((event) => event === "view close")).toHaveLength(4);
      expect(heard.filter((event) => event.startsWith("listener"))).toHaveLength(4);
    },
  );

  it("keeps serving when a client leaves in the middle of its body", async () => {
    const app = createEcho();
    const { port, origin } = await listen(app.handler);
    const socket = connect(port, "127.0.0.1");
    socket.write("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc");
    await wait(30);
    socket.destroy();
    await wait(30);
    expect(await (await fetch(`${origin}/echo`)).text()).toBe("GET /echo? ");
  });

  it("keeps serving when a client leaves before a slow view answers, and tears the request down", async () => {
    const app = createLiveApp();
    app.route("/slow", () => wait(60).then(() => "late"), { endpoint: "slow" });
    app.route("/file", () => wait(60).then(() => sendFile(__filename)), { endpoint: "file" });
    app.route("/", () => "alive", { endpoint: "x" });
    let ended = 0;
    app.teardownRequest(() => {
      ended++;
    });
    const { port, origin } = await listen(app.handler);
    for (const path of ["/slow", "/file"]) {
      const socket = connect(port, "127.0.0.1");
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
      await wait(20);
      socket.destroy();
    }
    await wait(150);
    expect(ended).toBe(2);
    expect(await (await fetch(origin)).text()).toBe("alive");
  });

  it("sends files by stream, also in part", async () => {
    const root = writeFiles({ "static/big.txt": "0123456789".repeat(100_000) });
    const { Flagon } = await import("flagon");
    const { origin } = await listen(new Flagon(root).handler);
    const response = await fetch(`${origin}/static/big.txt`);
    expect([response.headers.get("content-length"), (await response.text()).length]).toEqual(["1000000", 1_000_000]);
    const part = await fetch(`${origin}/static/big.txt`, { headers: { range: "bytes=5-7" } });
    expect([part.status, await part.text()]).toEqual([206, "567"]);
    const head = await fetch(`${origin}/static/big.txt`, { method: "HEAD" });
    expect(head.headers.get("content-length")).toBe("1000000");
  });

  it("gives the view the address, headers and body of the request", async () => {
    const app = createLiveApp();
    app.route(
      "/",
      async () => ({
        address: request.remoteAddress,
        scheme: request.scheme,
        header: request.headers.get("X-Many"),
        names: [...request.headers.keys()].filter((name) => name.startsWith("x-")),
        form: (await request.form()).getText("a"),
        raw: typeof request.raw,
      }),
      { endpoint: "x", methods: ["POST"] },
    );
    const { port } = await listen(app.handler);
    const received = await send(
      port,
      "POST / HTTP/1.1\r\nHost: x\r\nX-Many: 1\r\nx-many: 2\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na=%\r\n2\r\n41\r\n0\r\n\r\n",
    );
    expect(JSON.parse(received.slice(received.indexOf("{")))).toEqual({
      address: "127.0.0.1",
      scheme: "http",
      header: "1, 2",
      names: ["x-many"],
      form: "A",
      raw: "object",
    });
  });
});

describe("app.fetch", () => {
  it("answers web requests with web responses, also as a detached function", async () => {
    const { fetch: answer } = createEcho();
    const response = await answer(new Request("http://localhost/echo?a=1", { method: "POST", body: "hello" }));
    expect([response.status, await response.text()]).toEqual([200, "POST /echo?a=1 hello"]);
    expect((await answer(new Request("http://localhost/empty/204"))).status).toBe(204);
    expect(await (await answer(new Request("http://localhost/none", { headers: { accept: "application/json" } }))).json()).toMatchObject({
      status: 404,
    });
  });
});
