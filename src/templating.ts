import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { FlagonError, TemplateError, TemplateNotFound } from "./errors";
import { Markup } from "./html";
import { HTTPException } from "./http/exceptions";
import { didYouMean } from "./suggestion";
import {
  type AsyncCompiledTemplate,
  type CompiledTemplate,
  compileAsyncTemplate,
  compileTemplate,
  excerpt,
  runtime,
  type TemplateFrame,
} from "./template-compiler";

interface Loaded<Compiled> {
  readonly name: string;
  readonly path: string;
  readonly source: string;
  readonly modified: number;
  readonly run: Compiled;
}

const extension = ".eta";

/** Finds, compiles and renders the templates of an app: Eta's syntax, always escaped. */
export class Templates {
  readonly #folders: string[] = [];
  readonly #loaded = new Map<string, Loaded<CompiledTemplate>>();
  readonly #loadedAsync = new Map<string, Loaded<AsyncCompiledTemplate>>();
  readonly #strings = new Map<string, Loaded<CompiledTemplate>>();
  readonly #isDebug: () => boolean;

  /** @param isDebug Whether a changed file is read again. */
  constructor(isDebug: () => boolean) {
    this.#isDebug = isDebug;
  }

  /** Adds a folder, to be searched after those before it. */
  addFolder(path: string): void {
    this.#folders.push(path);
  }

  /**
   * Renders a template.
   *
   * @throws {TemplateNotFound} If no folder has it.
   * @throws {TemplateError} If it is malformed or fails.
   */
  render(name: string, data: object, scope: object): Markup {
    return new Markup(this.#run(this.#load(normalize(name)), data, scope, {}));
  }

  /** Renders a template that may await. */
  async renderAsync(name: string, data: object, scope: object): Promise<Markup> {
    return new Markup(await this.#runAsync(this.#loadAsync(normalize(name)), data, scope, {}));
  }

  /** Renders the text of a template. */
  renderString(source: string, data: object, scope: object): Markup {
    const known = this.#strings.get(source);
    const loaded = known ?? { name: "<string>", path: "", source, modified: 0, run: compileTemplate(source, "<string>") };
    if (known === undefined && this.#strings.size < 500) {
      this.#strings.set(source, loaded);
    }
    return new Markup(this.#run(loaded, data, scope, {}));
  }

  #run(template: Loaded<CompiledTemplate>, data: object, scope: object, blocks: Record<string, Markup>): string {
    const frame = this.#createFrame(template, data, scope, blocks);
    const text = template.run(data, frame, runtime);
    if (frame.layout === undefined) {
      return text;
    }
    const layout = this.#load(resolveName(frame.layout.name, template.name));
    return this.#run(layout, { ...data, ...frame.layout.data, body: new Markup(text) }, scope, frame.blocks);
  }

  async #runAsync(template: Loaded<AsyncCompiledTemplate>, data: object, scope: object, blocks: Record<string, Markup>): Promise<string> {
    const frame = this.#createFrame(template, data, scope, blocks);
    const text = await template.run(data, frame, runtime);
    if (frame.layout === undefined) {
      return text;
    }
    const layout = this.#loadAsync(resolveName(frame.layout.name, template.name));
    return this.#runAsync(layout, { ...data, ...frame.layout.data, body: new Markup(text) }, scope, frame.blocks);
  }

  #createFrame(template: Loaded<unknown>, data: object, scope: object, blocks: Record<string, Markup>): TemplateFrame {
    return {
      scope,
      blocks,
      layout: undefined,
      include: (name, inner) => new Markup(this.#run(this.#load(resolveName(name, template.name)), { ...data, ...inner }, scope, {})),
      includeAsync: async (name, inner) =>
        new Markup(await this.#runAsync(this.#loadAsync(resolveName(name, template.name)), { ...data, ...inner }, scope, {})),
      fail: (error, line) => fail(error, template, line),
    };
  }

  #load(name: string): Loaded<CompiledTemplate> {
    return this.#find(this.#loaded, name, compileTemplate);
  }

  #loadAsync(name: string): Loaded<AsyncCompiledTemplate> {
    return this.#find(this.#loadedAsync, name, compileAsyncTemplate);
  }

  #find<Compiled>(
    cache: Map<string, Loaded<Compiled>>,
    name: string,
    compile: (source: string, name: string) => Compiled,
  ): Loaded<Compiled> {
    const cached = cache.get(name);
    if (cached !== undefined && !this.#isDebug()) {
      return cached;
    }
    const path = this.#locate(name);
    const modified = statSync(path).mtimeMs;
    if (cached !== undefined && cached.path === path && cached.modified === modified) {
      return cached;
    }
    const source = readFileSync(path, "utf8");
    const loaded = { name, path, source, modified, run: compile(source, name) };
    cache.set(name, loaded);
    return loaded;
  }

  #locate(name: string): string {
    for (const folder of this.#folders) {
      const path = join(folder, name + extension);
      if (existsSync(path)) {
        return path;
      }
    }
    const hint = didYouMean(name, this.#list());
    const where =
      this.#folders.length === 0 ? "The app has no template folder." : `Looked for '${name}${extension}' in ${this.#folders.join(", ")}.`;
    throw new TemplateNotFound(`There is no template '${name}'.${hint} ${where}`);
  }

  #list(): string[] {
    return this.#folders.flatMap((folder) =>
      existsSync(folder)
        ? readdirSync(folder, { recursive: true, encoding: "utf8" })
            .filter((file) => file.endsWith(extension))
            .map((file) => file.slice(0, -extension.length).replaceAll("\\", "/"))
        : [],
    );
  }
}

/** A name that begins with a dot is relative to the template that says it; any other to the template folders. */
function resolveName(name: string, from: string): string {
  return /^\.\.?\//.test(name) ? normalize(posix.join(posix.dirname(from), name)) : normalize(name);
}

function normalize(name: string): string {
  const path = posix.normalize(name.replace(/^\/+/, ""));
  if (path.startsWith("../") || path === ".." || path === "." || /[\\\0]/.test(path)) {
    throw new TemplateNotFound(`There is no template '${name}': its name leads out of the template folders.`);
  }
  return path.endsWith(extension) ? path.slice(0, -extension.length) : path;
}

function fail(error: unknown, template: Loaded<unknown>, line: number): never {
  // An answer such as abort(404), or an error that has its place already, goes on as it is.
  if (error instanceof HTTPException || error instanceof TemplateError || error instanceof TemplateNotFound) {
    throw error;
  }
  const message = error instanceof Error ? error.message : String(error);
  const name = error instanceof FlagonError || !(error instanceof Error) ? "" : `${error.name}: `;
  throw new TemplateError(
    `The template '${template.name}' failed, line ${line}: ${name}${message}${findCulprit(message, template.source, line)}\n\n${excerpt(template.source, line)}`,
    template.name,
    line,
    { cause: error },
  );
}

/** V8 names the property that could not be read, but not of what; the line of the template does. */
function findCulprit(message: string, source: string, line: number): string {
  const property = /^Cannot read properties of (undefined|null) \(reading '([\w$]+)'\)$/.exec(message);
  if (property === null) {
    return "";
  }
  const [, what, name = ""] = property;
  const text = source.split(/\r\n|\n|\r/)[line - 1] ?? "";
  const owner = new RegExp(`([\\w$.\\[\\]"']+?)(?:\\.${name.replaceAll("$", "\\$")})(?![\\w$])`).exec(text)?.[1];
  return owner === undefined ? "" : `; '${owner}' is ${what}`;
}
