import { File } from "node:buffer";
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, mkdir, realpath, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, parse, sep } from "node:path";
import { FormError } from "../../base/errors";
import { refuseUnknown } from "../../base/unknown-options";
import { watchPromise } from "../../base/watched-promise";
import { safeJoin, secureFilename } from "../safe-path";
import { explainSaving } from "./save-error";

/** Options of {@link UploadedFile.saveTo}. */
export interface SaveOptions {
  /** Replaces an existing file, in one step. Default: `false`: an existing file is an error. */
  overwrite?: boolean;
  /** A folder that the path must not leave, not even by links. Default: none, and any path is taken. */
  folder?: string;
}

/** Options of {@link UploadedFile.saveTo} without a path. */
export interface SaveInFolderOptions {
  /** The folder, which is created if it is missing. A relative path is one of the working directory. */
  folder: string;
}

const saveOptions = Object.keys({ overwrite: true, folder: true } satisfies Record<keyof SaveOptions, true>);
const folderOptions = Object.keys({ folder: true } satisfies Record<keyof SaveInFolderOptions, true>);

/** The most names that are tried before a random one is used. */
const maxNames = 100;

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
   * Writes the file to a path: whole or, if that fails, not at all. The folder of the path is created, and so is
   * `folder`, but no folder inside it.
   *
   * Without a path, the file gets a safe and free name in the folder: that of {@link secureFilename}. If another file
   * has it, a number is added, such as `photo-2.jpg`.
   *
   * @param path The path. Choose it yourself, or state the folder: {@link UploadedFile.filename} is the client's.
   * @param options The folder, and whether another file is replaced.
   * @returns The path of the file.
   * @throws {FormError} If the path leaves the folder, or if neither a path nor a folder is stated.
   * @throws {Error} With the code `EEXIST` if the file exists, `ENOSPC` if the disk is full, `EACCES` if the process may not
   *   write there, or another code of the file system. The message names the path, the reason and the cure.
   */
  saveTo(path: string, options?: SaveOptions): Promise<string>;
  saveTo(options: SaveInFolderOptions): Promise<string>;
  saveTo(path: string | SaveInFolderOptions, options: SaveOptions = {}): Promise<string> {
    return watchPromise(this.#saveTo(path, options), "upload.saveTo()");
  }

  async #saveTo(path: string | SaveInFolderOptions, options: SaveOptions): Promise<string> {
    refuseUnknown(options, saveOptions, "saveTo()", FormError);
    const stated: unknown = typeof path === "object" && path !== null ? path.folder : path;
    if (typeof stated !== "string" || stated === "") {
      throw new FormError('An upload needs a place: await upload.saveTo({ folder: "uploads" }), or await upload.saveTo("uploads/a.txt").');
    }
    if (typeof path === "object") {
      refuseUnknown(path, folderOptions, "saveTo() without a path", FormError);
    }
    try {
      return typeof path === "string" ? await this.#saveAs(path, options) : await this.#saveFree(path.folder);
    } catch (error) {
      const target = typeof path === "string" && options.folder !== undefined ? join(options.folder, path) : stated;
      throw explainSaving(error, target, this.#path);
    }
  }

  async #saveAs(path: string, { overwrite = false, folder }: SaveOptions): Promise<string> {
    const target = folder === undefined ? path : await findInside(folder, path);
    if (folder === undefined) {
      await mkdir(dirname(target), { recursive: true });
    }
    if (!overwrite) {
      await this.#write(target);
      return target;
    }
    const waiting = join(dirname(target), `.${randomUUID()}`);
    await this.#write(waiting);
    await rename(waiting, target).catch(async (error: unknown) => {
      await rm(waiting, { force: true });
      throw error;
    });
    return target;
  }

  /** Writes the file under the first free name. Another upload that takes the name meanwhile wins, and the next name is tried. */
  async #saveFree(folder: string): Promise<string> {
    const { name, ext } = parse(this.filename);
    const stem = secureFilename(name).slice(0, 100) || randomUUID();
    const extension = /^\.\w{1,20}$/.test(ext) ? ext : "";
    for (let number = 1; number <= maxNames; number++) {
      const target = await findInside(folder, `${stem}${number === 1 ? "" : `-${number}`}${extension}`);
      const isSaved = await this.#write(target).then(
        () => true,
        (error: unknown) => {
          if (isTaken(error)) {
            return false;
          }
          throw error;
        },
      );
      if (isSaved) {
        return target;
      }
    }
    const target = await findInside(folder, `${stem}-${randomUUID()}${extension}`);
    await this.#write(target);
    return target;
  }

  async #write(path: string): Promise<void> {
    try {
      if (this.#path === undefined) {
        await writeFile(path, await this.bytes(), { flag: "wx" });
      } else {
        await copyFile(this.#path, path, constants.COPYFILE_EXCL);
      }
    } catch (error) {
      if (!isTaken(error)) {
        await rm(path, { force: true });
      }
      throw error;
    }
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EEXIST";
}

/**
 * Finds a path in a folder, which is created if it is missing. Links on the way are followed and must not lead out. A link
 * at the end is replaced, not followed.
 */
async function findInside(folder: string, path: string): Promise<string> {
  const joined = safeJoin(folder, path);
  await mkdir(folder, { recursive: true });
  const root = await realpath(folder);
  const parent = joined === null ? "" : await realpath(dirname(joined));
  if (joined === null || (parent !== root && !parent.startsWith(root + sep))) {
    throw new FormError(
      `The upload cannot be saved as '${path}', which is not a file in the folder '${folder}'. Name it by secureFilename(upload.filename), or leave the name to saveTo({ folder }).`,
    );
  }
  return joined;
}
