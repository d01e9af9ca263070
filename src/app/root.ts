import { existsSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";

/** The folders into which compilers write. */
const outputFolders: ReadonlySet<string> = new Set(["dist", "build", "out"]);

/**
 * Finds the folder of the sources of a folder of compiled code: `dist/app.js` has the templates of `app.ts`, which no
 * compiler copies.
 *
 * @param folder The folder of the running code.
 * @param contents The folders of templates and static files, relative to the root.
 * @returns The folder itself, if it has one of them, or lies in no folder of compiled code next to a `package.json`.
 * Otherwise its counterpart in the project, or in the project's `src` if only that one has one of them.
 */
export function findRoot(folder: string, contents: readonly string[]): string {
  const output = findOutput(folder);
  const hasContents = (root: string): boolean => contents.some((name) => existsSync(join(root, name)));
  if (output === undefined || hasContents(folder)) {
    return folder;
  }
  const project = dirname(output);
  const rest = relative(output, folder);
  const roots = [join(project, rest), join(project, "src", rest)];
  return roots.find(hasContents) ?? roots.find((root) => existsSync(root)) ?? folder;
}

/** Finds the nearest folder of compiled code that a folder is, or lies in. */
function findOutput(folder: string): string | undefined {
  for (let current = folder; dirname(current) !== current; current = dirname(current)) {
    const hasManifest = existsSync(join(dirname(current), "package.json"));
    if (hasManifest) {
      return outputFolders.has(basename(current)) && !existsSync(join(current, "package.json")) ? current : undefined;
    }
    if (existsSync(join(current, "package.json"))) {
      return undefined;
    }
  }
  return undefined;
}
