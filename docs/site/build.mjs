// Builds the site: copies the pages beside the site's packages, writes the reference, and renders all of it. A warning is an error.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const site = dirname(fileURLToPath(import.meta.url));
const project = join(site, "../..");
const pages = join(site, "pages");

/** On GitHub, the page of a folder is README.md; on the site it is index.md. */
const toIndex = (path) => path.replace(/(^|\/)README\.md$/, "$1index.md");

function copy(folder, files) {
  for (const file of files) {
    const target = join(pages, folder, toIndex(file));
    mkdirSync(dirname(target), { recursive: true });
    const text = readFileSync(join(project, folder, file), "utf8");
    writeFileSync(target, text.replace(/(\]\([^)\s]*)README\.md/g, "$1index.md"));
  }
}

function run(command, ...words) {
  const { status, stdout, stderr } = spawnSync(join(site, "node_modules/.bin", command), words, { cwd: site, encoding: "utf8" });
  const output = `${stdout}${stderr}`;
  process.stdout.write(output);
  // The reference and the benchmarks are left out of llms.txt on purpose.
  const warnings = output
    .split("\n")
    .filter((line) => /\bwarn(ing)?\b|⚠|\(!\)/i.test(line) && !/No matching file found for sidebar link/.test(line));
  if (status !== 0 || warnings.length > 0) {
    process.stderr.write(`\n${command} failed, or has a warning.\n`);
    process.exit(1);
  }
}

rmSync(pages, { recursive: true, force: true });
const docs = readdirSync(join(project, "docs"), { recursive: true, encoding: "utf8" });
copy(
  "docs",
  docs.filter((file) => file.endsWith(".md") && !file.startsWith("site")),
);
copy("", ["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"]);
copy(
  "bench",
  readdirSync(join(project, "bench")).filter((file) => file.endsWith(".md")),
);
run("typedoc");
rmSync(join(pages, "reference/README.md"));
cpSync(join(site, "home.md"), join(pages, "index.md"));
run("vitepress", "build");

/** Every page of the site as Markdown, for readers that are programs. The folder's own page, docs/index.md, is docs.md there. */
const dist = join(site, "dist");
const toDist = (path) => path.replace(/(?:^|\/)index\.md$/, ".md").replace(/^\.md$/, "index.md");
const isThere = (path) => existsSync(join(dist, path));
for (const file of readdirSync(pages, { recursive: true, encoding: "utf8" }).filter((path) => /^(?:bench|reference)\b.*\.md$/.test(path))) {
  cpSync(join(pages, file), join(dist, toDist(file)));
}
const broken = [];
for (const file of readdirSync(pages, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".md"))) {
  const written = toDist(file);
  if (!isThere(written)) {
    continue;
  }
  const text = readFileSync(join(dist, written), "utf8").replace(/(\]\()([^)\s#:]+\.md)(?=[#)])/g, (whole, start, target) => {
    const path = target.startsWith("/") ? target.slice(1) : toDist(join(dirname(file), target));
    const found = [path, relative(dirname(file), target)].find(isThere);
    if (found === undefined) {
      broken.push(`${written} → ${target}`);
      return whole;
    }
    return start + (relative(dirname(written), found) || basename(found));
  });
  writeFileSync(join(dist, written), text);
}
const reference = readdirSync(join(dist, "reference"))
  .filter((file) => file.endsWith(".md"))
  .map((file) => `- [flagon${file === "flagon.md" ? "" : `/${file.replace(/\.md$/, "")}`}](/reference/${file}): every export`);
const llms = readFileSync(join(dist, "llms.txt"), "utf8");
writeFileSync(join(dist, "llms.txt"), `${llms.trimEnd()}\n\n### API reference\n\n${reference.join("\n")}\n`);
if (broken.length > 0) {
  process.stderr.write(`Links of Markdown pages lead nowhere:\n${broken.join("\n")}\n`);
  process.exit(1);
}
