import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Markup } from "../../src/base/html";
import { formatTagged, parseTagged, Tuple, Uuid } from "../../src/sessions/tagged-json";

describe("tagged JSON", () => {
  it("comes back equal, with dates, bytes, tuples, UUIDs and Markup anywhere", () => {
    const leaf = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
      fc.boolean(),
      fc.constant(null),
      fc
        .date({ noInvalidDate: true, min: new Date(0), max: new Date("9999-01-01") })
        .map((date) => new Date(Math.floor(date.getTime() / 1000) * 1000)),
      fc.uint8Array(),
      fc.uuid().map((text) => new Uuid(text)),
      fc.string({ unit: "binary" }).map((text) => new Markup(text)),
    );
    const key = fc
      .oneof(fc.string({ unit: "binary" }), fc.constantFrom(" t", " b", " di", " d", " u", " m", " t__"))
      .filter((text) => text !== "__proto__");
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        leaf,
        fc.array(tie("value")),
        fc.array(tie("value")).map((items) => Tuple.from(items)),
        fc.dictionary(key, tie("value"), { noNullPrototype: true }),
      ),
    })).value;
    fc.assert(
      fc.property(value, (original) => {
        const text = formatTagged(original);
        expect(text).toMatch(/^[\x20-\x7e]*$/);
        expect(parseTagged(text)).toEqual(original);
      }),
    );
  });

  it("is the same text as Flask writes", () => {
    expect(formatTagged({ b: 1, a: { " t": "not a tuple" }, é: Tuple.of<unknown>("x", "\x7f") })).toBe(
      '{"a":{" di":{" t__":"not a tuple"}},"b":1,"\\u00e9":{" t":["x","\\u007f"]}}',
    );
  });
});
