import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { listStates, parseSession, project, readPages } from "./pages";

const read = (path: string) => readFileSync(join(project, path), "utf8");
const pages = readPages();
const patterns = pages.filter(({ path }) => /^docs\/patterns\/(?!README)/.test(path));

describe("the patterns", () => {
  it("are all in the list of patterns and in the navigation of the site", () => {
    const names = patterns.map(({ path }) => path.replace(/^.*\/(.*)\.md$/, "$1"));
    const list = read("docs/patterns/README.md");
    const navigation = read("docs/site/.vitepress/config.mts");
    expect(names.filter((name) => !list.includes(`(${name}.md)`))).toEqual([]);
    expect(names.filter((name) => !navigation.includes(`"patterns/${name}"`))).toEqual([]);
    expect(names.length).toBeGreaterThan(16);
  });

  it("have a test or a request with its answer each", () => {
    const shown = new Set(
      listStates(pages)
        .filter(({ files, session }) =>
          session === undefined ? [...files.keys()].some((file) => file.endsWith(".test.ts")) : parseSession(session).length > 0,
        )
        .map(({ page }) => page),
    );
    // The files of Docker are the starter's, and the browser test is one for another runner.
    const others = ["docs/patterns/docker.md", "docs/patterns/playwright.md"];
    expect(patterns.map(({ path }) => path).filter((path) => !shown.has(path) && !others.includes(path))).toEqual([]);
  });

  it("show the Dockerfile and the .dockerignore of the starter", () => {
    const blocks = pages.find(({ path }) => path === "docs/patterns/docker.md")?.blocks ?? [];
    const find = (name: string) => blocks.find(({ words }) => words.get("file") === name)?.code;
    expect(find("Dockerfile")).toBe(read("starter/shared/Dockerfile"));
    expect(find(".dockerignore")).toBe(read("starter/shared/dockerignore"));
  });
});

describe("the navigation of the site", () => {
  it("has every page and the reference of every entry point", () => {
    const navigation = read("docs/site/.vitepress/config.mts");
    const names = pages
      .map(({ path }) => path.replace(/^docs\//, "").replace(/\.md$/, ""))
      .filter((name) => !/README|^decisions\//.test(name));
    const entries = Object.keys(JSON.parse(read("package.json")).exports as object)
      .filter((name) => name.startsWith("./") && !name.endsWith(".json"))
      .map((name) => name.replace("./", "reference/"));
    expect([...names, ...entries].filter((name) => !navigation.includes(`"${name}"`))).toEqual([]);
  });
});
