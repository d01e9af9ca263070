// Runs the tests of databases and jobs on the newest version 1 of drizzle, a release candidate before its release, in a copy of the project.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const project = join(import.meta.dirname ?? new URL(".", import.meta.url).pathname, "../..");
const replaced = ["drizzle-orm", "drizzle-kit", "drizzle-zod"];

/** Finds the newest version 1 of a package: a release, or else the latest release candidate. */
function findNext(name) {
  const versions = JSON.parse(execFileSync("npm", ["view", name, "versions", "--json"], { encoding: "utf8" }));
  const releases = versions.filter((version) => /^1\.\d+\.\d+$/.test(version));
  const candidates = versions.filter((version) => /^1\.0\.0-rc\.\d+$/.test(version));
  const numberOf = (version) =>
    version
      .split(/[.-]/)
      .map((part) => part.padStart(6, "0"))
      .join(".");
  return (releases.length > 0 ? releases : candidates).sort((left, right) => (numberOf(left) < numberOf(right) ? -1 : 1)).at(-1);
}

const folder = mkdtempSync(join(tmpdir(), "flagon-drizzle-"));
try {
  const packages = ["drizzle-orm", "drizzle-kit"].map((name) => `${name}@${findNext(name)}`);
  console.log(`Tests with ${packages.join(" and ")}`);
  mkdirSync(join(folder, "next"));
  execFileSync("npm", ["init", "-y"], { cwd: join(folder, "next"), stdio: "ignore" });
  execFileSync("npm", ["install", "--no-audit", "--no-fund", "--legacy-peer-deps", ...packages], {
    cwd: join(folder, "next"),
    stdio: ["ignore", "ignore", "inherit"],
  });
  // Node resolves a link to its target, whose neighbours are of the other version: sources and drizzle are copies.
  const modules = join(folder, "node_modules");
  mkdirSync(modules);
  const fresh = readdirSync(join(folder, "next/node_modules")).filter((name) => !name.startsWith("."));
  for (const name of readdirSync(join(project, "node_modules"))) {
    if (!replaced.includes(name)) {
      symlinkSync(join(project, "node_modules", name), join(modules, name));
    }
  }
  for (const name of fresh) {
    if (replaced.includes(name)) {
      cpSync(join(folder, "next/node_modules", name), join(modules, name), { recursive: true });
    }
  }
  for (const name of ["src", "test", "package.json", "tsconfig.json", "vitest.config.mts"]) {
    cpSync(join(project, name), join(folder, name), {
      recursive: true,
      filter: (source) => !source.slice(project.length).includes("node_modules"),
    });
  }
  const { status } = spawnSync(process.execPath, [join(project, "node_modules/vitest/vitest.mjs"), "run", "--project", "drizzle-next"], {
    cwd: folder,
    stdio: "inherit",
  });
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
