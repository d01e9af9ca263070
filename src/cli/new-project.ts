import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { UsageError } from "../base/errors";

/** The kinds of projects. */
export const kinds = ["minimal", "site", "api", "app"] as const;
/** The module systems of a project. */
export const moduleSystems = ["commonjs", "esm"] as const;
/** The tools that load TypeScript in development. */
export const loaders = ["ts-node", "tsx"] as const;

/** The choices for a new project. */
export interface ProjectChoices {
  /** The first content: a page and a JSON view, a site with a form, a JSON API, or accounts with a database, mails and jobs. */
  readonly kind: (typeof kinds)[number];
  /** The module system. */
  readonly module: (typeof moduleSystems)[number];
  /** The tool that loads TypeScript. */
  readonly loader: (typeof loaders)[number];
  /** The range of Flagon's version in package.json. */
  readonly version: string;
}

/** The folder of the project's templates, next to the compiled command line. */
const starter = join(__dirname, "../starter");
/** The files of all kinds, whose names would have an effect inside the package, with their names in a project. */
const shared: Readonly<Record<string, string>> = {
  "README.md": "README.md",
  Dockerfile: "Dockerfile",
  "ci.yml": ".github/workflows/ci.yml",
  dockerignore: ".dockerignore",
  editorconfig: ".editorconfig",
  "editor-extensions.json": ".vscode/extensions.json",
  "editor-launch.json": ".vscode/launch.json",
  "editor-settings.json": ".vscode/settings.json",
  "env.example": ".env.example",
  gitignore: ".gitignore",
  "lint.json": "biome.json",
  "tsconfig.build.json": "tsconfig.build.json",
  "tsconfig.json": "tsconfig.json",
  "vitest.config.mts": "vitest.config.mts",
};
/** Files that an empty repository or a file manager leaves in a folder. */
const harmless: ReadonlySet<string> = new Set([".git", ".DS_Store"]);

/**
 * Writes a project that runs, tests, lints, builds and type-checks.
 *
 * @returns The names of the files.
 * @throws {UsageError} If the folder has files already, is no folder, or cannot be written.
 */
export function createProject(folder: string, choices: ProjectChoices): string[] {
  try {
    if (existsSync(folder) && !statSync(folder).isDirectory()) {
      throw new UsageError(`'${folder}' is a file. Choose another name for the project's folder.`);
    }
    if (existsSync(folder) && readdirSync(folder).some((name) => !harmless.has(name))) {
      throw new UsageError(`The folder '${folder}' is not empty. Choose another one.`);
    }
    const files = listFiles(toPackageName(basename(folder)), choices);
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    return Object.keys(files);
  } catch (error) {
    if (error instanceof Error && "syscall" in error) {
      throw new UsageError(`The project cannot be written to '${folder}': ${error.message}`, { cause: error });
    }
    throw error;
  }
}

function listFiles(name: string, choices: ProjectChoices): Record<string, string> {
  const own = join(starter, choices.kind);
  const read = (file: string): string => readFileSync(join(own, file), "utf8");
  const fill = (text: string): string =>
    text
      .replaceAll("{{name}}", name)
      .replace("{{about}}", () => read("about.md").trim())
      .replace("{{files}}", () => read("files.md").trim());
  const files: Record<string, string> = { "package.json": `${JSON.stringify(describePackage(name, choices), null, 2)}\n` };
  for (const [file, target] of Object.entries(shared)) {
    files[target] = fill(readFileSync(join(starter, "shared", file), "utf8"));
  }
  for (const file of listOwn(own)) {
    const text = read(file);
    files[file.replaceAll("\\", "/")] = choices.module === "esm" && file.endsWith(".ts") ? toEsModule(text) : text;
  }
  if (choices.kind === "app") {
    files[".env.example"] += `\n${read("settings.md")}`;
    // It looks as the site does.
    for (const file of listOwn(join(starter, "site/static"))) {
      files[`static/${file}`] = readFileSync(join(starter, "site/static", file), "utf8");
    }
  }
  return files;
}

function listOwn(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return files.filter((file) => statSync(join(folder, file)).isFile() && !file.endsWith(".md"));
}

function describePackage(name: string, { kind, loader, module, version }: ProjectChoices): object {
  const typescript = loader === "tsx" ? { tsx: "^4.20.0" } : { "ts-node": "^10.9.2" };
  return {
    name,
    private: true,
    type: module === "esm" ? "module" : "commonjs",
    engines: { node: ">=20.20" },
    scripts: {
      dev: "flagon run",
      check: "tsc --noEmit",
      lint: "biome check --error-on-warnings",
      test: "vitest run",
      build: `node -e "fs.rmSync('dist',{recursive:true,force:true})" && tsc -p tsconfig.build.json`,
      start: "flagon serve --app dist/app.js",
    },
    dependencies: {
      ...(kind === "app" ? { "@libsql/client": "^0.18.0", croner: "^11.0.0", "drizzle-orm": "^0.45.0" } : {}),
      flagon: version,
      ...(kind === "app" ? { nodemailer: "^10.6.0" } : {}),
      zod: "^4.0.0",
    },
    devDependencies: {
      "@biomejs/biome": "~2.5.15",
      "@types/node": "^20.0.0",
      ...(kind === "app" ? { "drizzle-kit": "^0.31.0" } : {}),
      ...typescript,
      typescript: "~6.0.0",
      vitest: "^4.0.0",
    },
  };
}

/** Turns a template, which is CommonJS, into an ES module: file names have endings, and the folder is a property of the module. */
function toEsModule(text: string): string {
  return text.replaceAll("__dirname", "import.meta.dirname").replace(/(from "\.{1,2}\/[^"]+)"/g, '$1.js"');
}

/** Makes a name that npm takes. It is not the name of a dependency, which npm would refuse to install. */
function toPackageName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replace(/[^a-z\d]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 100);
  return name === ""
    ? "app"
    : [
          "croner",
          "drizzle-kit",
          "drizzle-orm",
          "flagon",
          "node-modules",
          "nodemailer",
          "tsx",
          "ts-node",
          "typescript",
          "vitest",
          "zod",
        ].includes(name)
      ? `${name}-app`
      : name;
}
