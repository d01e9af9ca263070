import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire, register } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Flagon } from "../app";
import { LoadError } from "../base/errors";
import { didYouMean } from "../base/suggestion";

const candidates = ["app", "src/app", "index", "src/index"].flatMap((name) =>
  ["ts", "mts", "js", "mjs", "cjs"].map((extension) => `${name}.${extension}`),
);
const names = ["app", "application", "default"];
const factories = ["createApp", "makeApp", "create_app"];

/** A decorator of Flagon, outside of the text of a comment. */
const usesDecorators =
  /(?:^|[;{}\s])(?<!\*\s*)@(?:route|blueprint|beforeRequest|afterRequest|teardownRequest|errorHandler|contextProcessor|template\w+|command|csrfExempt|\w*[lL]oginRequired|requires)\b/m;

/** The error of a folder without an app. The reloader ends then: it has no code to watch. */
export class MissingApp extends LoadError {}

/** Finds the file of the app and the name in it: by `--app`, by `FLAGON_APP`, or by its usual places. */
function findApp(given: string | undefined, folder: string): { readonly file: string; readonly name: string | undefined } {
  // An empty variable is none, as for other programs.
  const wanted = given ?? (process.env.FLAGON_APP || undefined);
  if (wanted === undefined) {
    return { file: findInFolder(folder), name: undefined };
  }
  const [, path = wanted, name] = /^(.+?)(?::([A-Za-z_$][\w$]*))?$/.exec(wanted) ?? [];
  const file = ["", ".ts", ".mts", ".js", ".mjs"]
    .map((extension) => resolve(folder, path + extension))
    .find((candidate) => existsSync(candidate) && /\.\w+$/.test(candidate));
  if (file === undefined && statSync(resolve(folder, path), { throwIfNoEntry: false })?.isDirectory() === true) {
    return { file: findInFolder(resolve(folder, path)), name };
  }
  if (file === undefined) {
    throw new MissingApp(`There is no file '${path}' of an app, looked for from '${folder}'.${suggestFile(resolve(folder, path))}`);
  }
  return { file, name };
}

/**
 * Finds the file of an app in its usual places below a folder.
 *
 * @throws {MissingApp} If there is none.
 */
function findInFolder(folder: string): string {
  const found = candidates.map((candidate) => join(folder, candidate)).find((candidate) => existsSync(candidate));
  if (found === undefined) {
    throw new MissingApp(
      `There is no app in '${folder}': looked for ${candidates.slice(0, 2).join(", ")}, src/app.ts and the like. Say where it is: npx flagon --app path/to/app.ts`,
    );
  }
  return found;
}

/** Suggests a file of the same folder with a name that is spelt alike. */
function suggestFile(path: string): string {
  try {
    const sources = readdirSync(dirname(path)).filter((name) => /\.[cm]?[jt]s$/.test(name) && !/\.d\.[cm]?ts$/.test(name));
    return didYouMean(basename(path), [...sources, ...sources.map((name) => name.replace(/\.\w+$/, ""))]);
  } catch {
    return "";
  }
}

/**
 * Loads an app from its file: an instance, or a factory that makes one.
 *
 * @throws {LoadError} If the file holds no app, or several and no name was given.
 */
export async function loadApp(given: string | undefined, folder: string): Promise<Flagon> {
  const { file, name } = findApp(given, folder);
  const exported = await loadModule(file);
  const value = name === undefined ? pick(exported, file) : exported[name];
  refuseForeign(value, file);
  const app: unknown = typeof value === "function" && !isApp(value) ? await Reflect.apply(value, undefined, []) : value;
  if (!isApp(app)) {
    throw new LoadError(
      name === undefined
        ? `'${basename(file)}' exports no Flagon app. Export it: export default app; or a factory: export function createApp() {…}`
        : `'${name}' in '${basename(file)}' is neither a Flagon app nor a function that returns one.${didYouMean(name, namesOf(exported))}`,
    );
  }
  return app;
}

/**
 * Refuses functions that are no factories of an app.
 *
 * @throws {LoadError} If the value is an app of Express, or a class.
 */
function refuseForeign(value: unknown, file: string): void {
  if (typeof value !== "function" || isApp(value)) {
    return;
  }
  if ("handle" in value && "listen" in value) {
    throw new LoadError(
      `'${basename(file)}' exports an app of Express, and no Flagon app. Mount it: app.mount("/legacy", expressApp), and export the Flagon app.`,
    );
  }
  if (/^class\b/.test(Function.prototype.toString.call(value))) {
    throw new LoadError(
      `'${basename(file)}' exports the class '${value.name}', and no Flagon app. Export the app: const app = new Flagon(__dirname); app.register(${value.name}); export default app;`,
    );
  }
}

