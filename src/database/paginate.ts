import { refuseUnknown } from "../base/unknown-options";
import { watchPromise } from "../base/watched-promise";
import { findRequestContext } from "../dispatch/context";
import { NotFound } from "../http/exceptions/client-errors";
import { loadDrizzle } from "./drizzle";
import { Page } from "./page";

/** Options of `paginate()`. */
export interface PaginateOptions {
  /** The most rows of a page. Default: 20. */
  readonly perPage?: number;
  /** The number of the page. Default: the parameter of the query, or 1 without one. */
  readonly page?: number;
  /** The parameter of the query that holds the number. Default: `"page"`. */
  readonly parameter?: string;
  /** The number of all rows; `false` not to count, and the page then only knows whether a next one exists. Default: counted by the query itself. */
  readonly count?: number | Promise<number> | false;
}

const paginateOptions = Object.keys({ perPage: true, page: true, parameter: true, count: true } satisfies Record<
  keyof PaginateOptions,
  true
>);

/** A query of drizzle's that takes a limit. */
export interface PageableQuery<Item> extends PromiseLike<readonly Item[]> {
  /**
   * Limits the number of rows.
   *
   * @param limit The number of rows.
   */
  limit(limit: number): unknown;
  /**
   * Skips rows.
   *
   * @param offset The number of rows to skip.
   */
  offset(offset: number): unknown;
}

/** Gets the rows of a page, for queries that take their limit at once, such as `db.query.posts.findMany()`. */
export type PageLoader<Item> = (range: { readonly limit: number; readonly offset: number }) => PromiseLike<readonly Item[]>;

/** The answer for a page whose number is none. It speaks to visitors and to programs. */
const noNumber = "This list has no such page: its pages have the numbers from 1 on.";
const numberPattern = /^[1-9]\d{0,15}$/;

/**
 * Loads a page of rows: the one that `?page=` asks for.
 *
 * A parameter that is not a number, or a page beyond the last, is 404; the first page of no rows is empty. Order the
 * query, and end the order with the key, so that no row is on two pages.
 *
 * @param query A query without limit, such as `db.select().from(posts).orderBy(desc(posts.id))`; or a function of limit
 * and offset, with the option `count`.
 * @param options The rows of a page, and the count.
 * @throws {NotFound} If there is no such page.
 * @throws {TypeError} If `perPage` is no whole number from 1, or the count none from 0.
 *
 * @example
 * ```ts
 * const page = await paginate(db.select().from(posts).orderBy(desc(posts.id)), { perPage: 20 });
 * return renderTemplate("list", { posts: page.items, pages: page.pages });
 * ```
 */
export function paginate<Item>(query: PageableQuery<Item> | PageLoader<Item>, options: PaginateOptions = {}): Promise<Page<Item>> {
  return watchPromise(loadPage(query, options), "paginate()", { isGuarded: true });
}

async function loadPage<Item>(query: PageableQuery<Item> | PageLoader<Item>, options: PaginateOptions): Promise<Page<Item>> {
  refuseUnknown(options, paginateOptions, "paginate()", TypeError);
  const { parameter = "page", perPage = 20 } = options;
  if (options.count instanceof Promise) {
    // It may fail while the page is refused, which would end the process.
    options.count.catch(() => undefined);
  }
  if (!Number.isSafeInteger(perPage) || perPage < 1) {
    throw new TypeError(`paginate() needs 'perPage' as a whole number from 1, but got ${String(perPage)}.`);
  }
  const page = options.page ?? readPage(parameter);
  const offset = (page - 1) * perPage;
  if (!Number.isSafeInteger(page) || page < 1 || !Number.isSafeInteger(offset + perPage)) {
    throw new NotFound(noNumber);
  }
  const count = options.count ?? (typeof query === "function" ? undefined : countRows(query));
  if (count === undefined) {
    throw new TypeError("paginate() of a function needs 'count': the number of all rows, a promise of it, or false.");
  }
  const limit = count === false ? perPage + 1 : perPage;
  const [total, rows] = await Promise.all([
    count === false ? null : Promise.resolve(count).then(Number),
    typeof query === "function" ? query({ limit, offset }) : select(query, limit, offset),
  ]);
  if (total !== null && !(Number.isSafeInteger(total) && total >= 0)) {
    throw new TypeError(`paginate() needs 'count' as a whole number from 0, but got ${String(total)}.`);
  }
  if (rows.length === 0 && page > 1) {
    throw new NotFound(`This list has no page ${page}.`);
  }
  const hasNext = total === null ? rows.length > perPage : offset + rows.length < total && rows.length > 0;
  return new Page(rows.slice(0, perPage), page, perPage, total, hasNext, parameter);
}

function readPage(parameter: string): number {
  const values = findRequestContext()?.request.query.getAll(parameter) ?? [];
  const [text = "1"] = values;
  if (!numberPattern.test(text)) {
    throw new NotFound(noNumber);
  }
  return Number(text);
}

async function select<Item>(query: PageableQuery<Item>, limit: number, offset: number): Promise<readonly Item[]> {
  warnOfDisorder(query);
  query.limit(limit);
  query.offset(offset);
  return query;
}

/** Counts the rows of a query as it is, without its order. */
async function countRows(query: object): Promise<number> {
  const config: unknown = Reflect.get(query, "config");
  const session: unknown = Reflect.get(query, "session");
  const count = findCount(session);
  if (typeof config !== "object" || config === null || count === undefined) {
    throw new TypeError("paginate() cannot count this query. Give the number of all rows: paginate(query, { count: db.$count(posts) }).");
  }
  const unordered: object = Object.assign(Object.create(Object.getPrototypeOf(query)), query, {
    config: { ...config, orderBy: undefined, limit: undefined, offset: undefined },
  });
  const { sql } = loadDrizzle();
  const inner: unknown = Reflect.apply(Reflect.get(unordered, "getSQL"), unordered, []);
  return Number(await count(sql`select count(*) as count from (${inner}) as counted`));
}

/** Finds the way in which a session of drizzle counts: `count()`, or from version 1 on `arrays()`. */
function findCount(session: unknown): ((sql: unknown) => Promise<unknown>) | undefined {
  if (typeof session !== "object" || session === null) {
    return undefined;
  }
  const [count, arrays]: readonly unknown[] = [Reflect.get(session, "count"), Reflect.get(session, "arrays")];
  if (typeof count === "function") {
    return async (sql) => Reflect.apply(count, session, [sql]);
  }
  return typeof arrays === "function"
    ? async (sql) => {
        const rows: unknown = await Reflect.apply(arrays, session, [sql]);
        return Array.isArray(rows) && Array.isArray(rows[0]) ? rows[0][0] : undefined;
      }
    : undefined;
}

/** Without an order, the database may give a row on two pages, or on none. */
function warnOfDisorder(query: object): void {
  const app = findRequestContext()?.app;
  if (app?.config.debug !== true) {
    return;
  }
  const config: unknown = Reflect.get(query, "config");
  const order: unknown = typeof config === "object" && config !== null && "orderBy" in config ? config.orderBy : undefined;
  const operators: unknown = typeof config === "object" && config !== null && "setOperators" in config ? config.setOperators : undefined;
  if ((!Array.isArray(order) || order.length === 0) && (!Array.isArray(operators) || operators.length === 0)) {
    app.logger.warn(
      "paginate() got a query without an order, so that rows may move between pages. Add .orderBy(), with the key at its end.",
    );
  }
}
