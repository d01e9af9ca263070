import type { Flagon } from "../app";
import { DatabaseError, UsageError } from "../base/errors";
import type { Engine } from "./engine";
import { type GenerateParts, generate } from "./generate";
import type { Migrations } from "./migrations";
import { reach } from "./reach";

/** The parts of a database's options that its commands need. */
interface CommandParts extends Pick<GenerateParts, "casing" | "schemaFile"> {
  readonly seed: (() => Promise<unknown>) | undefined;
}

/** Adds `flagon db …` to an app. */
export function addDatabaseCommands(
  app: Flagon,
  engine: Engine,
  migrations: Migrations,
  { casing, schemaFile, seed: fill }: CommandParts,
): void {
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

  app.command(
    "db generate",
    ({ name }) => generate({ root: app.root, folder: migrations.folder, kind: engine.kind, casing, schemaFile, name: toText(name) }),
    {
      description: "Writes a migration for what has changed in the tables, by drizzle-kit.",
      options: { name: "string" },
    },
  );
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

function toText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
