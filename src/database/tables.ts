import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** The spelling that drizzle gives to columns without a name of their own. */
export type Casing = "snake_case" | "camelCase";

/** A table of the app, with the names that its queries use. */
export interface AppTable {
  /** The schema of Postgres, if the table names one. */
  readonly schema: string | undefined;
  readonly name: string;
  readonly columns: readonly string[];
}

/** A column of a table in the database. */
export interface StoredColumn {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  /** Whether a query finds the table without the name of its schema. */
  readonly isVisible: boolean;
}

/** The members of drizzle's tables: their symbols are the same in all versions and copies. */
const isTable = Symbol.for("drizzle:IsDrizzleTable");
const nameOfTable = Symbol.for("drizzle:OriginalName");
const schemaOfTable = Symbol.for("drizzle:Schema");
const columnsOfTable = Symbol.for("drizzle:Columns");

/**
 * Finds the option `casing` that an app gave to `drizzle()`.
 *
 * @returns The casing, `null` without one, or `undefined` if this version of drizzle has no such option: from version 1 on, tables have it.
 */
export function findCasing(drizzle: object): Casing | null | undefined {
  const cache: unknown = Reflect.get(Object(Reflect.get(drizzle, "dialect")), "casing");
  const convert: unknown = Reflect.get(Object(cache), "convert");
  if (typeof convert !== "function") {
    return undefined;
  }
  // drizzle keeps the function of the option, and not its name.
  return Reflect.apply(convert, cache, ["oneName"]) === "one_name"
    ? "snake_case"
    : Reflect.apply(convert, cache, ["one_name"]) === "oneName"
      ? "camelCase"
      : null;
}

/** Finds the file of the tables: the one that is given, or else one of the usual names. */
export function findSchemaFile(root: string, given: string | undefined): string | undefined {
  return (given === undefined ? ["schema.ts", "src/schema.ts", "db/schema.ts"] : [given]).find((file) => existsSync(join(root, file)));
}

/**
 * Lists the tables of an app: those that `drizzle()` was given, or else those of the file of the tables. Without both there are none.
 *
 * @param drizzle The database of drizzle.
 * @param root The app's root.
 * @param schemaFile The file of the tables, if the app names one.
 */
export async function listAppTables(drizzle: object, root: string, schemaFile: string | undefined): Promise<readonly AppTable[]> {
  const { fullSchema, relations }: { fullSchema?: unknown; relations?: unknown } = Object(Reflect.get(drizzle, "_"));
  const given = [...valuesOf(fullSchema), ...valuesOf(relations).map((relation) => Reflect.get(Object(relation), "table"))];
  const tables = given.length > 0 ? given : valuesOf(await loadTables(root, schemaFile));
  return [...new Set(tables)].flatMap((table) =>
    typeof table === "object" && table !== null && isTable in table ? [toTable(drizzle, table)] : [],
  );
}

/**
 * Describes the columns that queries of the app name and that the database does not have.
 *
 * @param ignoresCase Whether the database compares names without their case.
 * @returns A sentence for each column, such as `"The table 'users' has no column 'password_hash'; it has 'passwordHash'."`
 */
export function describeMissing(tables: readonly AppTable[], stored: readonly StoredColumn[], ignoresCase: boolean): readonly string[] {
  const fold = (name: string): string => (ignoresCase ? name.toLowerCase() : name);
  return tables.flatMap(({ columns, name, schema }) => {
    const found = stored
      .filter((one) => fold(one.table) === fold(name) && (schema === undefined ? one.isVisible : one.schema === schema))
      .map(({ column }) => column);
    const label = schema === undefined ? name : `${schema}.${name}`;
    if (found.length === 0) {
      return [`There is no table '${label}'.`];
    }
    const known = new Set(found.map(fold));
    return columns
      .filter((column) => !known.has(fold(column)))
      .map((column) => {
        const similar = found.find((one) => letters(one) === letters(column));
        return `The table '${label}' has no column '${column}'${similar === undefined ? "" : `; it has '${similar}'`}.`;
      });
  });
}

/** Leaves the casing out of a name. */
function letters(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}

function toTable(drizzle: object, table: object): AppTable {
  const schema: unknown = Reflect.get(table, schemaOfTable);
  return {
    schema: typeof schema === "string" ? schema : undefined,
    name: String(Reflect.get(table, nameOfTable)),
    columns: valuesOf(Reflect.get(table, columnsOfTable)).map((column) => nameOf(drizzle, Object(column))),
  };
}

/** Returns the name of a column in queries. */
function nameOf(drizzle: object, column: object): string {
  const cache: unknown = Reflect.get(Object(Reflect.get(drizzle, "dialect")), "casing");
  const convert: unknown = Reflect.get(Object(cache), "getColumnCasing");
  return String(typeof convert === "function" ? Reflect.apply(convert, cache, [column]) : Reflect.get(column, "name"));
}

/** Loads the file of the tables, which the app has usually loaded already. A file that cannot be loaded here has no tables. */
async function loadTables(root: string, schemaFile: string | undefined): Promise<unknown> {
  const name = findSchemaFile(root, schemaFile);
  if (name === undefined) {
    return undefined;
  }
  const file = join(root, name);
  try {
    return createRequire(file)(file);
  } catch {
    return import(pathToFileURL(file).href).catch(() => undefined);
  }
}

function valuesOf(value: unknown): readonly unknown[] {
  return typeof value === "object" && value !== null ? Object.values(value) : [];
}