/** Returns the names of a module's apps and functions. */
function namesOf(exported: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(exported).filter((name) => isApp(exported[name]) || typeof exported[name] === "function");
}

function pick(exported: Readonly<Record<string, unknown>>, file: string): unknown {
  // The export of a CommonJS module can itself be the app, or the factory.
  if (isApp(exported) || typeof exported === "function") {
    return exported;
  }
  const inner = exported.default;
  const all: Readonly<Record<string, unknown>> =
    typeof inner === "object" && inner !== null && !isApp(inner) ? { ...exported, ...inner } : exported;
  const usual = names.map((name) => all[name]).find(isApp);
  if (usual !== undefined) {
    return usual;
  }
  const apps = Object.entries(all).filter(([, value]) => isApp(value));
  if (new Set(apps.map(([, value]) => value)).size > 1) {
    throw new LoadError(
      `'${basename(file)}' exports several apps: ${apps.map(([name]) => name).join(", ")}. Say which: flagon --app ${basename(file)}:${apps[0]?.[0]}`,
    );
  }
  return apps[0]?.[1] ?? [...factories, "default"].map((name) => all[name]).find((value) => typeof value === "function");
}

/** An app that another copy of the package made is accepted: only two members are checked. */
function isApp(value: unknown): value is Flagon {
  return value instanceof Flagon || (typeof value === "object" && value !== null && "registry" in value && "testClient" in value);
}

async function loadModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  const require = createRequire(file);
  const isModule = isEsModule(file);
  const isLoadedByNode = /\.[cm]?ts$/.test(file) && !registerTypeScript(file, isModule, require);
  try {
    return await (isModule ? import(pathToFileURL(file).href) : require(file));
  } catch (error) {
    if (isLoadedByNode && isSyntaxError(error)) {
      throw new LoadError(
        `Node cannot load '${basename(file)}' by itself: it takes TypeScript without decorators, enums and parameter properties. Install a loader that compiles them: npm install --save-dev ts-node typescript`,
        { cause: error },
      );
    }
    if (error instanceof SyntaxError && /\.[cm]?js$/.test(file) && usesDecorators.test(readFileSync(file, "utf8"))) {
      throw new LoadError(
        `Node cannot load '${basename(file)}': JavaScript takes no decorators. Name the file '${basename(file).replace(/js$/, "ts")}' and install a loader, npm install --save-dev ts-node typescript, or add routes by functions: app.get("/", () => "Hello").`,
        { cause: error },
      );
    }
    if (error instanceof Error && "code" in error && error.code === "ERR_REQUIRE_ESM") {
      return import(pathToFileURL(file).href);
    }
    throw error;
  }
}

/** Tells whether a file is an ES module: by its name, or by `"type": "module"` in the nearest package.json. */
function isEsModule(file: string): boolean {
  if (/\.[mc][jt]s$/.test(file)) {
    return /\.m[jt]s$/.test(file);
  }
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const path = join(folder, "package.json");
    if (existsSync(path)) {
      const manifest: unknown = JSON.parse(readFileSync(path, "utf8"));
      return typeof manifest === "object" && manifest !== null && "type" in manifest && manifest.type === "module";
    }
    if (folder === dirname(folder)) {
      return false;
    }
  }
}

/** Tells whether Node has refused the syntax of TypeScript, or a decorator. */
function isSyntaxError(error: unknown): boolean {
  return error instanceof SyntaxError || (error instanceof Error && "code" in error && /TYPESCRIPT_SYNTAX$/.test(String(error.code)));
}

/**
 * Lets Node load TypeScript by the loader that the app has installed: tsx, or else ts-node.
 *
 * @returns `true` if a loader compiles it; `false` if Node strips the types, from 22.18 on.
 */
function registerTypeScript(file: string, isModule: boolean, require: NodeJS.Require): boolean {
  const isNative = Reflect.has(globalThis, "Bun") || Reflect.has(globalThis, "Deno");
  if (isNative || (!isModule && require.extensions[".ts"] !== undefined)) {
    return true;
  }
  // ES modules need hooks of Node, which ts-node does not register itself.
  const loaders = isModule ? ["tsx", "ts-node/esm/transpile-only"] : ["tsx/cjs", "ts-node/register/transpile-only"];
  for (const loader of loaders) {
    try {
      require.resolve(loader);
    } catch {
      continue;
    }
    if (loader.startsWith("ts-node/esm")) {
      register(loader, pathToFileURL(file));
    } else {
      require(loader);
    }
    return true;
  }
  if (Reflect.get(process.features, "typescript")) {
    return false;
  }
  throw new LoadError(
    `'${basename(file)}' is TypeScript, and neither tsx nor ts-node is there to load it: npm install --save-dev ts-node typescript`,
  );
}
