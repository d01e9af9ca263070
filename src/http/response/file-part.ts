import { createReadStream, type ReadStream } from "node:fs";

/** The bytes of a large file that are read at a time. */
export const pieceSize: number = 256 * 1024;

/** A part of a file as the body of a response. The file is opened when it is sent, and not before. */
export class FilePart implements AsyncIterable<Uint8Array> {
  /**
   * @param path The file.
   * @param start The place of the first byte, counted from 0.
   * @param byteLength The length in bytes.
   */
  constructor(
    readonly path: string,
    readonly start: number,
    readonly byteLength: number,
  ) {}

  /** Returns the bytes between two places of the part, as `Uint8Array.subarray()` does. */
  subarray(first: number, end: number): FilePart {
    return new FilePart(this.path, this.start + first, end - first);
  }

  /** Opens the file for reading from the start of the part to its end. */
  open(): ReadStream {
    const { byteLength, path, start } = this;
    return createReadStream(path, { start, end: Math.max(start, start + byteLength - 1), highWaterMark: pieceSize });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    if (this.byteLength > 0) {
      yield* this.open();
    }
  }
}
