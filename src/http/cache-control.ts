import { refusePromise } from "../base/forgotten-await";
import { guardMembers } from "../base/guarded-members";
import { findClosest } from "../base/suggestion";
import { describeGiven } from "../base/unknown-options";
import { isWatching } from "../base/watching";

/** The directives of a response's `Cache-Control` header (RFC 9111, section 5.2.2); times are in seconds. */
export interface CacheDirectives {
  /** Forbids all caches to store the response. */
  noStore?: boolean | undefined;
  /** Makes caches ask the server before each use. */
  noCache?: boolean | undefined;
  /** Lets shared caches store it, also responses that they would not store by default. */
  public?: boolean | undefined;
  /** Forbids shared caches to store it. */
  private?: boolean | undefined;
  /** Seconds for which the response is fresh. */
  maxAge?: number | undefined;
  /** Seconds for which the response is fresh in shared caches. */
  sMaxAge?: number | undefined;
  /** Forbids to use it once it is stale. */
  mustRevalidate?: boolean | undefined;
  /** Forbids shared caches to use it once it is stale. */
  proxyRevalidate?: boolean | undefined;
  /** Forbids proxies to change it. */
  noTransform?: boolean | undefined;
  /** Says that it never changes as long as it is fresh (RFC 8246). */
  immutable?: boolean | undefined;
  /** Seconds for which a stale response is used while a new one is fetched (RFC 5861). */
  staleWhileRevalidate?: number | undefined;
  /** Seconds for which a stale response is used if the server fails (RFC 5861). */
  staleIfError?: number | undefined;
}

const names: { readonly [Property in keyof CacheDirectives]-?: string } = {
  noStore: "no-store",
  noCache: "no-cache",
  public: "public",
  private: "private",
  maxAge: "max-age",
  sMaxAge: "s-maxage",
  mustRevalidate: "must-revalidate",
  proxyRevalidate: "proxy-revalidate",
  noTransform: "no-transform",
  immutable: "immutable",
  staleWhileRevalidate: "stale-while-revalidate",
  staleIfError: "stale-if-error",
};

/** The store of a header. */
interface HeaderPlace {
  get(): string | null;
  set(header: string | null): void;
}

/**
 * Creates the directives of a header in a store: each property reads and changes the header itself.
 *
 * @param place The store of the header.
 */
export function createCacheControl(place: HeaderPlace): CacheDirectives {
  const directives: CacheDirectives = {};
  for (const [property, name] of Object.entries(names)) {
    Object.defineProperty(directives, property, {
      enumerable: true,
      get: () => parseDirectives(place.get()).get(name),
      set: (value: boolean | number | undefined) => {
        refusePromise(value, `directive '${name}' of Cache-Control`, TypeError);
        if (isWatching()) {
          checkDirective(property, name, value);
        }
        const all = parseDirectives(place.get());
        if (value === undefined || value === false) {
          all.delete(name);
        } else {
          all.set(name, typeof value === "number" ? Math.max(0, Math.trunc(value)) : value);
        }
        place.set(all.size === 0 ? null : formatDirectives(all));
      },
    });
  }
  Object.defineProperty(directives, "toString", { value: () => place.get() ?? "" });
  return isWatching() ? guardMembers(directives, explainDirective) : directives;
}

/** Explains a directive that does not exist, or is spelt as in the header or in Flask. */
function explainDirective(member: string): string {
  const properties = Object.keys(names);
  const plain = member.replace(/[-_]/g, "").toLowerCase();
  const meant = properties.find((property) => property.toLowerCase() === plain) ?? findClosest(member, properties);
  const cure = meant === undefined ? `The directives are: ${properties.join(", ")}.` : `Did you mean '${meant}'?`;
  return `response.cacheControl has no directive '${member}'. ${cure}`;
}

/** The directives whose value is a time in seconds. */
const times: ReadonlySet<string> = new Set(["maxAge", "sMaxAge", "staleWhileRevalidate", "staleIfError"]);
/** The directives that can name header fields in place of `true` (RFC 9111, sections 5.2.2.4 and 5.2.2.7). */
const naming: ReadonlySet<string> = new Set(["noCache", "private"]);

/**
 * Refuses a value that caches would not understand.
 *
 * @throws {TypeError} If a time is no number, or another directive is not `true` or `false`.
 */
function checkDirective(property: string, name: string, value: unknown): void {
  const isTime = times.has(property);
  const isRight = isTime ? typeof value === "number" && !Number.isNaN(value) : typeof value === "boolean";
  if (value !== undefined && value !== null && !isRight && !(value === false || (naming.has(property) && typeof value === "string"))) {
    const kind = isTime ? "a number of seconds" : "true or false";
    throw new TypeError(`The directive '${name}' of Cache-Control must be ${kind}, but got ${describeGiven(value)}.`);
  }
}

/** Formats directives as a header. */
export function formatCacheControl(directives: CacheDirectives): string | null {
  let header: string | null = null;
  const control = createCacheControl({
    get: () => header,
    set: (changed) => {
      header = changed;
    },
  });
  Object.assign(control, directives);
  return header;
}

/** Parses a `Cache-Control` header: directives by their names in lower case, numbers as numbers, those without a value as `true`. */
export function parseDirectives(header: string | null | undefined): Map<string, string | number | true> {
  const directives = new Map<string, string | number | true>();
  for (const [, name = "", quoted, plain] of (header ?? "").matchAll(/([\w-]+)(?:\s*=\s*(?:"([^"]*)"|([^\s,]*)))?/g)) {
    const value = quoted ?? plain;
    directives.set(name.toLowerCase(), value === undefined ? true : /^\d+$/.test(value) ? Number(value) : value);
  }
  return directives;
}

function formatDirectives(directives: ReadonlyMap<string, string | number | true>): string {
  return [...directives]
    .map(([name, value]) => (value === true ? name : `${name}=${typeof value === "string" ? `"${value}"` : value}`))
    .join(", ");
}
