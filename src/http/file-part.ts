import type { ReadStream } from "node:fs";

/** How much of a large file is read at a time, in bytes. */
export const pieceSize: number = 256 * 1024;

/** What is sent of a file: as many bytes as are stated, from one place on. */
export interface FilePart {
  /** The open file, or one that is about to be. Nobody has read from it. */
  readonly file: ReadStream;
  /** Where the part begins, in bytes from the start of the file. */
  readonly start: number;
  /** How long the part is, in bytes. */
  readonly length: number;
}

const parts = new WeakMap<object, FilePart>();

/** Says of a stream which part of a file it is, for servers that can send that without it. */
export function notePart(file: ReadStream, length: number): void {
  const { start }: ReadStream & { readonly start?: unknown } = file;
  // A file that cannot be opened, before anybody reads it, would otherwise end the process; who reads it is told all the same.
  file.on("error", () => undefined);
  parts.set(file, { file, length, start: typeof start === "number" ? start : 0 });
}

/** Finds the part of a file that a body is; `undefined` for another body, and once somebody has begun to read it. */
export function findPart(body: object): FilePart | undefined {
  const part = parts.get(body);
  return part === undefined || part.file.readableFlowing !== null || part.file.readableDidRead ? undefined : part;
}
