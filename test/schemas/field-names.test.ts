import { describe, expect, it } from "vitest";
import { formatName, parseName, toTree } from "../../src/schemas/field-names";

describe("names of fields", () => {
  it.each([
    ["a", ["a"]],
    ["a.b", ["a", "b"]],
    ["a[0].c", ["a", "0", "c"]],
    ["a[]", ["a"]],
    ["a[b][c]", ["a", "b", "c"]],
  ])("are split into keys: %s", (name, path) => {
    expect(parseName(name)).toEqual(path);
  });

  it("are refused, or read, in linear time", () => {
    expect(() => parseName("a.".repeat(1_000_000))).toThrow("nested too deep");
    expect(
      toTree([
        ["a[0].b", "1"],
        ["a[0].b", "2"],
      ])
        .children.get("a")
        ?.children.get("0")
        ?.children.get("b")?.values,
    ).toEqual(["1", "2"]);
    expect(formatName(["a", 0, "b", "c"])).toBe("a[0].b.c");
  });
});
