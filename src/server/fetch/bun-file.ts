import type { StreamedBody } from "../../dispatch/body-stream";
import { FilePart } from "../../http/response/file-part";

/** The file functions of Bun that Node does not have. */
interface BunFiles {
  file(path: string): Blob;
}

/**
 * Converts a body that is a part of a file to a file of Bun, whose bytes go from the disk to the network without
 * JavaScript.
 *
 * @param body The body.
 * @returns The part, or `undefined` on another runtime and for another body.
 */
export function findBunFile(body: StreamedBody): Blob | undefined {
  const bun: unknown = Reflect.get(globalThis, "Bun");
  return hasFiles(bun) && body instanceof FilePart ? bun.file(body.path).slice(body.start, body.start + body.byteLength) : undefined;
}

function hasFiles(bun: unknown): bun is BunFiles {
  return typeof bun === "object" && bun !== null && "file" in bun && typeof bun.file === "function";
}
