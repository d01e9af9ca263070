import { readFile } from "node:fs/promises";
import { FilePart } from "../response/file-part";

/** How large a file may be that is kept, and how much is kept of all, in bytes. */
const largestFile = 64 * 1024;
const largestSum = 16 * 1024 * 1024;
/** Of how many paths it is kept what was found out about them. */
const mostPaths = 1000;

/** What says that a file is still the same. */
export interface FileState {
  /** Its size in bytes. */
  readonly size: number;
  /** When it was changed, in milliseconds since the Unix epoch. */
  readonly mtimeMs: number;
  /** Its number in the file system. */
  readonly ino: number;
}

/** Keeps the content of small files that are asked for again and again, and for a moment what was found out about paths. */
export class FileCache<Found> {
  readonly #lifetime: number;
  readonly #found = new Map<string, { readonly found: Promise<Found>; readonly until: number }>();
  readonly #contents = new Map<string, { readonly bytes: Uint8Array; readonly state: FileState }>();
  #sum = 0;

  /** @param lifetime For how long what was found out about a path is believed, in milliseconds. */
  constructor(lifetime: number) {
    this.#lifetime = lifetime;
  }

  /** Returns what is known of a path, or finds it out. */
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

  /** Returns the content of a small file, read anew if it has changed, or a larger one itself; `undefined` for one that is changing just now. */
  async read(path: string, { ino, mtimeMs, size }: FileState): Promise<Uint8Array | FilePart | undefined> {
    if (size > largestFile) {
      return new FilePart(path, 0, size);
    }
    const kept = this.#contents.get(path);
    if (kept !== undefined && kept.state.size === size && kept.state.mtimeMs === mtimeMs && kept.state.ino === ino) {
      return kept.bytes;
    }
    const bytes = await readFile(path);
    this.#forget(path);
    if (bytes.byteLength === size) {
      this.#contents.set(path, { bytes, state: { ino, mtimeMs, size } });
      this.#sum += size;
    }
    // The order of a map is that of its keys' coming: the first is the oldest.
    for (const [oldest] of this.#contents) {
      if (this.#sum <= largestSum) {
        break;
      }
      this.#forget(oldest);
    }
    return bytes.byteLength === size ? bytes : undefined;
  }

  #forget(path: string): void {
    this.#sum -= this.#contents.get(path)?.state.size ?? 0;
    this.#contents.delete(path);
  }
}
