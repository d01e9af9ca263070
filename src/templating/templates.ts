import { FlagonError, TemplateError, TemplateNotFound } from "../base/errors";
import { silencePromises } from "../base/forgotten-await";
import { Markup } from "../base/html";
import { isPromise } from "../base/maybe-promise";
import { didYouMean } from "../base/suggestion";
import { isWatching } from "../base/watching";
import { HTTPException } from "../http/exceptions/http-exception";
import type { GivenTemplates } from "./given-templates";
import { warnOfMisspelt } from "./misspelt-members";
import {
  type AsyncCompiledTemplate,
  type CompiledTemplate,
  compileBuilt,
  compileStreamingTemplate,
  compileTemplate,
  type StreamingTemplate,
} from "./template-compiler";
import { type LoadedTemplate, type LoadingOptions, resolveName, type TemplateCache, TemplateLoader } from "./template-loader";
import { excerpt, locateFailure } from "./template-mistakes";
import { BlockFound, noBlocks, runtime, StreamedBody, type TemplateFrame, type WantedBlock } from "./template-runtime";
import { findReadPromise, guardData, guardScope } from "./unawaited-data";

/** The content of blocks, by name. */
type Blocks = Record<string, Markup>;

const maxStrings = 500;
/** The most templates inside of one another. One that includes itself without end is found by it. */
const maxLevels = 200;
/** In a plain text nothing is escaped. */
const textRuntime: typeof runtime = { ...runtime, escape: runtime.raw };

/** Renders the templates of an app: Eta's syntax, always escaped. */
export class Templates {
  readonly #loader: TemplateLoader;
  readonly #warn: (message: string) => void;
  readonly #compiled: TemplateCache<CompiledTemplate> = new Map();
  readonly #compiledAsync: TemplateCache<AsyncCompiledTemplate> = new Map();
  readonly #compiledStreaming: TemplateCache<StreamingTemplate> = new Map();
  readonly #strings: TemplateCache<CompiledTemplate> = new Map();

  /** @param options Whether templates are read again, a report of the search, and a function for warnings. */
  constructor(options: LoadingOptions & { readonly warn: (message: string) => void }) {
    this.#loader = new TemplateLoader(options);
    this.#warn = options.warn;
  }

  /** Adds a folder, to be searched after those before it. */
  addFolder(path: string): void {
    this.#loader.addFolder(path);
  }

  /** Adds templates by name, for names that no folder has. */
  addGiven(templates: GivenTemplates): void {
    this.#loader.addGiven(templates);
  }

