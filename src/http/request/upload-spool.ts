import { randomUUID } from "node:crypto";
import { openAsBlob } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ByteCollector } from "./byte-collector";
import { UploadedFile } from "./upload";

/** The bytes of an upload that are written to the file together. */
const writeSize = 256 * 1024;

/** Collects an upload: in memory at first, in a temporary file once it outgrows `spoolSize`. */
export class UploadSpool {
  readonly #spoolSize: number;
  /** The bytes that are not in the file yet. */
  readonly #waiting = new ByteCollector();
  #path: string | undefined;
  /** The file, from the moment in which it begins to open. */
  #file: Promise<FileHandle> | undefined;
  /** The end of the last write. */
  #written: Promise<void> = Promise.resolve();
  #isRemoved = false;

  /** @param spoolSize The size in bytes from which the upload goes to a file. */
  constructor(spoolSize: number) {
    this.#spoolSize = spoolSize;
  }

  /**
   * Adds bytes. They are copied.
   *
   * @returns A promise if bytes are written to the file: wait for it before you add more.
   */
  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#isRemoved) {
      return undefined;
    }
    this.#waiting.add(bytes);
    if (this.#file === undefined) {
      if (this.#waiting.size <= this.#spoolSize) {
        return undefined;
      }
      this.#path = join(tmpdir(), `flagon-${randomUUID()}`);
      this.#file = open(this.#path, "wx", 0o600);
      return this.#flush();
    }
    return this.#waiting.size >= writeSize ? this.#flush() : undefined;
  }

  /** Ends the upload and returns it. */
  async finish(filename: string, type: string): Promise<UploadedFile> {
    if (this.#file !== undefined && !this.#isRemoved) {
      await this.#flush();
    }
    await this.#close();
    return this.#path === undefined
      ? new UploadedFile(filename, type, this.#waiting.take())
      : new UploadedFile(filename, type, await openAsBlob(this.#path), this.#path);
  }

  /** Removes the temporary file, if there is one, also while it is written. */
  async remove(): Promise<void> {
    this.#isRemoved = true;
    await this.#written.catch(() => undefined);
    await this.#close().catch(() => undefined);
    if (this.#path !== undefined) {
      await rm(this.#path, { force: true });
    }
  }

  /** Writes the waiting bytes to the file, after those before them. */
  #flush(): Promise<void> {
    const bytes = this.#waiting.take();
    this.#written = this.#written.then(async () => {
      const file = await this.#file;
      if (bytes.byteLength > 0) {
        // Writes until all is written: a full disk takes a part, and the next write then fails with the reason.
        await file?.writeFile(bytes);
      }
    });
    return this.#written;
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await (await file)?.close();
  }
}
