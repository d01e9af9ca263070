import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The messages of SQLite and of Postgres about a table or a column that does not exist, each with its name. */
const missing = [
  /\bno such table: (?:\w+\.)?(\S+)/,
  /\bno such column: (?:"?[^".\s]+"?\.)?"?([^".\s]+)"?/,
  /\bhas no column named (\S+)/,
  /\bcolumn "([^"]+)" of relation "[^"]+" does not exist/,
  /\brelation "(?:[^"]*\.)?([^".]+)" does not exist/,
  /\bcolumn (?:[^\s".]+\.|"[^"]+"\.)?"?([^"\s]+)"? does not exist/,
];

/**
 * Returns the advice for an error about a table or a column that does not exist: to apply the migrations, or to write one first.
 *
 * @param reason The message of the database.
 * @param folder The folder of the migrations.
 * @returns The advice, or `undefined` for any other error.
 */
export function adviseMissing(reason: string, folder: string): string | undefined {
  const name = missing.map((pattern) => pattern.exec(reason)?.[1]).find((found) => found !== undefined);
  if (name === undefined) {
    return undefined;
  }
  return readMigrations(folder).includes(name)
    ? `A migration speaks of '${name}': apply what is pending by npx flagon db migrate. If nothing is, npx flagon db check compares the tables.`
    : `No migration speaks of '${name}': write one by npx flagon db generate, and apply it by npx flagon db migrate.`;
}

function readMigrations(folder: string): string {
  try {
    const files = existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String) : [];
    return files
      .filter((file) => file.endsWith(".sql"))
      .map((file) => readFileSync(join(folder, file), "utf8"))
      .join("\n");
  } catch {
    return "";
  }
}
