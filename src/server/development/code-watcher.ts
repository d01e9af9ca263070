import { realpathSync } from "node:fs";
import { dirname, relative, sep } from "node:path";

/** A watcher of chokidar's. */
interface Watcher {
  add(path: string): unknown;
  close(): Promise<void>;
  once(event: "ready", listener: () => void): unknown;
  on(event: "all", listener: (event: string, path: string) => void): unknown;
}

/** Folders that hold no code of the app. */
const foreignFolders = new Set(["node_modules", ".git", ".flagon"]);
/** Folders of generated files. Files in them that the app has loaded are watched. */
const writtenFolders = new Set(["dist", "build", "coverage", "instance", "out"]);
const codePattern = /(?:\.[cm]?[jt]sx?|\.json|\.sql|(?:^|[\\/])\.(?:env|flagonenv)[^\\/]*)$/;
/** Files that look like code of the app, but that it does not run. They are watched only if the app has loaded them. */
const otherPattern = /(?:\.(?:test|spec)\.[cm]?[jt]sx?|(?:^|[\\/])(?:package-lock|npm-shrinkwrap)\.json)$/;

/**
 * Watches folders, with all below them, and calls a function with the path of each file that changes, however it is saved.
 *
 * @param folders The folders.
 * @param onChange Is called with the path of a file that was added, changed or removed.
 * @param depth The number of levels of folders that are watched. Default: all.
 */
export async function watchFolders(folders: readonly string[], onChange: (path: string) => void, depth?: number): Promise<Watcher> {
  const { watch } = await import("chokidar");
  const watcher = watch([...folders], {
    ignoreInitial: true,
    ignored: (path) => foreignFolders.has(path.slice(path.lastIndexOf(sep) + 1)),
    ...(depth === undefined ? {} : { depth }),
  });
  watcher.on("all", (event, path) => (event.endsWith("Dir") ? undefined : onChange(path)));
  // A folder that cannot be watched does not end the server.
  watcher.on("error", () => undefined);
  return watcher;
}

/**
 * Watches the code of an app: the files of its folder, migrations among them, and those that it has loaded from elsewhere, as in a monorepo.
 */
export class CodeWatcher {
  readonly #folder: string;
  readonly #onChange: (path: string) => void;
  readonly #loaded = new Set<string>();
  readonly #outside = new Set<string>();
  readonly #inner: Promise<Watcher>;
  #outer: Promise<Watcher> | undefined;

  /**
   * @param folder The folder of the app.
   * @param onChange Is called with the path of code that has changed, relative to the folder.
   */
  constructor(folder: string, onChange: (path: string) => void) {
    this.#folder = realpathSync(folder);
    this.#onChange = onChange;
    this.#inner = watchFolders([folder], (path) => this.#report(path));
  }

  /** Watches files that the app has loaded, wherever they lie. */
  addLoaded(files: readonly string[]): void {
    for (const file of files) {
      this.#loaded.add(file);
      const folder = dirname(file);
      if (!isInside(this.#folder, file) && !this.#outside.has(folder)) {
        this.#outside.add(folder);
        // Its folder is watched, not the file: editors replace the file.
        this.#outer = (this.#outer ?? watchFolders([], (path) => this.#report(path), 0)).then((watcher) => {
          watcher.add(folder);
          return watcher;
        });
      }
    }
  }

  /** Ends the watching. */
  async close(): Promise<void> {
    const watchers = await Promise.all([this.#inner, this.#outer]);
    await Promise.all(watchers.map((watcher) => watcher?.close()));
  }

  #report(path: string): void {
    const name = relative(this.#folder, path);
    const folders = name.split(sep).slice(0, -1);
    const isOwn = isInside(this.#folder, path) && !folders.some((part) => writtenFolders.has(part));
    const isCode = (codePattern.test(path) && !otherPattern.test(path)) || folders.includes("migrations");
    if (this.#loaded.has(path) || (isOwn && isCode)) {
      this.#onChange(name);
    }
  }
}

function isInside(folder: string, path: string): boolean {
  const name = relative(folder, path);
  return name !== "" && !name.startsWith(`..${sep}`) && name !== "..";
}
