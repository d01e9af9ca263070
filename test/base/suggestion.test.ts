import { describe, expect, it } from "vitest";
import { didYouMean } from "../../src/base/suggestion";

describe("didYouMean()", () => {
  it.each([
    ["abuot", ["about", "index"], "about"],
    ["integer", ["int", "float"], "int"],
    ["shwo", ["show"], "show"],
    ["xyz", ["about"], undefined],
    ["Title", ["title"], "title"],
  ])("suggests the nearest name for %s", (name, candidates, expected) => {
    expect(didYouMean(name, candidates)).toBe(expected === undefined ? "" : ` Did you mean '${expected}'?`);
  });
});
