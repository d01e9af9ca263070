import { parseHttpDate } from "./http-date";

/** The entity tags of an `If-Match` or `If-None-Match` header (RFC 9110, section 8.8.3). */
export class EntityTags {
  /** Whether the header is `*`, which stands for anything that exists. */
  readonly isStar: boolean;
  /** The opaque texts of the strong tags, without their quotes. */
  readonly strong: ReadonlySet<string>;
  /** The opaque texts of the weak tags, without their quotes. */
  readonly weak: ReadonlySet<string>;

  /** @param header The header, or `undefined` without one. */
  constructor(header: string | undefined) {
    const strong = new Set<string>();
    const weak = new Set<string>();
    for (const [, prefix, tag = ""] of (header ?? "").matchAll(/(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/g)) {
      (prefix === undefined ? strong : weak).add(tag);
    }
    this.isStar = header?.trim() === "*";
    this.strong = strong;
    this.weak = weak;
  }

  /** Whether the header names no tag. */
  get isEmpty(): boolean {
    return !this.isStar && this.strong.size === 0 && this.weak.size === 0;
  }

  /**
   * Tells whether a tag, with or without its quotes, is named by the strong comparison: neither it nor its match is weak.
   *
   * @param tag The tag, such as `"abc"` or `W/"abc"`.
   */
  hasStrong(tag: string): boolean {
    return this.isStar || (!tag.startsWith("W/") && this.strong.has(unquote(tag)));
  }

  /**
   * Tells whether a tag, with or without its quotes, is named by the weak comparison.
   *
   * @param tag The tag, such as `"abc"` or `W/"abc"`.
   */
  has(tag: string): boolean {
    const opaque = unquote(tag);
    return this.isStar || this.strong.has(opaque) || this.weak.has(opaque);
  }
}

/** The state of the content that a range must come from: `If-Range` has a strong tag or a date. */
export interface RangeCondition {
  /** The tag, without its quotes. */
  readonly etag: string | null;
  /** The date. */
  readonly date: Date | null;
}

/** Parses an `If-Range` header; a weak tag, which never matches, gives `null`. */
export function parseIfRange(header: string | undefined): RangeCondition | null {
  const tag = /^\s*"([^"]*)"\s*$/.exec(header ?? "")?.[1];
  if (tag !== undefined) {
    return { etag: tag, date: null };
  }
  const date = parseHttpDate(header);
  return date === null ? null : { etag: null, date };
}

/** The ranges that a request asks for. */
export interface RequestedRange {
  /** The unit, such as `"bytes"`. */
  readonly unit: string;
  /**
   * The first and the last place of each range, both included: `null` as the first counts the last from the end, `null` as the last
   * means the end.
   */
  readonly ranges: readonly (readonly [first: number | null, last: number | null])[];
}

/** Parses a `Range` header, or gives `null` for one that is missing or malformed (RFC 9110, section 14.2). */
export function parseRange(header: string | undefined): RequestedRange | null {
  const [text = "", list] = splitOnce(header ?? "", "=");
  const unit = text.trim();
  if (list === undefined || !/^[\w-]+$/.test(unit)) {
    return null;
  }
  const ranges: (readonly [number | null, number | null])[] = [];
  for (const part of list.split(",")) {
    const [first = "", last = "x"] = splitOnce(part, "-").map((place) => place?.trim());
    if (
      !/^\d*$/.test(first) ||
      !/^\d*$/.test(last) ||
      (first === "" && last === "") ||
      (first !== "" && last !== "" && Number(last) < Number(first))
    ) {
      return null;
    }
    ranges.push([first === "" ? null : Number(first), last === "" ? null : Number(last)]);
  }
  return { unit: unit.toLowerCase(), ranges };
}

/**
 * Finds the one range of bytes that is asked for within a length, both ends included.
 *
 * @returns The range; `null` if all is sent, as for other units and for several ranges, which a server may ignore;
 * `"unsatisfiable"` if it begins after the end.
 */
export function findByteRange(
  range: RequestedRange | null,
  length: number,
): { readonly first: number; readonly last: number } | "unsatisfiable" | null {
  const [only, second] = range?.ranges ?? [];
  if (range?.unit !== "bytes" || only === undefined || second !== undefined) {
    return null;
  }
  const [first, last] = only;
  if (first === null) {
    return last === 0 || length === 0 ? "unsatisfiable" : { first: Math.max(0, length - (last ?? 0)), last: length - 1 };
  }
  return first >= length ? "unsatisfiable" : { first, last: Math.min(last ?? length - 1, length - 1) };
}

function splitOnce(text: string, separator: string): [before: string, after?: string] {
  const place = text.indexOf(separator);
  return place < 0 ? [text] : [text.slice(0, place), text.slice(place + separator.length)];
}

function unquote(tag: string): string {
  return tag.replace(/^(?:W\/)?"?|"$/g, "");
}
