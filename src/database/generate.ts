import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { DatabaseError, UsageError } from "../base/errors";
import type { Engine } from "./engine";
import { type Casing, findSchemaFile } from "./tables";

/** Statements that lose data, or copy a table to another one and drop it. */
const destructive = /^\s*(?:DROP\s+(?:TABLE|VIEW|SCHEMA|TYPE)|ALTER\s+TABLE[\s\S]*\bDROP\b|DELETE\s|TRUNCATE\s|UPDATE\s)/i;

/** The parts of a project that drizzle-kit needs. */
export interface GenerateParts {
  /** The app's root. */
  readonly root: string;
  /** The folder of the migrations. */
  readonly folder: string;
  readonly kind: Engine["kind"];
  /** The casing of the app's drizzle; see `findCasing()`. */
  readonly casing: Casing | null | undefined;
  /** The file of the tables, if the app names one. */
  readonly schemaFile: string | undefined;
  /** The name of the migration. Default: drizzle-kit makes one. */
  readonly name: string | undefined;
}

/**
 * Writes a migration by drizzle-kit, with the casing of the app: its queries and its migrations name the same columns.
 *
 * @returns The words of drizzle-kit, and the statements that lose data.
 * @throws {DatabaseError} If drizzle-kit is missing, fails, or would have to ask.
 */
export async function generate(parts: GenerateParts): Promise<string> {
  const { folder, name, root } = parts;
  const before = new Set(listFiles(folder));
  const kit = findKit(root);
  const config = findConfig(root);
  const given = ["generate", ...(name === undefined ? [] : ["--name", name])];
  const { code, output } =
    config === undefined
      ? await run(kit, [...given, ...toArguments(parts)], root)
      : await withCasing(config, parts, (file) => run(kit, [...given, "--config", file], root));
  const made = listFiles(folder).filter((file) => !before.has(file));
  if (/Interactive prompts require a TTY/.test(output)) {
    throw new DatabaseError(
      "A column or a table may have been renamed, or dropped and added: drizzle-kit asks which, and there is no terminal to answer. Run npx flagon db generate in a terminal. No migration was written.",
    );
  }
  if (made.length === 0 && /\bmalformed\b/i.test(output)) {
    throw new DatabaseError(
      `drizzle-kit cannot read the migrations that are there. No migration was written. Those of another kind of database belong into another folder: new Database(…, { migrations: "migrations-postgres" }).\n${output.trim()}`,
    );
  }
  if (code !== 0 || (made.length === 0 && /error/i.test(output))) {
    throw new DatabaseError(`drizzle-kit failed. No migration was written.\n${output}`.trim());
  }
  const warnings = made.flatMap((file) =>
    readFileSync(join(folder, file), "utf8")
      .split("--> statement-breakpoint")
      .filter((statement) => destructive.test(statement))
      .map((statement) => `  ${file}: ${statement.trim().split("\n", 1)[0]}`),
  );
  const said = output.trim();
  return warnings.length === 0
    ? said
    : `${said}\nThese statements lose or move data. Read them before you apply them:\n${warnings.join("\n")}`.trim();
}

function listFiles(folder: string): readonly string[] {
  return existsSync(folder)
    ? readdirSync(folder, { recursive: true })
        .map(String)
        .filter((file) => file.endsWith(".sql"))
    : [];
}

/** The file of drizzle-kit's settings. It finds the first three by itself, and all of them by name. */
function findConfig(root: string): string | undefined {
  return ["ts", "js", "json", "mts", "mjs", "cts", "cjs"]
    .map((end) => `drizzle.config.${end}`)
    .find((file) => existsSync(join(root, file)));
}

function toArguments({ casing, folder, kind, root, schemaFile }: GenerateParts): readonly string[] {
  const found = findSchemaFile(root, schemaFile);
  if (found === undefined) {
    throw new UsageError(
      'The file of the tables was not found. Name it, new Database(…, { schemaFile: "src/tables.ts" }), or write a drizzle.config.ts.',
    );
  }
  return [
    ...["--dialect", kind === "postgres" ? "postgresql" : "sqlite", "--schema", `./${found}`],
    // drizzle-kit takes the folder relative to the working directory.
    ...["--out", `./${relative(root, folder)}`],
    ...(casing === null || casing === undefined ? [] : ["--casing", casing]),
  ];
}

/** Runs drizzle-kit with a file of settings whose casing is that of the app. drizzle-kit takes no option beside such a file. */
async function withCasing<Result>(
  config: string,
  { casing, root }: GenerateParts,
  work: (file: string) => Promise<Result>,
): Promise<Result> {
  const path = join(root, config);
  if (casing === undefined || (casing === null && !readFileSync(path, "utf8").includes("casing"))) {
    return work(`./${config}`);
  }
  const folder = mkdtempSync(join(tmpdir(), "flagon-"));
  const file = join(folder, "drizzle.config.cjs");
  try {
    writeFileSync(file, formatConfig(path, config, casing));
    return await work(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes a module with the settings of another file, and with a casing. It says if that file has a different one. */
function formatConfig(path: string, name: string, casing: Casing | null): string {
  const own = casing === null ? "no casing" : `casing: "${casing}"`;
  const cure = casing === null ? `Remove it from ${name}, or write it into drizzle() as well.` : `Write ${own} into ${name} as well.`;
  return `const found = require(${JSON.stringify(path)});
const { casing, ...config } = found.default ?? found;
const given = casing ?? null;
if (given !== ${JSON.stringify(casing)}) {
  const theirs = given === null ? "no casing" : "casing: " + JSON.stringify(given);
  console.log(${JSON.stringify(`${name} has `)} + theirs + ${JSON.stringify(` and drizzle() of the app has ${own}: the migration takes that of the app, whose queries use it. ${cure}`)});
}
module.exports = { ...config${casing === null ? "" : `, casing: ${JSON.stringify(casing)}`} };
`;
}

function findKit(root: string): string {
  try {
    return join(dirname(createRequire(join(root, "package.json")).resolve("drizzle-kit")), "bin.cjs");
  } catch (cause) {
    throw new DatabaseError("Migrations are generated by drizzle-kit. Install it: npm install --save-dev drizzle-kit", { cause });
  }
}

/** The exit of drizzle-kit. Its output is empty if it went to a terminal. */
interface KitResult {
  readonly code: number | null;
  readonly output: string;
}

/** Runs drizzle-kit with the terminal's own streams, since it asks whether a column was renamed; without a terminal its output is gathered. */
function run(bin: string, args: readonly string[], root: string): Promise<KitResult> {
  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...args], { cwd: root, stdio: isTerminal ? "inherit" : ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (text: Buffer) => {
        output += String(text);
      });
    }
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
}
