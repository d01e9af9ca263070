import { lazily } from "../base/lazily";

/** A piece of SQL that drizzle has made. */
export interface DrizzleSql {
  /** Sets drizzle's pieces of SQL apart from other objects. */
  readonly queryChunks: readonly unknown[];
}

/** The functions of drizzle that are needed here, by their own types: drizzle's declarations compile with few settings of the compiler. */
export interface DrizzleTools {
  readonly sql: {
    (texts: TemplateStringsArray, ...values: readonly unknown[]): DrizzleSql;
    raw(text: string): DrizzleSql;
  };
  inArray(column: DrizzleSql, values: readonly unknown[]): DrizzleSql;
  notInArray(column: DrizzleSql, values: readonly unknown[]): DrizzleSql;
}

/** drizzle's reader of migrations. */
export interface DrizzleMigrator {
  readMigrationFiles(options: { readonly migrationsFolder: string }): readonly {
    readonly sql: readonly string[];
    readonly folderMillis: number;
    readonly hash: string;
    /** The name of its folder, from version 1 of drizzle on. */
    readonly name?: string;
  }[];
}

/** Loads drizzle when it is used. */
export const loadDrizzle: () => DrizzleTools = lazily((): DrizzleTools => require("drizzle-orm"));
/** Loads drizzle's reader of migrations when it is used. */
export const loadMigrator: () => DrizzleMigrator = lazily((): DrizzleMigrator => require("drizzle-orm/migrator"));
