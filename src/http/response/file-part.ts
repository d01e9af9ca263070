import { createReadStream, type ReadStream } from "node:fs";

/** How much of a large file is read at a time, in bytes. */
export const pieceSize: number = 256 * 1024;

/** A part of a file as the body of a response. The file is opened when it is sent, and not before. */
export class FilePart implements AsyncIterable<Uint8Array> {
  /**
   * @param path The file.
   * @param start Where the part begins, in bytes from the start of the file.
   * @param byteLength How long it is, in bytes.
   */
  constructor(
    readonly path: string,
    readonly start: number,
    readonly byteLength: number,
  ) {}

  /** Returns what lies between two places of the part, in bytes from its start, as `Uint8Array.subarray()` does. */
  subarray(first: number, end: number): FilePart {
    return new FilePart(this.path, this.start + first, end - first);
  }

  /** Opens the file, to be read from the start of the part to its end. */
  open(): ReadStream {
    const { byteLength, path, start } = this;
    return createReadStream(path, { start, end: Math.max(start, start + byteLength - 1), highWaterMark: pieceSize });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    yield* this.open();
  }
}
