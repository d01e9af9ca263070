import { DatabaseError } from "../base/errors";
import { findRequestContext } from "../dispatch/context";

/** The numbers of links that `iterPages()` gives, by their places. */
export interface PageEdges {
  /** At the beginning. Default: 2. */
  readonly leftEdge?: number;
  /** Before the page. Default: 2. */
  readonly leftCurrent?: number;
  /** After the page. Default: 4. */
  readonly rightCurrent?: number;
  /** At the end. Default: 2. */
  readonly rightEdge?: number;
}

/** A page of rows, as Flask-SQLAlchemy's `Pagination` is. */
export class Page<Item> {
  /**
   * @param items The rows.
   * @param page The number of the page, from 1.
   * @param perPage The most rows of a page.
   * @param total The number of all rows, or `null` without a count.
   * @param hasNext Whether a page follows.
   * @param parameter The parameter of the query that holds the number.
   */
  constructor(
    readonly items: Item[],
    readonly page: number,
    readonly perPage: number,
    readonly total: number | null,
    readonly hasNext: boolean,
    private readonly parameter: string,
  ) {}

  /** The number of pages, at least 1, or `null` without a count. */
  get pages(): number | null {
    return this.total === null ? null : Math.max(1, Math.ceil(this.total / this.perPage));
  }

  /** Whether there is a previous page. */
  get hasPrevious(): boolean {
    return this.page > 1;
  }

  /** The number of the next page, or `null`. */
  get nextPage(): number | null {
    return this.hasNext ? this.page + 1 : null;
  }

  /** The number of the previous page, or `null`. */
  get previousPage(): number | null {
    return this.hasPrevious ? this.page - 1 : null;
  }

  /** The number of its first row among all, from 1; 0 if it has none. */
  get first(): number {
    return this.items.length === 0 ? 0 : (this.page - 1) * this.perPage + 1;
  }

  /** The number of its last row among all; 0 if it has none. */
  get last(): number {
    return this.items.length === 0 ? 0 : this.first + this.items.length - 1;
  }

  /**
   * Gives the numbers of the pages to link to, with `null` for a gap.
   *
   * @param options The numbers of links at both ends, and around the current page.
   * @throws {DatabaseError} Without a count.
   */
  *iterPages({ leftCurrent = 2, leftEdge = 2, rightCurrent = 4, rightEdge = 2 }: PageEdges = {}): Generator<number | null> {
    const { page, pages } = this;
    if (pages === null) {
      throw new DatabaseError("iterPages() needs the number of pages, and paginate() was told not to count: { count: false }.");
    }
    let last = 0;
    for (let number = 1; number <= pages; number++) {
      if (number <= leftEdge || (number >= page - leftCurrent && number <= page + rightCurrent) || number > pages - rightEdge) {
        if (number > last + 1) {
          yield null;
        }
        yield number;
        last = number;
      } else if (number > page + rightCurrent) {
        number = Math.max(number, pages - rightEdge);
      } else if (number > leftEdge) {
        number = Math.max(number, Math.min(page - leftCurrent - 1, pages - rightEdge));
      }
    }
    if (last < pages) {
      yield null;
    }
  }

  /**
   * Returns the URL of another page: the current one's, with all its other parameters.
   *
   * @param page The number of the page, from 1.
   */
  urlFor(page: number): string {
    const request = findRequestContext()?.request;
    const query = new URLSearchParams(`?${request?.queryString ?? ""}`);
    query.set(this.parameter, String(page));
    const path = request === undefined ? "" : `${request.rootPath}${request.target.split("?", 1)[0]}`;
    return `${path}?${query}`;
  }
}
