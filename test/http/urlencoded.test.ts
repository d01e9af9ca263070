import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseUrlencoded } from "../../src/http/request/urlencoded";

describe("parseUrlencoded()", () => {
  it("gives the same as URLSearchParams, for any text", () => {
    const piece = fc.oneof(
      fc.constantFrom("a", "=", "&", "+", "%20", "%", "%C3%A9", "%C3", "%ED%A0%80", "%zz", "%00", "é", "=&", "%3D"),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join("");
        // Node's own misreads what is beyond ASCII beside a stray "%", so that it is given that escaped.
        const escaped = [...Buffer.from(text)].map((byte) => (byte < 0x80 ? String.fromCharCode(byte) : `%${byte.toString(16)}`)).join("");
        expect(parseUrlencoded(text)).toEqual([...new URLSearchParams(escaped.startsWith("?") ? `?${escaped}` : escaped)]);
      }),
    );
  });
});
