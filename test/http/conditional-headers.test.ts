import { request } from "flagon";
import { describe, expect, it } from "vitest";
import { createReader } from "./reader";

describe("the conditional headers of a request", () => {
  it("are parsed", async () => {
    const read = createReader(() => ({
      match: [request.ifMatch.isStar, [...request.ifMatch.strong], request.ifMatch.hasStrong('"a"'), request.ifMatch.hasStrong("c")],
      noneMatch: [
        [...request.ifNoneMatch.strong],
        [...request.ifNoneMatch.weak],
        request.ifNoneMatch.has("b"),
        request.ifNoneMatch.isEmpty,
      ],
      modified: request.ifModifiedSince?.getTime() ?? null,
      unmodified: request.ifUnmodifiedSince?.getTime() ?? null,
      ifRange: request.ifRange,
      range: request.range,
      cache: [...request.cacheControl],
    }));
    expect(
      await read("/x", {
        "if-match": '"a", W/"c"',
        "if-none-match": '"a", W/"b"',
        "if-modified-since": "Thu, 01 Jan 1970 00:00:10 GMT",
        "if-unmodified-since": "nonsense",
        "if-range": '"a"',
        range: "bytes=0-4, 10-, -3",
        "cache-control": "no-cache, max-age=60",
      }),
    ).toEqual({
      match: [false, ["a"], true, false],
      noneMatch: [["a"], ["b"], true, false],
      modified: 10_000,
      unmodified: null,
      ifRange: { etag: "a", date: null },
      range: {
        unit: "bytes",
        ranges: [
          [0, 4],
          [10, null],
          [null, 3],
        ],
      },
      cache: [
        ["no-cache", true],
        ["max-age", 60],
      ],
    });
    expect(await read("/x", { "if-match": "*", "if-range": 'W/"a"', range: "bytes=5-2" })).toMatchObject({
      match: [true, [], true, true],
      noneMatch: [[], [], false, true],
      ifRange: null,
      range: null,
    });
  });
});
