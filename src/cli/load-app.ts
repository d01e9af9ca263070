import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Flagon } from "../app";
import { LoadError } from "../base/errors";

const candidates = ["app", "src/app", "index", "src/index"].flatMap((name) =>
  ["ts", "mts", "js", "mjs", "cjs"].map((extension) => `${name}.${extension}`),
);
const names = ["app", "application", "default"];
const factories = ["createApp", "makeApp", "create_app"];

/** Finds the file of the app and the name in it: by `--app`, by `FLAGON_APP`, or by its usual places. */
function findApp(given: string | undefined, folder: string): { readonly file: string; readonly name: string | undefined } {
  const wanted = given ?? process.env.FLAGON_APP;
  if (wanted === undefined) {
    const found = candidates.map((candidate) => join(folder, candidate)).find((candidate) => existsSync(candidate));
    if (found === undefined) {
      throw new LoadError(
        `There is no app in '${folder}': looked for ${candidates.slice(0, 2).join(", ")}, src/app.ts and the like. Say where it is: flagon --app path/to/app.ts`,
      );
    }
    return { file: found, name: undefined };
  }
  const [, path = wanted, name] = /^(.+?)(?::([A-Za-z_$][\w$]*))?$/.exec(wanted) ?? [];
  const file = ["", ".ts", ".mts", ".js", ".mjs"]
    .map((extension) => resolve(folder, path + extension))
    .find((candidate) => existsSync(candidate) && /\.\w+$/.test(candidate));
  if (file === undefined) {
    throw new LoadError(`There is no file '${path}' of an app, looked for from '${folder}'.`);
  }
  return { file, name };
}

/**
 * Loads an app from its file: an instance, or a factory that makes one.
 *
 * @throws {LoadError} If the file holds none, or several and no name says which.
 */
export async function loadApp(given: string | undefined, folder: string): Promise<Flagon> {
  const { file, name } = findApp(given, folder);
  const exported = await loadModule(file);
  const value = name === undefined ? pick(exported, file) : exported[name];
  const app: unknown = typeof value === "function" && !isApp(value) ? await Reflect.apply(value, undefined, []) : value;
  if (!isApp(app)) {
    throw new LoadError(
      name === undefined
        ? `'${basename(file)}' exports no Flagon app. Export it: export default app; or a factory: export function createApp() {…}`
        : `'${name}' in '${basename(file)}' is no Flagon app, nor does it make one.`,
    );
  }
  return app;
}

function pick(exported: Readonly<Record<string, unknown>>, file: string): unknown {
  // What CommonJS exports may itself be the app, or the factory.
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

/** An app of another copy of the package is one as well, as far as that goes. */
function isApp(value: unknown): value is Flagon {
  return value instanceof Flagon || (typeof value === "object" && value !== null && "registry" in value && "testClient" in value);
}

async function loadModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  const require = createRequire(file);
  if (/\.[cm]?ts$/.test(file)) {
    registerTypeScript(file, require);
  }
  if (file.endsWith(".mjs") || file.endsWith(".mts")) {
    return import(pathToFileURL(file).href);
  }
  try {
    return require(file);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_REQUIRE_ESM") {
      return import(pathToFileURL(file).href);
    }
    throw error;
  }
}

/** Lets Node load TypeScript, by what is installed beside the app. */
function registerTypeScript(file: string, require: NodeJS.Require): void {
  if (require.extensions[".ts"] !== undefined) {
    return;
  }
  const registers = file.endsWith(".mts") ? ["tsx"] : ["tsx/cjs", "ts-node/register/transpile-only"];
  for (const register of registers) {
    try {
      require.resolve(register);
    } catch {
      continue;
    }
    require(register);
    return;
  }
  throw new LoadError(
    `'${basename(file)}' is TypeScript, and neither tsx nor ts-node is there to load it: npm install --save-dev ts-node typescript`,
  );
}
