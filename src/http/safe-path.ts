import { isAbsolute, normalize, resolve, sep } from "node:path";

/**
 * Joins a folder and parts that a client may have sent, or gives `null` if the result would lie outside of the folder.
 *
 * It looks at the text alone, and does not resolve links.
 *
 * @param folder The folder.
 * @param parts The parts below it.
 *
 * @example
 * ```ts
 * safeJoin("files", "a/b.txt"); // "/srv/app/files/a/b.txt"
 * safeJoin("files", "../secret"); // null
 * ```
 */
export function safeJoin(folder: string, ...parts: readonly string[]): string | null {
  const root = resolve(folder);
  let path = root;
  for (const part of parts) {
    const name = normalize(part);
    if (/[\\\0]/.test(part) || isAbsolute(part) || /^[A-Za-z]:/.test(part) || name === ".." || name.startsWith(`..${sep}`)) {
      return null;
    }
    path = resolve(path, name);
  }
  return path === root || path.startsWith(root + sep) ? path : null;
}

/** The names that Windows takes for devices, with any extension. */
const devices = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9]|conin\$|conout\$)(?:\.|$)/i;

/**
 * Makes a file's name of one that a client sent: of ASCII letters, digits, dots, dashes and underscores, without a path.
 *
 * It may be empty, and two names may become the same: look before you overwrite.
 *
 * @param name The name that the client sent.
 */
export function secureFilename(name: string): string {
  const ascii = name.normalize("NFKD").replace(/[^\x00-\x7f]/g, "");
  const safe = ascii
    .replace(/[/\\]+/g, " ")
    .trim()
    .split(/\s+/)
    .join("_")
    .replace(/[^\w.-]/g, "")
    .replace(/^[._]+|[._]+$/g, "");
  return devices.test(safe) ? `_${safe}` : safe;
}
