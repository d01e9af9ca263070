import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { project, readPages } from "./pages";

function toText(heading: string): string {
  return heading
    .replace(/`|\*\*/g, "")
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .trim()
    .toLowerCase();
}

/** The anchor that GitHub gives a heading. */
function toAnchor(heading: string): string {
  return toText(heading)
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");
}

/** The anchor that the site gives a heading: with a dash for a dot, and an underscore before a digit. */
function toSiteAnchor(heading: string): string {
  return toText(heading)
    .replace(/[\s~`!@#$%^&*()\-_+=[\]{}|\\;:"'“”‘’<>,.?/]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .replace(/^\d/, "_$&");
}

/** Lists the anchors of headings that are the same on GitHub and on the site. */
function listAnchors(file: string): string[] {
  const text = readFileSync(file, "utf8").replace(/^ *```.*?^ *```$/gms, "");
  const headings = [...text.matchAll(/^#{1,6} (.*)$/gm)].map(([, heading = ""]) => heading);
  return headings.filter((heading) => toAnchor(heading) === toSiteAnchor(heading)).map(toAnchor);
}

describe("the links of the documentation", () => {
  const more = ["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"].map((path) => ({
    path,
    text: readFileSync(join(project, path), "utf8"),
  }));
  const all = [...readPages(), ...more];

  it("lead to files and headings that exist", () => {
    const broken: string[] = [];
    for (const { path, text } of all) {
      for (const [, target = ""] of text.replace(/^ *```.*?^ *```$/gms, "").matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(target)) {
          continue;
        }
        const [file = "", anchor] = target.split("#");
        const found = file === "" ? join(project, path) : join(project, dirname(path), file);
        if (!existsSync(found) || (anchor !== undefined && !listAnchors(found).includes(anchor))) {
          broken.push(`${path} → ${target}`);
        }
      }
    }
    expect(broken).toEqual([]);
  });

  it("reach every page from the README, in a few steps", () => {
    const reached = new Set<string>();
    const visit = (path: string) => {
      if (reached.has(path) || !path.endsWith(".md") || !existsSync(join(project, path)) || statSync(join(project, path)).isDirectory()) {
        return;
      }
      reached.add(path);
      for (const [, target = ""] of readFileSync(join(project, path), "utf8").matchAll(/\]\(([^)\s#:]+)(?:#[^)]*)?\)/g)) {
        visit(join(dirname(path), target));
      }
    };
    visit("README.md");
    const pages = readdirSync(join(project, "docs"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".md") && !file.startsWith("site/"))
      .map((file) => join("docs", file));
    expect(pages.filter((path) => !reached.has(path))).toEqual([]);
  });
});
