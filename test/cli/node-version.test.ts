import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { explainOldNode } from "../../src/cli/node-version";

describe("the oldest Node", () => {
  it.each(["16.20.2", "18.20.4", "20.19.9"])("is not %s", (version) => {
    expect(explainOldNode(version)).toBe(
      `Flagon needs Node 20.20 or later, but this is Node ${version}. Install Node 24 from https://nodejs.org.`,
    );
  });

  it.each(["20.20.0", "21.0.0", "22.1.0", "24.0.0-nightly"])("can be %s", (version) => {
    expect(explainOldNode(version)).toBeNull();
  });

  it("is the one of package.json", () => {
    const { engines } = JSON.parse(readFileSync(join(__dirname, "../../package.json"), "utf8")) as { engines: { node: string } };
    expect(explainOldNode(`${engines.node.replace(">=", "")}.0`)).toBeNull();
  });
});
