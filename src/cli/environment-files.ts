import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { LoadError } from "../base/errors";
import { readTextFile } from "../base/text-file";

/**
 * Reads variables from `.env` and `.flagonenv` into the environment. Variables that are set already stay, and earlier files
 * win over later ones.
 *
 * @param folder The folder of the files.
 * @param given A file before them, relative to the folder.
 * @throws {LoadError} If the given file does not exist.
 */
export function loadEnvironmentFiles(folder: string, given: string | undefined): void {
  if (given !== undefined && !existsSync(join(folder, given))) {
    throw new LoadError(`There is no file '${given}' of environment variables in '${folder}'.`);
  }
  for (const file of [...(given === undefined ? [] : [given]), ".env", ".flagonenv"].map((name) => join(folder, name))) {
    for (const [name, value] of existsSync(file) ? parseVariables(readTextFile(file)) : []) {
      process.env[name] ??= value;
    }
  }
}

/** A line that sets a variable: its name, and the value with its quotes or up to the end of the line. */
const assignment = /^[ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*=(?:[ \t]*("[^"]*"|'[^']*'|`[^`]*`)|([^\r\n]*))/gm;

/**
 * Parses a file of variables as Node does, apart from values without quotes that hold a `#`: a comment needs a blank before it,
 * so that `PASSWORD=a#b` keeps its end.
 */
function parseVariables(text: string): Map<string, string> {
  const parsed = parseEnv(text);
  const values = new Map(Object.entries(parsed).map(([name, value]) => [name, value ?? ""]));
  for (const [, name = "", quoted, plain = ""] of text.matchAll(assignment)) {
    if (values.has(name)) {
      values.set(name, quoted === undefined ? plain.replace(/[ \t]#.*$/, "").trim() : (parsed[name] ?? ""));
    }
  }
  return values;
}
