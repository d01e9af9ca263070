import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { TemplateNotFound } from "../base/errors";
import { didYouMean } from "../base/suggestion";
import type { BuiltTemplate, GivenTemplates } from "./given-templates";

/** A template, read and compiled. */
export interface LoadedTemplate<Compiled> {
  /** Its name, without the extension. */
  readonly name: string;
  /** Its file; the empty string for one that was given as text. */
  readonly path: string;
  /** Its text. */
  readonly source: string;
  /** The time of the last change of the file. */
  readonly modified: number;
  /** The compiled template. */
  readonly run: Compiled;
}

/** Options for loading templates. */
export interface LoadingOptions {
  /** Tells whether a changed file is read again. */
  isReloading(): boolean;
  /**
   * Gets the folders in which a template was looked for, and those that have it. It is called only for templates that
   * are read from a file.
   */
  explain(name: string, folders: readonly string[], found: readonly string[]): void;
}

/** Compiled templates of one kind, by name. */
export type TemplateCache<Compiled> = Map<string, LoadedTemplate<Compiled>>;

const extension = ".eta";

/** Finds templates in folders, and caches their compiled functions. */
export class TemplateLoader {
  readonly #folders: string[] = [];
  readonly #given = new Map<string, BuiltTemplate>();
  readonly #options: LoadingOptions;

  /** @param options Whether templates are read again, and a report of the search. */
  constructor(options: LoadingOptions) {
    this.#options = options;
  }

  /** Adds a folder, to be searched after those before it. */
  addFolder(path: string): void {
    this.#folders.push(path);
  }

  /** Adds templates by name, for names that no folder has. */
  addGiven(templates: GivenTemplates): void {
    for (const [name, template] of Object.entries(templates)) {
      this.#given.set(normalizeName(name), typeof template === "string" ? { source: template } : template);
    }
  }

  /** The templates that were given, by name. */
  get given(): ReadonlyMap<string, BuiltTemplate> {
    return this.#given;
  }

  /** The folders, in the order in which they are searched. */
  get folders(): readonly string[] {
    return this.#folders;
  }

  /**
   * Returns a template.
   *
   * @param cache The cache of its kind.
   * @param compile Compiles one of its kind.
   * @throws {TemplateNotFound} If no folder has it.
   */
  load<Compiled>(
    cache: TemplateCache<Compiled>,
    name: string,
    compile: (source: string, name: string, built?: BuiltTemplate) => Compiled,
  ): LoadedTemplate<Compiled> {
    const cached = cache.get(name);
    if (cached !== undefined && !this.#options.isReloading()) {
      return cached;
    }
    const given = this.#given.get(name);
    const path = this.#locate(name, given !== undefined);
    if (path === undefined) {
      const source = given?.source ?? "";
      const built = cached?.path === "" ? cached : { name, path: "", source, modified: 0, run: compile(source, name, given) };
      cache.set(name, built);
      return built;
    }
    const modified = statSync(path).mtimeMs;
    if (cached !== undefined && cached.path === path && cached.modified === modified) {
      return cached;
    }
    const source = readFileSync(path, "utf8");
    const loaded = { name, path, source, modified, run: compile(source, name) };
    cache.set(name, loaded);
    return loaded;
  }

  /**
   * Returns the first of several names that a folder has; a single one as it is.
   *
   * @throws {TemplateNotFound} If no folder has any of them.
   */
  select(names: string | readonly string[]): string {
    if (typeof names === "string") {
      return normalizeName(names);
    }
    const all = names.map(normalizeName);
    const found = all.find((name) => this.#given.has(name) || this.#folders.some((folder) => existsSync(join(folder, name + extension))));
    if (found === undefined) {
      throw new TemplateNotFound(`There is none of the templates '${all.join("', '")}'. ${this.#describeSearch("any of them")}`);
    }
    return found;
  }

  /** Lists the names of all templates. */
  list(): string[] {
    const found = this.#folders.flatMap((folder) =>
      existsSync(folder)
        ? readdirSync(folder, { recursive: true, encoding: "utf8" })
            .filter((file) => file.endsWith(extension))
            .map((file) => file.slice(0, -extension.length).replaceAll("\\", "/"))
        : [],
    );
    return [...found, ...[...this.#given.keys()].filter((name) => !found.includes(name))];
  }

  #locate(name: string, isGiven: boolean): string | undefined {
    const found = this.#folders.map((folder) => join(folder, name + extension)).filter((path) => existsSync(path));
    this.#options.explain(name, this.#folders, found);
    const [first] = found;
    if (first === undefined && !isGiven) {
      const hint = didYouMean(name, this.list());
      throw new TemplateNotFound(`There is no template '${name}'.${hint} ${this.#describeSearch(`'${name}${extension}'`)}`);
    }
    return first;
  }

  #describeSearch(what: string): string {
    return this.#folders.length === 0 ? "The app has no template folder." : `Looked for ${what} in ${this.#folders.join(", ")}.`;
  }
}

/** Resolves a name: one that begins with a dot is relative to the template that says it; any other to the template folders. */
export function resolveName(name: string, from: string): string {
  return /^\.\.?\//.test(name) ? normalizeName(posix.join(posix.dirname(from), name)) : normalizeName(name);
}

/**
 * Returns a name in its one form: without a leading slash, dots or the extension.
 *
 * @throws {TemplateNotFound} If it leads out of the folders.
 */
function normalizeName(name: string): string {
  const path = posix.normalize(name.replace(/^\/+/, ""));
  if (path.startsWith("../") || path === ".." || path === "." || /[\\\0]/.test(path)) {
    throw new TemplateNotFound(`There is no template '${name}': its name leads out of the template folders.`);
  }
  return path.endsWith(extension) ? path.slice(0, -extension.length) : path;
}
