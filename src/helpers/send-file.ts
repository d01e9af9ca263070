import { existsSync } from "node:fs";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { refusePromise, refusePromises } from "../base/forgotten-await";
import { refuseUnknown } from "../base/unknown-options";
import { isWatching } from "../base/watching";
import { getRequestContext } from "../dispatch/context";
import { NotFound } from "../http/exceptions/client-errors";
import { sandboxDocument } from "../http/files/sandbox";
import {
  createContentResponse,
  createDirectoryResponse,
  createFileResponse,
  type FileContent,
  type SendFileOptions,
} from "../http/files/send-file";
import type { FlagonResponse } from "../http/response/response";
import type { Application } from "../setup/application";

const fileOptions = Object.keys({
  mimeType: true,
  asAttachment: true,
  downloadName: true,
  maxAge: true,
  immutable: true,
  etag: true,
  lastModified: true,
  conditional: true,
  precompressed: true,
  useXSendfile: true,
} satisfies Record<keyof SendFileOptions, true>);

/**
 * Responds with a file: with its type, entity tag and modification time, and to conditional and range requests.
 *
 * @param file The file, relative to the app's root; never build its path from text of a client: {@link
 * sendFromDirectory} is for that. Or the content itself: bytes, or a stream of them, whose type `mimeType` or
 * `downloadName` tells. An HTML, SVG or XML document that may come from a visitor is sandboxed, so that no script of it
 * runs. Such documents are content, a file with a `downloadName`, and a file below `app.instancePath` or a folder
 * `uploads`. The response's own `Content-Security-Policy` can be changed.
 * @param options The type, the name and the caching of the file.
 * @throws {NotFound} If there is no such file.
 *
 * @example
 * ```ts
 * return sendFile("reports/2026.pdf", { asAttachment: true, downloadName: "report.pdf" });
 * return sendFile(new TextEncoder().encode("a,b"), { downloadName: "table.csv", asAttachment: true });
 * ```
 */
export function sendFile(file: string | FileContent, options: SendFileOptions = {}): Promise<FlagonResponse> {
  const { app, request } = getRequestContext("sendFile");
  refusePromise(file, "file of sendFile()");
  refusePromises(options, "options of sendFile()");
  refuseUnknown(options, fileOptions, "sendFile()");
  const all = { ...defaultsOf(app), ...options };
  if (typeof file !== "string") {
    return createContentResponse(request, file, all).then(sandboxDocument);
  }
  const path = resolve(app.root, file);
  const response = createFileResponse(request, path, all).catch((error: unknown) => {
    if (error instanceof NotFound) {
      // The app named the file, so the visitor's 404 does not tell the path.
      request.log.warn({ path }, "sendFile() found no such file.");
      throw isWatching() ? new NotFound(explainMissing(file, path, app.root), { cause: error }) : error;
    }
    throw error;
  });
  return mayComeFromVisitor(app, path, options) ? response.then(sandboxDocument) : response;
}

/**
 * Responds with a file of a directory, by a name that a client may have sent.
 *
 * An HTML, SVG or XML document that may come from a visitor is sandboxed, as by {@link sendFile}.
 *
 * @param directory The directory, relative to the app's root.
 * @param name The name below it.
 * @param options The type, the name and the caching of the file.
 * @throws {NotFound} If there is no such file, or the name leads out of the directory.
 *
 * @example
 * ```ts
 * app.get("/files/<path:name>", ({ name }) => sendFromDirectory("files", name));
 * ```
 */
export function sendFromDirectory(directory: string, name: string, options: SendFileOptions = {}): Promise<FlagonResponse> {
  const { app, request } = getRequestContext("sendFromDirectory");
  refusePromise(directory, "directory of sendFromDirectory()");
  refusePromise(name, "name of sendFromDirectory()");
  refusePromises(options, "options of sendFromDirectory()");
  refuseUnknown(options, fileOptions, "sendFromDirectory()");
  const folder = resolve(app.root, directory);
  const response = createDirectoryResponse(request, folder, name, { ...defaultsOf(app), ...options });
  return mayComeFromVisitor(app, join(folder, name), options) ? response.then(sandboxDocument) : response;
}

/** Says for the developer where a file was looked for, and whether the working directory has it. */
function explainMissing(file: string, path: string, root: string): string {
  if (isAbsolute(file)) {
    return `sendFile() found no file '${path}'.`;
  }
  const cure = existsSync(resolve(file)) ? ` The working directory has it: sendFile(path.resolve("${file}")).` : "";
  return `sendFile("${file}") found no file '${path}': a relative path begins at the app's root, '${root}'.${cure}`;
}

/** Tells whether a file may be an upload: by a name of its own, or by its place. */
function mayComeFromVisitor({ instancePath, root }: Application, path: string, { downloadName }: SendFileOptions): boolean {
  const isBelow = (folder: string): boolean => path.startsWith(folder + sep);
  // An instance folder that contains the app does not make a file an upload.
  const isInstance = isBelow(instancePath) && !`${root}${sep}`.startsWith(instancePath + sep);
  return downloadName !== undefined || isInstance || relative(root, path).split(sep).includes("uploads");
}

function defaultsOf({ config }: Application): SendFileOptions {
  return { maxAge: config.sendFileMaxAge, useXSendfile: config.useXSendfile };
}