  /**
   * Compiles the templates that were given, while the runtime allows it. The error of a template with a mistake is
   * thrown when it is rendered.
   */
  prepare(): void {
    for (const [name, { source }] of this.#loader.given) {
      attempt(() => this.#load(name));
      attempt(() => this.#loadAsync(name));
      attempt(() => this.#loadStreaming(name));
      attempt(() => this.#loadString(source));
    }
  }

  /** The folders, in the order in which they are searched. */
  get folders(): readonly string[] {
    return this.#loader.folders;
  }

  /** Lists the names of all templates. */
  list(): string[] {
    return this.#loader.list();
  }

  /**
   * Renders a template, or the first of several that exists.
   *
   * @throws {TemplateNotFound} If no folder has it.
   * @throws {TemplateError} If it is malformed or fails.
   */
  render(name: string | readonly string[], data: object, scope: object): Markup {
    return new Markup(this.#run(this.#load(this.#loader.select(name)), data, scope, noBlocks()));
  }

  /**
   * Renders a template of plain text: nothing is escaped, and line breaks stay as they are written.
   *
   * @throws {TemplateNotFound} If no folder has it.
   * @throws {TemplateError} If it is malformed or fails.
   */
  renderText(name: string, data: object, scope: object): string {
    return this.#run(this.#load(this.#loader.select(name)), data, scope, noBlocks(), undefined, textRuntime);
  }

  /**
   * Renders one block of a template, or of the layout that it chooses.
   *
   * The code before the block runs, the code after it does not.
   *
   * @throws {TemplateNotFound} If no folder has the template.
   * @throws {TemplateError} If the template has no such block, is malformed or fails.
   */
  renderBlock(name: string, block: string, data: object, scope: object): Markup {
    const wanted: WantedBlock = { name: block, seen: new Set(), content: undefined };
    const template = this.#load(this.#loader.select(name));
    try {
      this.#run(template, data, scope, noBlocks(), wanted);
    } catch (error) {
      if (!(error instanceof BlockFound)) {
        throw error;
      }
    }
    // A template may catch the error that ends its rendering.
    if (wanted.content !== undefined) {
      return wanted.content;
    }
    throw new TemplateError(`The template '${template.name}' has no block '${block}'.${didYouMean(block, wanted.seen)}`, template.name, 1);
  }

  /** Renders a template that may await. */
  async renderAsync(name: string | readonly string[], data: object, scope: object): Promise<Markup> {
    return new Markup(await this.#runAsync(this.#loadAsync(this.#loader.select(name)), data, scope, noBlocks()));
  }

  /** Renders the text of a template. */
  renderString(source: string, data: object, scope: object): Markup {
    return new Markup(this.#run(this.#loadString(source), data, scope, noBlocks()));
  }

  /** Renders a template that may await, and gives its text while it does. */
  stream(name: string | readonly string[], data: object, scope: object): AsyncGenerator<string, void> {
    return this.#stream(this.#loadStreaming(this.#loader.select(name)), data, scope, noBlocks());
  }

  /** Renders the text of a template, and gives its text while it does. */
  streamString(source: string, data: object, scope: object): AsyncGenerator<string, void> {
    const run = compileStreamingTemplate(source, "<string>");
    return this.#stream({ name: "<string>", path: "", source, modified: 0, run }, data, scope, noBlocks());
  }

  #run(
    template: LoadedTemplate<CompiledTemplate>,
    data: object,
    scope: object,
    blocks: Blocks,
    wanted?: WantedBlock,
    tools: typeof runtime = runtime,
    level = 0,
  ): string {
    const names = level === 0 ? guardScope(scope) : scope;
    const frame = this.#createFrame(template, data, names, blocks, level, wanted, tools);
    const given = guardData(data);
    const read = given === data && isWatching() ? findReadPromise(template, data) : undefined;
    if (read !== undefined) {
      fail(read.error, template, read.line, data, scope);
    }
    const text = template.run(given, frame, tools);
    if (frame.layout === undefined) {
      return text;
    }
    const layout = this.#findLayout(frame.layout.name, template, (name) => this.#load(name));
    return this.#run(layout, { ...data, ...frame.layout.data, body: new Markup(text) }, names, frame.blocks, wanted, tools, level + 1);
  }

  async #runAsync(
    template: LoadedTemplate<AsyncCompiledTemplate>,
    data: object,
    scope: object,
    blocks: Blocks,
    level = 0,
  ): Promise<string> {
    const frame = this.#createFrame(template, data, scope, blocks, level);
    const text = await template.run(data, frame, runtime);
    if (frame.layout === undefined) {
      return text;
    }
    const layout = this.#findLayout(frame.layout.name, template, (name) => this.#loadAsync(name));
    return this.#runAsync(layout, { ...data, ...frame.layout.data, body: new Markup(text) }, scope, frame.blocks, level + 1);
  }

  /**
   * The first piece tells whether there is a layout. If so, the layout is sent at once, and prints the pieces at the
   * place of its body as they come.
   */
  async *#stream(
    template: LoadedTemplate<StreamingTemplate>,
    data: object,
    scope: object,
    blocks: Blocks,
    level = 0,
  ): AsyncGenerator<string, void> {
    const frame = this.#createFrame(template, data, scope, blocks, level);
    const pieces = template.run(data, frame, runtime);
    const first = await pieces.next();
    frame.isSent = true;
    const body = prepend(first, pieces);
    if (frame.layout === undefined) {
      yield* body;
      return;
    }
    try {
      const layout = this.#findLayout(frame.layout.name, template, (name) => this.#loadStreaming(name));
      yield* this.#stream(layout, { ...data, ...frame.layout.data, body: new StreamedBody(body) }, scope, frame.blocks, level + 1);
    } finally {
      await body.return();
    }
  }

  #findLayout<Loaded>(name: string, template: LoadedTemplate<unknown>, load: (name: string) => Loaded): Loaded {
    try {
      return load(resolveName(name, template.name));
    } catch (error) {
      throw error instanceof TemplateNotFound ? new TemplateNotFound(`${error.message}\nIt is the layout of '${template.name}'.`) : error;
    }
  }

  #createFrame(
    template: LoadedTemplate<unknown>,
    data: object,
    scope: object,
    blocks: Blocks,
    level: number,
    wanted?: WantedBlock,
    tools: typeof runtime = runtime,
  ): TemplateFrame {
    if (isWatching()) {
      warnOfMisspelt(template, data, this.#warn);
    }
    if (level > maxLevels) {
      const { name } = template;
      throw new TemplateError(
        `The template '${name}' includes itself without end, or is its own layout: ${maxLevels} templates are inside of one another.`,
        name,
        1,
      );
    }
    return {
      scope,
      blocks,
      wanted,
      depth: 0,
      layout: undefined,
      isSent: false,
      include: (name, inner) =>
        new Markup(
          this.#run(this.#load(resolveName(name, template.name)), { ...data, ...inner }, scope, noBlocks(), undefined, tools, level + 1),
        ),
      includeAsync: async (name, inner) =>
        new Markup(
          await this.#runAsync(this.#loadAsync(resolveName(name, template.name)), { ...data, ...inner }, scope, noBlocks(), level + 1),
        ),
      fail: (error, line) => fail(error, template, locateFailure(error, template.run, line), data, scope),
    };
  }

  #loadString(source: string): LoadedTemplate<CompiledTemplate> {
    const known = this.#strings.get(source);
    const loaded = known ?? { name: "<string>", path: "", source, modified: 0, run: compileTemplate(source, "<string>") };
    if (known === undefined && this.#strings.size < maxStrings) {
      this.#strings.set(source, loaded);
    }
    return loaded;
  }

  #load(name: string): LoadedTemplate<CompiledTemplate> {
    return this.#loader.load(this.#compiled, name, (source, _, built) => compileBuilt(built).sync(source, name));
  }

  #loadAsync(name: string): LoadedTemplate<AsyncCompiledTemplate> {
    return this.#loader.load(this.#compiledAsync, name, (source, _, built) => compileBuilt(built).async(source, name));
  }

