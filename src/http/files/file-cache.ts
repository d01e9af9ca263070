import { FilePart } from "../response/file-part";
import { type FileState, readRegularFile } from "./find-file";

/** The largest file that is kept in memory, and the most that all of them take, in bytes. */
const largestFile = 64 * 1024;
const largestSum = 16 * 1024 * 1024;
/** The most paths whose lookup is cached. */
const mostPaths = 1000;

/** Keeps the content of small files, and lookups of paths for a moment. */
export class FileCache<Found> {
  readonly #lifetime: number;
  readonly #found = new Map<string, { readonly found: Promise<Found>; readonly until: number }>();
  readonly #contents = new Map<string, { readonly bytes: Uint8Array; readonly state: FileState }>();
  #sum = 0;

  /** @param lifetime The milliseconds for which a lookup stays valid. */
  constructor(lifetime: number) {
    this.#lifetime = lifetime;
  }

  /** Returns the cached lookup of a path, or looks it up. */
  find(path: string, look: () => Promise<Found>): Promise<Found> {
    const now = performance.now();
    const known = this.#found.get(path);
    if (known !== undefined && known.until > now) {
      return known.found;
    }
    if (this.#found.size >= mostPaths) {
      this.#found.clear();
    }
    const found = look();
    this.#found.set(path, { found, until: now + this.#lifetime });
    return found;
  }

  /** Returns the content of a small file, or a part that is a larger file whole. Gives `undefined` if the file changes just now. */
  async read(path: string, { ino, mtimeMs, size }: FileState): Promise<Uint8Array | FilePart | undefined> {
    if (size > largestFile) {
      return new FilePart(path, 0, size);
    }
    const kept = this.#contents.get(path);
    if (kept !== undefined && kept.state.size === size && kept.state.mtimeMs === mtimeMs && kept.state.ino === ino) {
      return kept.bytes;
    }
    const bytes = await readRegularFile(path, size);
    this.#forget(path);
    if (bytes !== undefined) {
      this.#contents.set(path, { bytes, state: { ino, mtimeMs, size } });
      this.#sum += size;
    }
    // A map lists its keys in the order of insertion: the first is the oldest.
    for (const [oldest] of this.#contents) {
      if (this.#sum <= largestSum) {
        break;
      }
      this.#forget(oldest);
    }
    return bytes;
  }

  #forget(path: string): void {
    this.#sum -= this.#contents.get(path)?.state.size ?? 0;
    this.#contents.delete(path);
  }
}
