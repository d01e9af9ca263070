import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { writeFiles } from "../support";
import { listStates, project, readPages } from "./pages";

/** Lists the numbers of the lines that a new version of a file has, and the one before has not. */
function listNewLines(before: string, after: string): number[] {
  const [old, lines] = [before.split("\n"), after.split("\n")];
  // The length of the longest common part of the rest of both, for each pair of lines.
  const common = old.map(() => lines.map(() => 0));
  const at = (row: number, column: number): number => common[row]?.[column] ?? 0;
  for (let row = old.length - 1; row >= 0; row -= 1) {
    for (let column = lines.length - 1; column >= 0; column -= 1) {
      const both = old[row] === lines[column];
      (common[row] ?? [])[column] = both ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const added: number[] = [];
  let row = 0;
  for (const [column, line] of lines.entries()) {
    while (row < old.length && old[row] !== line && at(row + 1, column) > at(row, column + 1)) {
      row += 1;
    }
    if (row < old.length && old[row] === line) {
      row += 1;
    } else if (line !== "") {
      added.push(column + 1);
    }
  }
  return added;
}

/** Writes numbers as the site reads them: `{1,3-5}`. */
function toMark(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === number - 1) {
      last[1] = number;
    } else {
      ranges.push([number, number]);
    }
  }
  return ranges.length === 0 ? "" : `{${ranges.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(",")}}`;
}

it("marks the new lines of a file that a chapter shows again", () => {
  const versions = new Map<string, string>();
  const wrong: string[] = [];
  for (const { blocks, path } of readPages().filter((page) => /^docs\/tutorial\/\d/.test(page.path))) {
    for (const { code, line, words } of blocks) {
      const file = words.get("file");
      if (file === undefined) {
        continue;
      }
      const before = versions.get(file);
      const expected = before === undefined || file.endsWith(".json") ? "" : toMark(listNewLines(before, code));
      const shown = [...words.keys()].find((word) => word.startsWith("{")) ?? "";
      if (shown !== expected) {
        wrong.push(`${path}:${line} file=${file} ${expected}`);
      }
      versions.set(file, code);
    }
  }
  expect(wrong).toEqual([]);
});

it("shows files that pass the lint of the starter", async () => {
  const root = writeFiles({ "biome.json": readFileSync(join(project, "starter/shared/lint.json"), "utf8") });
  const pages = readPages().filter(({ path }) => /^docs\/(?:quickstart|tutorial\/\d)/.test(path));
  const known = new Set<string>();
  for (const { files, name } of listStates(pages).filter(({ session }) => session === undefined)) {
    for (const [file, text] of [...files].filter(([file]) => /\.(?:ts|css)$/.test(file))) {
      if (!known.has(text)) {
        known.add(text);
        mkdirSync(dirname(join(root, name, file)), { recursive: true });
        writeFileSync(join(root, name, file), text);
      }
    }
  }
  const lint = promisify(execFile)(join(project, "node_modules/.bin/biome"), ["check", "--error-on-warnings"], { cwd: root });
  expect(
    await lint.then(
      () => "",
      ({ stderr, stdout }: { stderr: string; stdout: string }) => stdout + stderr,
    ),
  ).toBe("");
});
