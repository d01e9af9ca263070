import { createHash, randomBytes } from "node:crypto";
import { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { type Flagon, request } from "flagon";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createLiveApp, listen } from "../support";

const megabyte = 1024 * 1024;

/** Creates an app that says by their hash which files it got, and calls a function when it has begun to read them. */
function createReceiver(onBegun: () => void = () => undefined): Flagon {
  const app = createLiveApp();
  app.route(
    "/",
    async () => {
      const files = request.files();
      onBegun();
      const uploads = (await files).get("file") ?? [];
      return Promise.all(uploads.map(async (upload) => hash(await upload.bytes())));
    },
    { endpoint: "upload", methods: ["POST"], maxContentLength: 20 * megabyte },
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

/** Notes each piece of a body that Node hands to a message, with the size that it had. */
function watchPieces(): (readonly [piece: Uint8Array, size: number])[] {
  const pieces: (readonly [Uint8Array, number])[] = [];
  const push = Readable.prototype.push;
  const spy = vi.spyOn(Readable.prototype, "push").mockImplementation(function (this: Readable, piece: unknown, encoding) {
    if (this instanceof IncomingMessage && piece instanceof Uint8Array) {
      pieces.push([piece, piece.byteLength]);
    }
    return push.call(this, piece, encoding);
  });
  onTestFinished(() => spy.mockRestore());
  return pieces;
}

/** Keeps pieces of a body, and expects later that some are kept and none has changed. */
function createKeeper() {
  const kept: (readonly [piece: Uint8Array, hash: string])[] = [];
  return {
    keep: (piece: Uint8Array): void => {
      kept.push([piece, hash(piece)]);
    },
    expectUntouched: (): void => {
      expect(kept.length).toBeGreaterThan(2);
      expect(kept.map(([piece]) => hash(piece))).toEqual(kept.map(([, was]) => was));
    },
  };
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}

describe("a large upload", () => {
  it("is the file that was sent, also below another app and beside others", async () => {
    const outer = createLiveApp();
    outer.mount("/inner", createReceiver());
    const { origin } = await listen(outer.handler);
    const files = [randomBytes(3 * megabyte), randomBytes(100), randomBytes(megabyte), Buffer.alloc(2 * megabyte, "\r\n--")];
    await Promise.all([upload(`${origin}/inner/`, ...files), upload(`${origin}/inner/`, ...files.toReversed())]);
  });

  it("takes no memory once it is written", async () => {
    const { origin } = await listen(createReceiver().handler);
    const pieces = watchPieces();
    await upload(origin, randomBytes(8 * megabyte));
    const [sent, left] = [sum(pieces.map(([, size]) => size)), sum(pieces.map(([piece]) => piece.byteLength))];
    expect(sent).toBeGreaterThan(8 * megabyte);
    expect(left).toBeLessThan(sent / 4);
  });

  describe("stays with who else got it:", () => {
    type Watch = (message: IncomingMessage, keep: (piece: Uint8Array) => void, next: () => void) => void;
    const watchers: [string, Watch][] = [
      [
        "a listener that leaves half way",
        (message, keep, next) => {
          let pieces = 0;
          message.on("data", function listen(piece: Uint8Array) {
            keep(piece);
            pieces++;
            if (pieces === 10) {
              message.off("data", listen);
            }
          });
          next();
        },
      ],
      [
        "a method in the place of Node's",
        (message, keep, next) => {
          const { emit } = message;
          message.emit = (name: string | symbol, ...args: unknown[]): boolean => {
            if (name === "data" && args[0] instanceof Uint8Array) {
              keep(args[0]);
            }
            return emit.call(message, name, ...args);
          };
          next();
        },
      ],
      [
        "who has read of it and put it back",
        (message, keep, next) => {
          const pieces: Uint8Array[] = [];
          message.on("readable", function read() {
            for (let piece: unknown = message.read(); piece instanceof Uint8Array; piece = message.read()) {
              keep(piece);
              pieces.unshift(piece);
            }
            if (pieces.length > 2) {
              message.off("readable", read);
              for (const piece of pieces) {
                message.unshift(piece);
              }
              next();
            }
          });
        },
      ],
    ];

    it.each(watchers)("%s", async (_name, watch) => {
      const { expectUntouched, keep } = createKeeper();
      const app = createReceiver();
      const { origin } = await listen((message, reply) => watch(message, keep, () => app.handler(message, reply)));
      await upload(origin, randomBytes(4 * megabyte));
      expectUntouched();
    });

    it("a view that listens once the files are on their way", async () => {
      const { expectUntouched, keep } = createKeeper();
      const app = createReceiver(() => {
        if (request.raw instanceof IncomingMessage) {
          request.raw.on("data", keep);
        }
      });
      const { origin } = await listen(app.handler);
      await upload(origin, randomBytes(4 * megabyte));
      expectUntouched();
    });
  });
});
