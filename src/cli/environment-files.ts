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
    for (const [name, value] of existsSync(file) ? parseVariables(readTextFile(file), file) : []) {
      process.env[name] ??= value;
    }
  }
}

/** A line that sets a variable: its name, and the value with its quotes or up to the end of the line. */
const assignment =
  /^[ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*=(?:[ \t]*("(?:\\[\s\S]|[^"\\])*"(?=[ \t]*(?:#.*)?$)|"[^"]*"|'[^']*'|`[^`]*`)|([^\r\n]*))/gm;
/** A line inside of a value in quotes that sets another variable. */
const swallowed = /\n[ \t]*(?:export[ \t]+)?([A-Z_][A-Z\d_]*)=[^=\s]/;

/**
 * Parses a file of variables as Node does, with two differences. A comment after a value without quotes needs a blank before it, so that
 * `PASSWORD=a#b` keeps its end. And `\"` in double quotes is a quote, and `\\` a backslash.
 */
function parseVariables(text: string, file: string): Map<string, string> {
  const parsed = parseEnv(text);
  const values = new Map(Object.entries(parsed).map(([name, value]) => [name, value ?? ""]));
  for (const [, name = "", quoted, plain = ""] of text.matchAll(assignment)) {
    const other = swallowed.exec(quoted ?? "")?.[1];
    if (other !== undefined) {
      process.emitWarning(`The value of '${name}' in '${file}' holds the line of '${other}'. Is a quote missing at its end?`);
    }
    if (quoted === undefined && values.has(name)) {
      values.set(name, plain.replace(/[ \t]#.*$/, "").trim());
    } else if (quoted?.includes('\\"') === true && /[^\\](?:\\\\)*\\"./s.test(quoted)) {
      values.set(
        name,
        quoted
          .slice(1, -1)
          .replace(/\r\n/g, "\n")
          .replace(/\\([n"\\])/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped)),
      );
    }
  }
  return values;
}
