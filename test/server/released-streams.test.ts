import { createReadStream, existsSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { eventStream, makeResponse, request, sendFile } from "flagon";
import { describe, expect, it } from "vitest";
import { createLiveApp, listen, waitUntil, writeFiles } from "../support";
import { openSocket } from "./raw-socket";

const size = 3_000_000;
const piece = "x".repeat(50_000);

/** Counts the sources that were opened and released, each with the path of its request. */
interface Sources {
  opened: number;
  readonly released: string[];
}

const path = () => request.path;

/** The streams of an app by name. Each opens one source; some give no piece, or none after the first. */
const streams: Readonly<Record<string, (file: string, sources: Sources) => unknown>> = {
  file: (file) => sendFile(file),
  "part of a file": (file) => sendFile(file),
  "opened file": (file) => makeResponse(createReadStream(file)),
  "late file": (file) => wait(50).then(() => sendFile(file)),
  "late opened file": (file) => {
    const stream = createReadStream(file);
    return wait(50).then(() => makeResponse(stream));
  },
  generator: (_file, sources) => generate(sources),
  events: (_file, sources) => eventStream(generate(sources)),
  "web stream": (_file, sources) => streamToWeb(sources, (controller) => controller.enqueue(Buffer.from(piece))),
  "silent web stream": (_file, sources) => streamToWeb(sources, () => new Promise<void>(() => undefined)),
  "web stream that falls silent": (_file, sources) => {
    let isFirst = true;
    return streamToWeb(sources, (controller) => {
      if (isFirst) {
        isFirst = false;
        controller.enqueue(Buffer.from(piece));
        return undefined;
      }
      return new Promise<void>(() => undefined);
    });
  },
  "silent stream": (_file, sources) => streamToNode(sources, () => undefined),
  "stream that falls silent": (_file, sources) => {
    let isFirst = true;
    return streamToNode(sources, (stream) => {
      if (isFirst) {
        isFirst = false;
        stream.push(piece);
      }
    });
  },
};

async function* generate(sources: Sources) {
  sources.opened++;
  try {
    for (;;) {
      yield piece;
      await wait(5);
    }
  } finally {
    sources.released.push(path());
  }
}

function streamToWeb(sources: Sources, pull: (controller: ReadableStreamDefaultController<Uint8Array>) => void | Promise<void>) {
  sources.opened++;
  const at = path();
  return new ReadableStream<Uint8Array>({ pull, cancel: () => void sources.released.push(at) });
}

function streamToNode(sources: Sources, read: (stream: Readable) => void) {
  sources.opened++;
  const at = path();
  const stream = new Readable({
    read() {
      read(this);
    },
  });
  stream.once("close", () => sources.released.push(at));
  return stream;
}

const descriptors = "/proc/self/fd";

/** Counts the open descriptors of a file, where the system tells them. */
function countOpen(file: string): number {
  if (!existsSync(descriptors)) {
    return 0;
  }
  return readdirSync(descriptors).filter((name) => {
    try {
      return readlinkSync(join(descriptors, name)) === file;
    } catch {
      return false;
    }
  }).length;
}

describe("the source of a streamed response is released, once, when its client leaves", () => {
  describe.each(Object.entries(streams))("a %s", (name, open) => {
    it.each([
      ["while it is sent", "", 40],
      ["while it is sent, before anything was read", "", 0],
      ["while it waits behind another response", "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n", 40],
    ])("%s", async (_when, before, time) => {
      const file = join(writeFiles({ "file.bin": "x".repeat(size) }), "file.bin");
      const sources: Sources = { opened: 0, released: [] };
      const app = createLiveApp();
      let started = 0;
      let tornDown = 0;
      app.beforeRequest(() => {
        started++;
        return undefined;
      });
      app.teardownRequest(() => {
        tornDown++;
      });
      app.route("/slow", () => wait(150).then(() => "slow"), { endpoint: "slow" });
      app.route("/stream", () => open(file, sources), { endpoint: "stream" });
      const { port } = await listen(app.handler);
      const connection = openSocket(port);
      connection.socket.pause();
      const range = name === "part of a file" ? "Range: bytes=5-2000000\r\n" : "";
      connection.write(`${before}GET /stream HTTP/1.1\r\nHost: x\r\n${range}\r\n`);
      await waitUntil(() => started === (before === "" ? 1 : 2));
      await wait(time);
      connection.socket.resetAndDestroy();
      await waitUntil(() => tornDown === started && sources.released.length === sources.opened && countOpen(file) === 0);
      await wait(20);
      expect({ tornDown, released: sources.released, open: countOpen(file) }).toEqual({
        tornDown: started,
        released: Array.from({ length: sources.opened }, () => "/stream"),
        open: 0,
      });
    });
  });
});
