import { File } from "node:buffer";
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { dirname, sep } from "node:path";
import { FormError } from "../../base/errors";
import { safeJoin } from "../safe-path";

/** Options of {@link UploadedFile.saveTo}. */
export interface SaveOptions {
  /** Replaces a file that exists, at once and whole. Default: `false`, which makes that an error. */
  overwrite?: boolean;
  /** A folder that the path must not leave, nor by links. Default: none, so that any path is taken. */
  folder?: string;
}

/**
 * A file that came with a form. It is a web `File`, so that `z.file()` takes it, and can be saved.
 *
 * A small file stays in memory. A large one is in a temporary file, which is removed when the request ends: use
 * {@link UploadedFile.saveTo} to keep it.
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
   * @param path The path. Choose it yourself, or state the folder: {@link UploadedFile.filename} is the client's.
   * @param options The folder, and whether another file is replaced.
   * @throws {FormError} If the path leaves the folder.
   * @throws {Error} With the code `EEXIST` if the file exists, or with the code of another failure of the file system.
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

/** Finds a path in a folder, through the links on the way to it. A link at its end is replaced, not followed. */
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
