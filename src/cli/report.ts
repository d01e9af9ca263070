import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { CommanderError } from "commander";
import { explainForeignName } from "../base/foreign-names";
import { findHint, findReason, hideValues } from "../base/query-errors";

/** The codes of errors about a wrong call: exit code 2. */
const usageCodes: ReadonlySet<unknown> = new Set(["LOAD", "USAGE"]);
/** The codes of errors whose message names the place: the mistakes of settings, files and calls. */
const placedCodes: ReadonlySet<unknown> = new Set([
  "LOAD",
  "USAGE",
  "CONFIG",
  "DATABASE",
  "JOB",
  "MAIL",
  "MODULE_NOT_FOUND",
  "ERR_MODULE_NOT_FOUND",
]);

/**
 * Prints an error: a mistake that Flagon explains in a line, with the line of the app's code that made it; any other error with
 * its stack.
 *
 * @param error The error.
 * @param folder The working directory, to which paths are relative.
 * @returns The exit code: 2 for a wrong call, else 1.
 */
export function report(error: unknown, folder: string): number {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? 0 : 2;
  }
  hideValues(error);
  // By the code, since the app may have another copy of the package than the command line.
  const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
  if (error instanceof Error && placedCodes.has(code)) {
    console.error(error.message);
  } else if (error instanceof Error && isFlagonError(error)) {
    console.error([error.message, ...findOwnLine(error, folder)].join("\n"));
  } else {
    const reason = error instanceof Error ? findReason(error) : error;
    if (reason instanceof Error && reason !== error) {
      console.error(reason.message);
    }
    console.error(error);
  }
  const hint = findHint(error) ?? (error instanceof Error && !isFlagonError(error) ? explainForeignName(error.message) : undefined);
  if (hint !== undefined && process.env.NODE_ENV !== "production") {
    console.error(hint);
  }
  return usageCodes.has(code) ? 2 : 1;
}

/** Tells whether an error is one of Flagon's, also of another copy: by the names of its classes. */
function isFlagonError(error: Error): boolean {
  for (let prototype: unknown = Object.getPrototypeOf(error); typeof prototype === "object" && prototype !== null; ) {
    if ("constructor" in prototype && typeof prototype.constructor === "function" && prototype.constructor.name === "FlagonError") {
      return true;
    }
    prototype = Object.getPrototypeOf(prototype);
  }
  return false;
}

const framePattern = /^\s+at .*?\(?((?:file:\/\/)?\/[^()]*|(?:file:\/\/\/)?[A-Za-z]:[^()]*):(\d+):(\d+)\)?$/;

/** Finds the first line of the app's own code in a stack. */
function findOwnLine({ stack = "" }: Error, folder: string): string[] {
  for (const line of stack.split("\n")) {
    const [, place = "", row, column] = framePattern.exec(line) ?? [];
    const file = place.startsWith("file:") ? fileURLToPath(place) : place;
    if (file !== "" && !/[\\/]node_modules[\\/]/.test(file) && !ownFolders.some((own) => file.startsWith(own))) {
      return [`    at ${relative(folder, file)}:${row}:${column}`];
    }
  }
  return [];
}

/** The folders of this package's own code, compiled and by its source maps. */
const ownFolders = ["dist", "src"].map((name) => join(__dirname, "../..", name) + sep);
