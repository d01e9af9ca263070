import { constants } from "node:fs";
import { open, realpath, stat } from "node:fs/promises";
import { isAbsolute, join, sep } from "node:path";

/** The state of a regular file. */
export interface FileState {
  /** The size in bytes. */
  readonly size: number;
  /** The time of the last change, in milliseconds since the Unix epoch. */
  readonly mtimeMs: number;
  /** The number in the file system. */
  readonly ino: number;
}

/** The codings of compressed copies, the preferred first, and the extension of each. */
const encodings: readonly (readonly [encoding: string, extension: string])[] = [
  ["br", ".br"],
  ["zstd", ".zst"],
  ["gzip", ".gz"],
];

/** The result of looking for a file: whether it can be sent, and its compressed copies. */
export interface FoundFile {
  /** Whether it is a regular file that the server may read, and no link leads out of the directory. */
  readonly isFound: boolean;
  /** Its compressed copies. */
  readonly copies: readonly (readonly [encoding: string, extension: string])[];
}

/**
 * Tells whether a name stays below a directory by its text alone: no absolute path, no `..`, no dotfile, no backslash.
 *
 * It runs before the name of a visitor reaches the file system.
 */
export function isSafeName(name: string): boolean {
  return (
    name !== "" &&
    !isAbsolute(name) &&
    !/[\\\0:]/.test(name) &&
    name.split("/").every((segment) => segment !== "" && !segment.startsWith("."))
  );
}

/**
 * Looks for a file in a directory, and for its compressed copies if asked to.
 *
 * @param directory The directory.
 * @param name The name, which may lead out of the directory by links only.
 * @param withCopies Whether compressed copies are looked for.
 * @param isTrusted Whether the app named the file, so that links may lead anywhere.
 */
export async function findFile(directory: string, name: string, withCopies: boolean, isTrusted = false): Promise<FoundFile> {
  const root = isTrusted ? undefined : await realpath(directory).catch(() => null);
  if (root === null || !(await canSend(root, join(directory, name)))) {
    return { isFound: false, copies: [] };
  }
  const present = withCopies ? await Promise.all(encodings.map(([, extension]) => canSend(root, join(directory, name + extension)))) : [];
  return { isFound: true, copies: encodings.filter((_, index) => present[index]) };
}

/** Tells whether a path is a regular file that the server may read, in a folder if one is given. Nothing else is opened. */
async function canSend(root: string | undefined, path: string): Promise<boolean> {
  try {
    const real = root === undefined ? path : await realpath(path);
    if (root !== undefined && !real.startsWith(root + sep)) {
      return false;
    }
    if (!(await stat(real)).isFile()) {
      return false;
    }
    // Only opening tells: `access()` checks the real user of the process, and opening its effective user.
    await (await open(real, constants.O_RDONLY | constants.O_NONBLOCK)).close();
    return true;
  } catch {
    return false;
  }
}

/** Returns the state of a regular file, or `undefined` for anything else. */
export async function readState(path: string): Promise<(FileState & { readonly mtime: Date }) | undefined> {
  try {
    const state = await stat(path);
    return state.isFile() ? state : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads a small file whole, without waiting for a pipe or a device that has taken its place.
 *
 * @returns The bytes, or `undefined` if the file is gone, unreadable, special or of another size.
 */
export async function readRegularFile(path: string, size: number): Promise<Uint8Array | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const state = await file.stat();
      if (!state.isFile() || state.size !== size) {
        return undefined;
      }
      const bytes = Buffer.alloc(size);
      const { bytesRead } = await file.read(bytes, 0, size, 0);
      return bytesRead === size ? bytes : undefined;
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}