  #loadStreaming(name: string): LoadedTemplate<StreamingTemplate> {
    return this.#loader.load(this.#compiledStreaming, name, (source, _, built) => compileBuilt(built).stream(source, name));
  }
}

async function* prepend(first: IteratorResult<string, void>, rest: AsyncGenerator<string, void>): AsyncGenerator<string, void> {
  try {
    if (first.done !== true) {
      yield first.value;
      yield* rest;
    }
  } finally {
    await rest.return();
  }
}

function fail(error: unknown, template: LoadedTemplate<unknown>, line: number, data: object, scope: object): never {
  // An answer such as abort(404), or an error that has its place already, is thrown unchanged.
  if (error instanceof HTTPException || error instanceof TemplateError || error instanceof BlockFound) {
    throw error;
  }
  silencePromises(data);
  if (error instanceof TemplateNotFound) {
    throw error.message.includes("\nIt is ")
      ? error
      : new TemplateNotFound(`${error.message}\nIt is included by '${template.name}', line ${line}.`);
  }
  const message = error instanceof Error ? error.message : String(error);
  const culprit = findCulprit(message, template.source, line);
  const name = error instanceof FlagonError || !(error instanceof Error) ? "" : `${error.name}: `;
  throw new TemplateError(
    `The template '${template.name}' failed, line ${line}: ${name}${message}${culprit}${findCure(message + culprit, data, scope)}\n\n${excerpt(template.source, line)}`,
    template.name,
    line,
    { cause: error },
  );
}

/** V8 names the property that could not be read, but not its object, which the line of the template shows. */
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

/** Functions of the package that templates do not have. */
const viewFunctions: ReadonlySet<string> = new Set(
  "abort flash hashPassword html isUrlSigned json loginUser logoutUser makeResponse readToken redirect renderTemplate renderTemplateString sendFile signToken verifyPassword".split(
    " ",
  ),
);

/** Names the cure where the data has a value that was written without `it`, a name in scope is spelt alike, or a promise is no list. */
function findCure(message: string, data: object, scope: object): string {
  const name = /^'?([A-Za-z_$][\w$]*)'? is not (?:iterable|a function)|; '([A-Za-z_$][\w$]*)' is undefined/.exec(message);
  const bare = name?.[1] ?? name?.[2] ?? "";
  if (!(bare in scope) && Object.hasOwn(data, bare)) {
    return `. The data has it: write it.${bare}`;
  }
  if (bare.length > 2 && !(bare in scope)) {
    const hint = didYouMean(bare, listNames(scope));
    return hint !== "" ? `.${hint}` : viewFunctions.has(bare) ? `. '${bare}' is for code: call it in the view, and pass its result` : "";
  }
  const [, path = ""] = /^it\.([\w$.]+) is not (?:iterable|a function)/.exec(message) ?? [];
  let value: unknown = data;
  for (const key of path === "" ? [] : path.split(".")) {
    if (isPromise(value)) {
      break;
    }
    value = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  }
  return isPromise(value) ? ". It is a promise: await it in the view, before it renders" : "";
}

/** Lists the names in scope: those of Flagon, and those of the app's filters, globals and context processors. */
function listNames(scope: object): string[] {
  const names = ["block", "capture", "include", "layout"];
  for (let owner: unknown = scope; typeof owner === "object" && owner !== null && owner !== Object.prototype; ) {
    names.push(...Object.getOwnPropertyNames(owner));
    owner = Object.getPrototypeOf(owner);
  }
  return names.filter((name) => name.length > 2 && name !== "constructor");
}

function attempt(compile: () => unknown): void {
  try {
    compile();
  } catch (error) {
    if (!(error instanceof TemplateError)) {
      throw error;
    }
  }
}
