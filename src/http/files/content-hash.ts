import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";

interface Known {
  readonly modified: number;
  readonly size: number;
  readonly hash: string;
}

/** Remembers the hashes of files' contents, so that URLs can carry them. */
export class ContentHashes {
  readonly #known = new Map<string, Known>();

  /** Returns a short hash of a file's content, or `undefined` if it cannot be read. */
  find(path: string): string | undefined {
    try {
      const { mtimeMs: modified, size } = statSync(path);
      const known = this.#known.get(path);
      if (known !== undefined && known.modified === modified && known.size === size) {
        return known.hash;
      }
      const hash = createHash("sha256").update(readFileSync(path)).digest("base64url").slice(0, 12);
      this.#known.set(path, { modified, size, hash });
      return hash;
    } catch {
      return undefined;
    }
  }
}
