import { describe, expect, it } from "vitest";
import { textConverters } from "../../src/base/text-values";

describe("textConverters", () => {
  it.each([
    ["boolean", "TRUE", true],
    ["boolean", " yes ", true],
    ["boolean", "On", true],
    ["boolean", "1", true],
    ["boolean", "0", false],
    ["boolean", "No", false],
    ["boolean", "off", false],
    ["boolean", "False", false],
    ["boolean", "", undefined],
    ["boolean", "maybe", undefined],
    ["int", "-7", -7],
    ["int", "+7", 7],
    ["int", "1.0", undefined],
    ["int", "9007199254740993", undefined],
    ["int", "0x10", undefined],
    ["float", ".5", 0.5],
    ["float", "1e3", 1000],
    ["float", "1e999", undefined],
    ["float", "Infinity", undefined],
    ["float", "1_000", undefined],
    ["float", " 2. ", 2],
    ["float", "9007199254740991", 9007199254740991],
    ["float", "9007199254740992", 9007199254740992],
    ["float", "9007199254740993", undefined],
    ["float", "-9007199254740993.0", undefined],
    ["float", "9007199254740993.5", undefined],
    ["float", "+9007199254740994.0", 9007199254740994],
    ["float", "1e21", 1e21],
    ["int", "9007199254740993", undefined],
    ["string", " x ", " x "],
  ] as const)("reads %s '%s' as %s", (type, text, expected) => {
    expect(textConverters[type](text)).toBe(expected);
  });

  it("reads long text in linear time", () => {
    expect(textConverters.float(`${"1".repeat(200_000)}x`)).toBeUndefined();
  });
});
