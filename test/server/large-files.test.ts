import { readdirSync, readlinkSync, truncateSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { sendFile } from "flagon";
import { describe, expect, it } from "vitest";
import { createLiveApp, listen, waitUntil, writeFiles } from "../support";

const megabyte = 1024 * 1024;

/** Serves files of two megabytes over a socket, each filled with the letter that is its name. */
async function serveFiles(names: string) {
  const folder = writeFiles(Object.fromEntries([...names].map((name) => [name, Buffer.alloc(2 * megabyte, name)])));
  const app = createLiveApp();
  app.route("/<name>", ({ name }) => sendFile(join(folder, name), { mimeType: "application/octet-stream" }), { endpoint: "file" });
  return { app, folder, ...(await listen(app.handler)) };
}

/** Lists the files of a folder that this process has open. */
function listOpen(folder: string): string[] {
  return readdirSync("/proc/self/fd")
    .map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return "";
      }
    })
    .filter((path) => path.startsWith(folder));
}

describe("a large file", () => {
  it("is sent unchanged, whole and in part, many at a time", async () => {
    const { origin } = await serveFiles("abcdefgh");
    const check = async (name: string, from: number, to: number): Promise<void> => {
      const response = await fetch(`${origin}/${name}`, { headers: { range: `bytes=${from}-${to}` } });
      const bytes = Buffer.from(await response.arrayBuffer());
      expect(response.status).toBe(206);
      expect(bytes.equals(Buffer.alloc(to - from + 1, name))).toBe(true);
    };
    for (let round = 0; round < 3; round++) {
      await Promise.all([..."abcdefgh"].flatMap((name) => [check(name, 0, 2 * megabyte - 1), check(name, 1000 + round, megabyte + 7)]));
    }
    const whole = await fetch(`${origin}/a`);
    expect(whole.headers.get("content-length")).toBe(String(2 * megabyte));
    expect(Buffer.from(await whole.arrayBuffer()).equals(Buffer.alloc(2 * megabyte, "a"))).toBe(true);
  });

  it("can be empty", async () => {
    const folder = writeFiles({ empty: "" });
    const app = createLiveApp();
    app.route("/", () => sendFile(join(folder, "empty"), { mimeType: "text/plain" }), { endpoint: "empty" });
    const { origin } = await listen(app.handler);
    const response = await fetch(origin);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("");
  });

  it.skipIf(process.platform !== "linux")("is closed when it is sent, and when the client leaves", async () => {
    const { folder, origin, port } = await serveFiles("abc");
    await (await fetch(`${origin}/a`)).arrayBuffer();
    await waitUntil(() => listOpen(folder).length === 0);
    expect(listOpen(folder)).toEqual([]);
    await new Promise<void>((resolve) => {
      const message = get({ port, path: "/b" }, (response) => {
        response.once("data", () => {
          response.pause();
          expect(listOpen(folder)).toEqual([join(folder, "b")]);
          message.destroy();
        });
        response.once("error", () => undefined).once("close", resolve);
      });
    });
    await waitUntil(() => listOpen(folder).length === 0);
    expect(listOpen(folder)).toEqual([]);
    await (await fetch(`${origin}/c`, { method: "HEAD" })).arrayBuffer();
    await waitUntil(() => listOpen(folder).length === 0);
    expect(listOpen(folder)).toEqual([]);
  });

  it("ends the connection if it becomes shorter while it is sent", async () => {
    const folder = writeFiles({ file: Buffer.alloc(64 * megabyte, "x") });
    const app = createLiveApp();
    app.route("/", () => sendFile(join(folder, "file"), { mimeType: "application/octet-stream" }), { endpoint: "file" });
    const { origin } = await listen(app.handler);
    const response = await fetch(origin);
    truncateSync(join(folder, "file"), megabyte);
    await expect(response.arrayBuffer()).rejects.toThrow();
    expect((await fetch(origin)).headers.get("content-length")).toBe(String(megabyte));
  });

  it("passes through middleware that replaces the response's methods", async () => {
    const { app } = await serveFiles("a");
    let written = 0;
    const { origin } = await listen((message, reply) => {
      const write = reply.write.bind(reply);
      // As many do, it calls nobody back, and keeps what it is given for a while.
      reply.write = (chunk: Uint8Array) => {
        written += chunk.length;
        setTimeout(() => write(chunk), 5);
        return true;
      };
      const end = reply.end.bind(reply);
      reply.end = () => {
        setTimeout(end, 10);
        return reply;
      };
      app.handler(message, reply);
    });
    const bytes = Buffer.from(await (await fetch(`${origin}/a`)).arrayBuffer());
    expect(bytes.equals(Buffer.alloc(2 * megabyte, "a"))).toBe(true);
    expect(written).toBe(2 * megabyte);
  });
});
