import { existsSync } from "node:fs";
import { dirname } from "node:path";

/** The reasons of failures of the file system, with their cures, by code. */
const reasons: Readonly<Record<string, (path: string) => string>> = {
  EEXIST: () =>
    "a file or folder of this name exists. State { overwrite: true } to replace a file, or leave the name to saveTo({ folder }).",
  EACCES: (path) => `the process may not write there. Give its user the right to write to '${dirname(path)}'.`,
  EPERM: (path) => `the process may not write there. Give its user the right to write to '${dirname(path)}'.`,
  EROFS: () => "the disk is read-only. Choose a folder that can be written to.",
  ENOSPC: () => "the disk is full. Nothing of the file was kept.",
  EDQUOT: () => "the quota of the disk is used up. Nothing of the file was kept.",
  EFBIG: () => "the file is larger than the disk allows. Nothing of the file was kept.",
  EMFILE: () => "the process has too many open files. Save fewer files at once, or raise the limit (ulimit -n).",
  ENOENT: (path) => `the folder '${dirname(path)}' does not exist. Create it first: saveTo() creates no folder inside of 'folder'.`,
  ENOTDIR: () => "a part of the path is a file, and no folder.",
  EISDIR: () => "it is a folder. Add the name of the file.",
  ENAMETOOLONG: () => "the name is too long for the disk: most take 255 bytes.",
  ELOOP: () => "the path has links in a circle.",
};

/** The reason of a failure after the request. */
const gone =
  "its temporary file is gone, as it is removed when the request ends. Await saveTo() in the view; work in app.background() gets the path that it returns.";

/**
 * Explains a failure of the file system to the developer. The error keeps the code, such as `ENOSPC`, and has the first
 * error as its cause. Other errors stay as they are.
 *
 * @param error The error.
 * @param path The path of the upload.
 * @param source The path of its temporary file, if it has one.
 */
export function explainSaving(error: unknown, path: string, source?: string): unknown {
  if (!(error instanceof Error) || !("syscall" in error) || !("code" in error) || typeof error.code !== "string") {
    return error;
  }
  const isNoFolder = error.code === "EEXIST" && error.syscall === "mkdir";
  const isGone = error.code === "ENOENT" && source !== undefined && !existsSync(source);
  const reason = isGone
    ? gone
    : isNoFolder
      ? "its folder is a file. Choose another folder."
      : (reasons[error.code]?.(path) ?? error.message);
  return Object.assign(new Error(`The upload was not saved as '${path}' (${error.code}): ${reason}`, { cause: error }), {
    code: error.code,
  });
}
