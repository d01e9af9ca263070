import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatCookie, parseCookies } from "../../src/http/cookies";

describe("cookies", () => {
  it("come back equal, whatever their value", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (value) => {
        const line = formatCookie("name", value);
        expect(line).toMatch(/^name=[\x20-\x7e]*; Path=\/$/);
        const pair = line.slice(0, line.lastIndexOf("; Path=/"));
        expect(parseCookies(`a=1; ${pair}; b=2`)).toMatchObject({ a: "1", name: Buffer.from(value, "utf8").toString("utf8"), b: "2" });
      }),
    );
  });

  it("are quoted as Werkzeug does, but for blanks", () => {
    expect(formatCookie("a", 'a,b;"c\\é').split("; ")[0]).toBe('a="a\\054b\\073\\042c\\134\\303\\251"');
    expect(parseCookies('a="a\\054b\\073\\"c\\\\ \\303\\251"').a).toBe('a,b;"c\\ é');
  });
});
