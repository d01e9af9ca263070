import { once } from "node:events";
import { readdirSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { app, createProject, flagon, start, until } from "../cli-project";
import { findPort, waitUntil } from "../support";

describe("flagon serve", { timeout: 180_000 }, () => {
  it("loses none of fifty requests in flight when it stops", async () => {
    const held = `@route("/held") async held() {
      process.stdout.write("<asked>\\n");
      await new Promise((resolve) => process.once("SIGTERM", resolve));
      await new Promise((resolve) => setTimeout(resolve, 200));
      return "held";
    }`;
    const root = createProject({ "app.ts": app("x", held) });
    const port = await findPort();
    const { child, output } = start(root, ["serve", "--port", String(port), "--health", "/healthz"]);
    const exited = once(child, "close");
    await until(`http://127.0.0.1:${port}/healthz`, "ok");
    const requests = Array.from({ length: 50 }, () => fetch(`http://127.0.0.1:${port}/held`).then((response) => response.text()));
    await waitUntil(() => output().split("<asked>").length === 51, 60_000);
    child.kill("SIGTERM");
    expect(await Promise.all(requests)).toEqual(Array.from({ length: 50 }, () => "held"));
    const [exitCode] = (await exited) as [number];
    expect(exitCode).toBe(0);
    const lines = output()
      .split("\n")
      .filter((line) => line.includes('"msg":"request"'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toHaveLength(50);
    expect(lines[0]).toMatchObject({
      method: "GET",
      path: "/held",
      status: 200,
      requestId: expect.stringMatching(/^[\da-f-]{36}$/),
      remoteAddress: "127.0.0.1",
    });
  });

  it.each(["1", "2"])("serves on a Unix socket, with %s workers, and replaces the socket of a killed server", async (workers) => {
    const root = createProject({ "app.ts": app("x") });
    const socketPath = join(root, "app.sock");
    const serve = () => start(root, ["serve", "--socket", "app.sock", "--workers", workers]);
    const read = async (path: string) => {
      const [response] = (await once(get({ socketPath, path, agent: false }), "response")) as [IncomingMessage];
      return (await response.toArray()).map(String).join("");
    };
    const first = serve();
    await first.hear("Serving the app 'tried'");
    const second = serve();
    await once(second.child, "exit");
    expect(second.output()).toContain("is in use by another program");
    first.child.kill("SIGKILL");
    await once(first.child, "exit");
    // Its workers end by themselves.
    const code = () => read("/").then(String, (error: NodeJS.ErrnoException) => error.code);
    await expect.poll(code, { timeout: 60_000 }).toBe("ECONNREFUSED");
    const third = serve();
    await third.hear("Serving the app 'tried'");
    expect(await read("/")).toContain("x");
    third.child.kill("SIGTERM");
    expect(await once(third.child, "exit")).toEqual([0, null]);
    await expect(read("/")).rejects.toThrow();
  });

  it.each(["1", "2"])("prints one line if the port is in use, with %s workers", async (workers) => {
    const root = createProject({ "app.ts": app("x") });
    const blocker = createServer().listen(0, "127.0.0.1");
    await once(blocker, "listening");
    onTestFinished(() => void blocker.close());
    const { port } = blocker.address() as AddressInfo;
    const { code, stderr } = await flagon(root, ["serve", "--port", String(port), "--workers", workers]);
    expect([code, stderr.split("\n").length, stderr]).toEqual([
      1,
      1,
      expect.stringContaining(`The port ${port} is in use by another program.`),
    ]);
  });

  it("logs lines of JSON, with the causes of errors and without secrets", async () => {
    const more = `@route("/log") log() { request.log.info({ password: "hidden-p", user: { token: "hidden-t", name: "Ann" }, request: { headers: { authorization: "hidden-a", cookie: "hidden-c", "set-cookie": "hidden-s" } }, failed: Object.assign(new Error("refused"), { token: "hidden-e" }), err: Object.assign(new TypeError("thrown"), { apiKey: "hidden-f" }) }, "With\\nsecrets"); return ""; }
    @route("/fail") fail() { throw new Error("outer", { cause: new TypeError("inner") }); }`;
    const root = createProject({ "app.ts": app("x", more).replace("currentApp }", "currentApp, request }") });
    const port = await findPort();
    const { hear, output } = start(root, ["serve", "--port", String(port)], { FLAGON_TRUST_PROXY: '"loopback"' });
    await until(`http://127.0.0.1:${port}/`, "x");
    await fetch(`http://127.0.0.1:${port}/log`, {
      headers: { "x-request-id": "from-the-proxy", authorization: "Bearer hidden-b", cookie: "k=hidden-k" },
    });
    await fetch(`http://127.0.0.1:${port}/fail`);
    await hear('"path":"/fail"');
    const lines = output()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.find(({ msg }) => msg === "With\nsecrets")).toMatchObject({
      requestId: "from-the-proxy",
      user: { token: "[redacted]", name: "Ann" },
      password: "[redacted]",
      failed: { name: "Error", message: "refused", token: "[redacted]" },
      err: { type: "TypeError", message: "thrown", apiKey: "[redacted]" },
      request: { headers: { authorization: "[redacted]", cookie: "[redacted]", "set-cookie": "[redacted]" } },
    });
    expect(output()).not.toMatch(/hidden-/);
    const failure = lines.find(({ msg }) => String(msg).startsWith("Exception on /fail")) as { err: { stack: string; message: string } };
    expect(failure).toHaveProperty("requestId", lines.findLast(({ msg, path }) => msg === "request" && path === "/fail")?.requestId);
    expect(failure.err.message).toBe("outer: inner");
    expect(failure.err.stack).toMatch(/Error: outer[\s\S]*app\.ts[\s\S]*caused by: TypeError: inner/);
  });

  it("answers the health path under httpsOnly, redirects web sockets, and warns if it sees no request as secure", async () => {
    const text = "The setting httpsOnly redirects every request";
    const serve = async (settings: Record<string, string>) => {
      const port = await findPort();
      const { output } = start(createProject({ "app.ts": app("x") }), ["serve", "--port", String(port), "--health", "/healthz"], settings);
      await until(`http://127.0.0.1:${port}/healthz`, "ok");
      return { port, output };
    };
    const { output, port } = await serve({ FLAGON_HTTPS_ONLY: "true" });
    expect(output().split(text)).toHaveLength(2);
    const socket = connect(port, "127.0.0.1");
    socket.write("GET /chat?room=1 HTTP/1.1\r\nHost: example.com:80\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    const [head] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    expect(String(head)).toMatch(/^HTTP\/1\.1 308 [\s\S]*location: https:\/\/example\.com\/chat\?room=1\r\n/);
    expect((await serve({ FLAGON_HTTPS_ONLY: "true", FLAGON_TRUST_PROXY: "1" })).output()).not.toContain(text);
  });

  it("warns of a view that the health path hides", async () => {
    const root = createProject({ "app.ts": `${app("x")}app.get("/up", () => "view"); app.get("/<name>", () => "any");` });
    for (const [path, times] of [
      ["/up", 1],
      ["/other", 0],
    ] as const) {
      const port = await findPort();
      const { output } = start(root, ["serve", "--port", String(port), "--health", path]);
      await until(`http://127.0.0.1:${port}${path}`, "ok");
      expect(output().split("hides the view 'up'")).toHaveLength(times + 1);
    }
  });

  it("refuses a short key and a wrong setting, each in one line", async () => {
    const root = createProject({ "app.ts": app("x") });
    const short = await flagon(root, ["serve"], { FLAGON_SECRET_KEY: "short" });
    expect([short.code, short.stderr]).toEqual([
      1,
      "The secret key is shorter than 16 characters, which can be guessed. Make one: npx flagon secret",
    ]);
    const broken = await flagon(root, ["serve"], { FLAGON_MAX_CONTENT_LENGTH: "lots" });
    expect([broken.code, broken.stderr]).toEqual([
      1,
      "The setting 'maxContentLength' (from FLAGON_MAX_CONTENT_LENGTH) must be a whole number from 1, but got 'lots'.",
    ]);
  });

  it("refuses a head that is too long, and keeps no memory of it", async () => {
    const root = createProject({ "app.ts": app("x") });
    const port = await findPort();
    start(root, ["serve", "--port", String(port)]);
    await until(`http://127.0.0.1:${port}/`, "x");
    const headers = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`x-${index}`, "1"]));
    expect((await fetch(`http://127.0.0.1:${port}/`, { headers })).status).toBe(431);
    expect((await fetch(`http://127.0.0.1:${port}/`, { headers: { "x-a": "y".repeat(17_000) } })).status).toBe(431);
    expect(readdirSync(root)).not.toContain(".flagon");
  });
});
