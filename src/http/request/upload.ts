import { File } from "node:buffer";
import { randomUUID } from "node:crypto";
import { constants, openAsBlob } from "node:fs";
import { copyFile, type FileHandle, open, realpath, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, sep } from "node:path";
import { FormError } from "../../base/errors";
import { safeJoin } from "../safe-path";

/** How an upload is saved. */
export interface SaveOptions {
  /** Replaces a file that is there already, at once and whole; by default that is an error. */
  overwrite?: boolean;
  /** A folder that the path is in, which it must not leave, by links neither. Default: none, the path is taken as it is. */
  folder?: string;
}

/**
 * A file that came with a form: a web `File`, so that `z.file()` takes it, which can also be saved.
 *
 * Small ones are kept in memory, large ones in a temporary file, which is gone when the request ends: use
 * {@link UploadedFile.saveTo} to keep one.
 */
export class UploadedFile extends File {
  readonly #path: string | undefined;

  /**
   * @param filename The base name that the client states.
   * @param type The media type that the client states.
   * @param content The bytes, or a blob of the temporary file.
   * @param path The path of the temporary file, if there is one.
   */
  constructor(filename: string, type: string, content: Uint8Array<ArrayBuffer> | Blob, path?: string) {
    super([content], filename, { type });
    this.#path = path;
  }

  /** The base name that the client states. Never use it as a path. */
  get filename(): string {
    return this.name;
  }

  /** Reads the file whole. */
  override async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.arrayBuffer());
  }

  /**
   * Writes the file to a path: whole or, if that fails, not at all.
   *
   * @param path Where to; name it yourself, or state the folder, since {@link UploadedFile.filename} is the client's.
   * @param options Whether it may replace another file, and the folder that it must not leave.
   * @throws {FormError} If the path leaves the folder.
   * @throws {Error} With the code `EEXIST`, if the file is there already; or whatever else the file system says.
   */
  async saveTo(path: string, { overwrite = false, folder }: SaveOptions = {}): Promise<void> {
    const target = folder === undefined ? path : await findInside(folder, path);
    if (!overwrite) {
      await this.#write(target);
      return;
    }
    const waiting = `${target}.${randomUUID()}`;
    await this.#write(waiting);
    await rename(waiting, target).catch(async (error: unknown) => {
      await rm(waiting, { force: true });
      throw error;
    });
  }

  async #write(path: string): Promise<void> {
    try {
      if (this.#path === undefined) {
        await writeFile(path, await this.bytes(), { flag: "wx" });
      } else {
        await copyFile(this.#path, path, constants.COPYFILE_EXCL);
      }
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) {
        await rm(path, { force: true });
      }
      throw error;
    }
  }
}

/** Finds a path in a folder, following the links on the way to it; a link at its end is replaced, not followed. */
async function findInside(folder: string, path: string): Promise<string> {
  const joined = safeJoin(folder, path);
  const root = await realpath(folder);
  const parent = joined === null ? "" : await realpath(dirname(joined));
  if (joined === null || (parent !== root && !parent.startsWith(root + sep))) {
    throw new FormError(
      `The upload cannot be saved as '${path}', which is not a file in the folder '${folder}'. Name it by secureFilename(upload.filename), and give it a name of your own if that is empty.`,
    );
  }
  return joined;
}

/** How much of an upload is written at once, in bytes and in pieces: a client may send it byte by byte. */
const writeSize = 256 * 1024;
const writePieces = 64;

/** Collects an upload: in memory at first, in a temporary file once it outgrows `spoolSize`. */
export class UploadSpool {
  readonly #spoolSize: number;
  /** What is not in the file yet. */
  #chunks: Uint8Array[] = [];
  #size = 0;
  #waitingSize = 0;
  #path: string | undefined;
  /** Is kept while it opens, so that a file which is removed meanwhile does not come into being afterwards. */
  #file: Promise<FileHandle> | undefined;
  #isRemoved = false;

  /** @param spoolSize The size in bytes from which the upload goes to a file. */
  constructor(spoolSize: number) {
    this.#spoolSize = spoolSize;
  }

  /**
   * Adds bytes.
   *
   * @returns A promise, if there are enough of them to be written to the file: wait for it before you add more.
   */
  write(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#isRemoved) {
      return undefined;
    }
    this.#size += chunk.byteLength;
    this.#waitingSize += chunk.byteLength;
    this.#chunks.push(chunk);
    if (this.#file !== undefined) {
      return this.#waitingSize >= writeSize || this.#chunks.length >= writePieces ? this.#flush() : undefined;
    }
    if (this.#size <= this.#spoolSize) {
      return undefined;
    }
    this.#path = join(tmpdir(), `flagon-${randomUUID()}`);
    this.#file = open(this.#path, "wx", 0o600);
    return this.#flush();
  }

  /** Ends the upload and returns it. */
  async finish(filename: string, type: string): Promise<UploadedFile> {
    if (!this.#isRemoved) {
      await this.#flush();
    }
    await this.#close();
    return this.#path === undefined
      ? new UploadedFile(filename, type, concatenate(this.#chunks, this.#size))
      : new UploadedFile(filename, type, await openAsBlob(this.#path), this.#path);
  }

  /** Removes the temporary file, if there is one, also one that is still being written. */
  async remove(): Promise<void> {
    this.#isRemoved = true;
    await this.#close();
    if (this.#path !== undefined) {
      await rm(this.#path, { force: true });
    }
  }

  /** Writes what waits to the file, if there is one. */
  async #flush(): Promise<void> {
    const file = await this.#file;
    const chunks = this.#chunks;
    const size = this.#waitingSize;
    if (file === undefined || size === 0) {
      return;
    }
    this.#chunks = [];
    this.#waitingSize = 0;
    const { bytesWritten } = await file.writev(chunks);
    if (bytesWritten < size) {
      // A disk that is full, for one, takes a part; the next write tells why.
      await file.writeFile(Buffer.concat(chunks, size).subarray(bytesWritten));
    }
  }

  async #close(): Promise<void> {
    await (await this.#file)?.close();
  }
}

function concatenate(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}
