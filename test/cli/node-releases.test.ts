import { describe, expect, it } from "vitest";
import { findEndOfLife } from "../../src/cli/node-releases";

describe("findEndOfLife()", () => {
  it.each([
    ["16.20.2", "2025-04-30"],
    ["18.0.0", "2025-04-30"],
    ["20.20.2", "2026-04-30"],
    ["22.1.0", "2027-04-30"],
    ["23.0.0", "2025-06-01"],
    ["24.21.0", "2028-04-30"],
    ["40.0.0", undefined],
  ])("of %s is %s", (version, day) => {
    expect(findEndOfLife(version)?.toISOString().slice(0, 10)).toBe(day);
  });
});
