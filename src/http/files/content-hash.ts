import { createHash } from "node:crypto";
import { readFileSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { isSafeName, readRegularFile } from "./find-file";

/** The largest file whose content is hashed, in bytes. Larger files have a hash of their size and time instead. */
const largestHashed = 1024 * 1024;

interface State {
  readonly mtimeMs: number;
  readonly size: number;
}

/** Remembers short hashes of the files of a folder, so that URLs can carry them. */
export class ContentHashes {
  readonly #directory: string;
  readonly #known = new Map<string, State & { readonly hash: string }>();

  /** @param directory The folder. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Returns the hash of a file, or `undefined` for a name that leads to no regular file inside of the folder.
   *
   * It reads at most 1 MiB, and only when the file has changed.
   */
  findNow(name: string): string | undefined {
    if (!isSafeName(name)) {
      return undefined;
    }
    const path = join(this.#directory, name);
    try {
      const state = statSync(path);
      const known = this.#find(path, state);
      if (known !== undefined || !state.isFile() || !realpathSync(path).startsWith(realpathSync(this.#directory) + sep)) {
        return known;
      }
      return this.#keep(path, state, state.size > largestHashed ? formatState(state) : readFileSync(path));
    } catch {
      return undefined;
    }
  }

  /**
   * Returns the hash of a file that a visitor asks for: as {@link ContentHashes.findNow} does, but without blocking.
   *
   * @param path The path of the file, which was found inside of the folder.
   * @param state The state of the file.
   */
  async find(path: string, state: State): Promise<string | undefined> {
    const known = this.#find(path, state);
    if (known !== undefined) {
      return known;
    }
    const content = state.size > largestHashed ? formatState(state) : await readRegularFile(path, state.size);
    return content === undefined ? undefined : this.#keep(path, state, content);
  }

  #find(path: string, { mtimeMs, size }: State): string | undefined {
    const known = this.#known.get(path);
    return known?.mtimeMs === mtimeMs && known.size === size ? known.hash : undefined;
  }

  #keep(path: string, { mtimeMs, size }: State, content: string | Uint8Array): string {
    const hash = createHash("sha256").update(content).digest("base64url").slice(0, 12);
    this.#known.set(path, { mtimeMs, size, hash });
    return hash;
  }
}

function formatState({ mtimeMs, size }: State): string {
  return `${size} ${mtimeMs}`;
}
