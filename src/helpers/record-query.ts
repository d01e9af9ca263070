import { signals } from "../base/signals";
import { findAppContext } from "../dispatch/context";

/** A query to a database, with its time. */
export interface QueryDetails {
  /** The values of its placeholders. */
  readonly parameters?: readonly unknown[];
  /** The time that it took, in milliseconds. */
  readonly duration?: number;
}

/**
 * Tells whoever watches that a query to a database was run: the toolbar of the development server, or a subscriber of the
 * channel `flagon:query`. It costs nothing while nobody does.
 *
 * @param sql The query.
 * @param details Its parameters, and how long it took.
 *
 * @example
 * ```ts
 * drizzle(client, { logger: { logQuery: (sql, parameters) => recordQuery(sql, { parameters }) } });
 * ```
 */
export function recordQuery(sql: string, details: QueryDetails = {}): void {
  if (signals.query.hasSubscribers) {
    signals.query.publish({ app: findAppContext()?.app, sql, ...details });
  }
}
