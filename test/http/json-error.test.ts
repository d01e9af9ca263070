import fc from "fast-check";
import { request } from "flagon";
import { describe, expect, it } from "vitest";
import { describeJsonError } from "../../src/http/request/json-error";
import { createApp } from "../support";

describe("describeJsonError()", () => {
  it.each([
    ["", "The body ends too early: expected a value."],
    ["{", "The body ends too early: expected a name in double quotes or '}'."],
    ['{"a"', "The body ends too early: expected ':'."],
    ['{"a": 1', "The body ends too early: expected ',' or '}'."],
    ["[1, 2", "The body ends too early: expected ',' or ']'."],
    ["[1,]", "Line 1, column 4: expected a value."],
    ["[,]", "Line 1, column 2: expected a value or ']'."],
    ['{"a": 1,}', "Line 1, column 9: expected a name in double quotes."],
    ["{'a': 1}", "Line 1, column 2: expected a name in double quotes or '}'."],
    ['{\n  "a": 1\n  "b": 2\n}', "Line 3, column 3: expected ',' or '}'."],
    ['{"a": undefined}', "Line 1, column 7: expected a value."],
    ['{"a": "x\ny"}', String.raw`Line 1, column 9: expected an escape such as \n in place of a control character.`],
    ['{"a": "x', "The body ends too early: expected a closing quote."],
    [String.raw`["\x41"]`, String.raw`Line 1, column 3: expected one of the escapes \" \\ \/ \b \f \n \r \t \u0000.`],
    [String.raw`{"\u12": 1}`, String.raw`Line 1, column 3: expected one of the escapes \" \\ \/ \b \f \n \r \t \u0000.`],
    ["[01]", "Line 1, column 3: expected ',' or ']'."],
    ["true false", "Line 1, column 6: expected nothing more."],
    ["a=1&b=2", "Line 1, column 1: expected a value."],
  ])("of %j is %j", (text, expected) => {
    expect(describeJsonError(text)).toBe(expected);
  });

  it("finds the error of a text of any length", () => {
    const long = "x".repeat(20_000_000);
    expect(describeJsonError(`["${long}`)).toBe("The body ends too early: expected a closing quote.");
    expect(describeJsonError(`"${long}" 1`)).toBe("Line 1, column 20000004: expected nothing more.");
  });

  it("finds an error in exactly the texts that JSON.parse() refuses", () => {
    const isJson = (text: string): boolean => {
      try {
        JSON.parse(text);
        return true;
      } catch {
        return false;
      }
    };
    const change = fc.tuple(
      fc.json({ maxDepth: 4 }),
      fc.nat(),
      fc.constantFrom("", ",", "]", "}", '"', "\\", "0", ":", " ", "e", "-", "\n"),
    );
    fc.assert(
      fc.property(change, ([text, at, piece]) => {
        const index = at % (text.length + 1);
        const changed = text.slice(0, index) + piece + text.slice(index + 1);
        expect(describeJsonError(changed) === undefined).toBe(isJson(changed));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("a malformed JSON body", () => {
  it("is answered with the place of the error", async () => {
    const app = createApp();
    app.route("/x", async () => ({ got: await request.json() }), { methods: ["POST"], endpoint: "x" });
    const headers = { "content-type": "application/json" };
    const response = await app.testClient().post("/x", { body: '{"a": 1,\n b: 2}', headers });
    expect([response.status, ((await response.json()) as { detail: string }).detail]).toEqual([
      400,
      "The body of the request is not valid JSON. Line 2, column 2: expected a name in double quotes.",
    ]);
  });
});
