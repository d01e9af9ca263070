import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import type { Flagon } from "../app";
import { DatabaseError, UsageError } from "../base/errors";
import type { Engine } from "./engine";
import type { Migrations } from "./migrations";
import { reach } from "./reach";

/** Statements that lose data, or copy a table to another one and drop it. */
const destructive = /^\s*(?:DROP\s+(?:TABLE|VIEW|SCHEMA|TYPE)|ALTER\s+TABLE[\s\S]*\bDROP\b|DELETE\s|TRUNCATE\s|UPDATE\s)/i;

/** The parts of a database's options that its commands need. */
interface CommandParts {
  readonly schemaFile: string | undefined;
  readonly seed: (() => Promise<unknown>) | undefined;
}

/** Adds `flagon db …` to an app. */
export function addDatabaseCommands(app: Flagon, engine: Engine, migrations: Migrations, { schemaFile, seed: fill }: CommandParts): void {
  const guard = async (named: string | undefined, verb: string): Promise<void> => {
    await reach(engine);
    const { isLocal, name } = await engine.describe();
    if ((process.env.NODE_ENV === "production" || !isLocal) && named !== name) {
      throw new UsageError(
        `This would ${verb} the database '${name}', which ${isLocal ? "is in production" : "is on another machine"}. If that is meant, name it: --database ${name}`,
      );
    }
  };
  const seed = async (): Promise<void> => {
    if (fill === undefined) {
      throw new UsageError(
        "There are no first rows. Give the database a function for them: new Database(…, { seed: async (db) => { … } }).",
      );
    }
    await fill();
  };
  const migrate = async (): Promise<string> => {
    const applied = await migrations.migrate();
    return applied.length === 0 ? "All migrations are applied." : applied.map((tag) => `Applied ${tag}.`).join("\n");
  };

  app.command("db generate", ({ name }) => generate(app.root, migrations.folder, engine.kind, schemaFile, toText(name)), {
    description: "Writes a migration for what has changed in the tables, by drizzle-kit.",
    options: { name: "string" },
  });
  app.command("db migrate", migrate, { description: "Applies the migrations that are pending." });
  app.command(
    "db check",
    async () => {
      const { problem } = await migrations.inspect();
      if (problem !== null) {
        throw new DatabaseError(problem);
      }
      return "All migrations are applied.";
    },
    { description: "Compares the migrations with the database." },
  );
  app.command(
    "db seed",
    async ({ database: named }) => {
      await guard(toText(named), "fill");
      await seed();
      return "Filled.";
    },
    { description: "Fills the database with its first rows.", options: { database: "string" } },
  );
  app.command(
    "db reset",
    async ({ database: named }) => {
      await guard(toText(named), "empty");
      // A folder that cannot be read is an error before anything is lost.
      await engine.clear(migrations.listSchemas());
      const said = await migrate();
      if (fill !== undefined) {
        await seed();
      }
      return `Emptied.\n${said}`;
    },
    { description: "Drops all tables, applies all migrations and fills the database.", options: { database: "string" } },
  );
}

async function generate(
  root: string,
  folder: string,
  kind: Engine["kind"],
  schemaFile: string | undefined,
  name: string | undefined,
): Promise<string> {
  const before = new Set(listFiles(folder));
  const args = ["generate", ...(name === undefined ? [] : ["--name", name])];
  if (!["ts", "js", "mjs", "json"].some((extension) => existsSync(join(root, `drizzle.config.${extension}`)))) {
    args.push("--dialect", kind === "postgres" ? "postgresql" : "sqlite", "--schema", findSchema(root, schemaFile));
    // drizzle-kit takes the folder relative to the working directory.
    args.push("--out", `./${relative(root, folder)}`);
  }
  const { code, output } = await run(findKit(root), args, root);
  const made = listFiles(folder).filter((file) => !before.has(file));
  if (/Interactive prompts require a TTY/.test(output)) {
    throw new DatabaseError(
      "A column or a table may have been renamed, or dropped and added: drizzle-kit asks which, and there is no terminal to answer. Run npx flagon db generate in a terminal. No migration was written.",
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

function findSchema(root: string, given: string | undefined): string {
  const found = (given === undefined ? ["schema.ts", "src/schema.ts", "db/schema.ts"] : [given]).find((file) =>
    existsSync(join(root, file)),
  );
  if (found === undefined) {
    throw new UsageError(
      'The file of the tables was not found. Name it, new Database(…, { schemaFile: "src/tables.ts" }), or write a drizzle.config.ts.',
    );
  }
  return `./${found}`;
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

function toText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
