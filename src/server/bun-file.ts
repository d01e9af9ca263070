import { ReadStream } from "node:fs";
import type { StreamedBody } from "../response-stream";

/** What Bun has of files, beside Node's. */
interface BunFiles {
  file(path: string): Blob;
}

/**
 * Finds the file behind a body that nobody has begun to read, or the part of it that is to be sent, as one of Bun's: that goes
 * from the disk to the network without passing through JavaScript.
 *
 * @param body The body.
 * @returns The file, or `undefined` on another runtime and for another body.
 */
export function findBunFile(body: StreamedBody): Blob | undefined {
  const bun: unknown = Reflect.get(globalThis, "Bun");
  if (!hasFiles(bun) || !(body instanceof ReadStream) || body.bytesRead > 0) {
    return undefined;
  }
  const { end, path, start }: ReadStream & { readonly start?: unknown; readonly end?: unknown } = body;
  const file = bun.file(String(path));
  const first = typeof start === "number" ? start : 0;
  return first === 0 && end === Number.POSITIVE_INFINITY ? file : file.slice(first, typeof end === "number" ? end + 1 : undefined);
}

function hasFiles(bun: unknown): bun is BunFiles {
  return typeof bun === "object" && bun !== null && "file" in bun && typeof bun.file === "function";
}
