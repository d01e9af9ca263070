import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const project = join(__dirname, "..");

describe("types", () => {
  it.each([
    ["typescript-5.9", "legacy"],
    ["typescript-5.9", "standard"],
    ["typescript", "legacy"],
    ["typescript", "standard"],
    ["typescript-7", "legacy"],
    ["typescript-7", "standard"],
  ])("hold in %s with %s decorators", async (compiler, standard) => {
    const tsc = join(project, "node_modules", compiler, "bin/tsc");
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [tsc, "-p", join(__dirname, "types/tsconfig.json"), "--experimentalDecorators", String(standard === "legacy")],
      { cwd: project },
    ).catch((error: { stdout: string }) => error);
    expect(stdout).toBe("");
  });
});
