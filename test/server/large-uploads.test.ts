import { createHash, randomBytes } from "node:crypto";
import { request as sendRequest } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Flagon, request } from "flagon";
import { describe, expect, it } from "vitest";
import { createLiveApp, listen } from "../support";

const megabyte = 1024 * 1024;

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/** Creates an app that answers with the hashes of the files that it gets. */
function createReceiver(): Flagon {
  const app = createLiveApp();
  app.route(
    "/",
    async () => {
      const uploads = (await request.files()).get("file") ?? [];
      return Promise.all(uploads.map(async (upload) => hash(await upload.bytes())));
    },
    { endpoint: "upload", methods: ["POST"], maxContentLength: 64 * megabyte },
  );
  return app;
}

function hash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Uploads files, and expects that they arrive as they are. */
async function upload(url: string, ...files: Buffer<ArrayBuffer>[]): Promise<void> {
  const body = new FormData();
  for (const file of files) {
    body.append("file", new File([file], "file.bin"));
  }
  const response = await fetch(url, { method: "POST", body });
  expect(await response.json()).toEqual(files.map(hash));
}

/** Uploads one file piece by piece, in a body with a boundary of its own. */
function uploadByHand(port: number, boundary: string, content: Buffer, pieceSize: number): Promise<{ status: number; body: string }> {
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(head), content, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  return new Promise((resolve, reject) => {
    const outgoing = sendRequest({
      host: "127.0.0.1",
      port,
      method: "POST",
      headers: { "content-type": `multipart/form-data; boundary=${boundary}`, "content-length": body.byteLength },
    });
    outgoing.on("error", reject).on("response", (message) => {
      void message.toArray().then((pieces: unknown[]) => resolve({ status: message.statusCode ?? 0, body: pieces.join("") }), reject);
    });
    for (let index = 0; index < body.byteLength; index += pieceSize) {
      outgoing.write(body.subarray(index, index + pieceSize));
    }
    outgoing.end();
  });
}

describe("a large upload", () => {
  it("arrives unchanged, also in a mounted app and during other uploads", async () => {
    const outer = createLiveApp();
    outer.mount("/inner", createReceiver());
    const { origin } = await listen(outer.handler);
    const files = [randomBytes(3 * megabyte), randomBytes(100), randomBytes(megabyte), Buffer.alloc(2 * megabyte, "\r\n--")];
    await Promise.all([upload(`${origin}/inner/`, ...files), upload(`${origin}/inner/`, ...files.toReversed())]);
  });

  it.each([
    ["begins like its boundary again and again", Buffer.from("\r\n--BOUNx".repeat(150_000))],
    ["ends like its boundary", Buffer.from(`${"y".repeat(4 * megabyte)}\r\n--BOUN${"x".repeat(51)}`)],
    ["is full of line ends and dashes", Buffer.from("\r\n-".repeat(500_000))],
  ])("arrives whole when it %s", async (_, content) => {
    const { port } = await listen(createReceiver().handler);
    for (const pieceSize of [65_536, 4_099]) {
      expect(await uploadByHand(port, "BOUND", content, pieceSize)).toEqual({ status: 200, body: JSON.stringify([hash(content)]) });
    }
  });

  it("keeps memory flat", async () => {
    const app = createLiveApp();
    const view = async () => [...(await request.files()).values()].flat().map(({ size }) => size);
    app.route("/", view, { endpoint: "upload", methods: ["POST"], maxContentLength: 64 * megabyte });
    const { port } = await listen(app.handler);
    const content = randomBytes(24 * megabyte);
    const measure = async (): Promise<number> => {
      for (let round = 0; round < 5; round++) {
        await wait(20);
        collectGarbage();
      }
      return process.memoryUsage().arrayBuffers;
    };
    const uploadOnce = async () => expect((await uploadByHand(port, "BOUND", content, 65_536)).status).toBe(200);
    await uploadOnce();
    const before = await measure();
    for (let round = 0; round < 4; round++) {
      await uploadOnce();
    }
    expect((await measure()) - before).toBeLessThan(8 * megabyte);
  });
});
