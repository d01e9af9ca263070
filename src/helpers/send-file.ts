import { resolve } from "node:path";
import { getRequestContext } from "../dispatch/context";
import {
  createContentResponse,
  createDirectoryResponse,
  createFileResponse,
  type FileContent,
  type SendFileOptions,
} from "../http/files/send-file";
import type { FlagonResponse } from "../http/response/response";
import type { Application } from "../setup/application";

/**
 * Responds with a file: with its type, entity tag and modification time, and to conditional and range requests.
 *
 * @param file The file, relative to the app's root; never build its path from text of a client: {@link sendFromDirectory}
 * is for that. Or the content itself: bytes, or a stream of them, whose type `mimeType` or `downloadName` tells.
 * @param options The type, the name and the caching of the file.
 * @throws {NotFound} If there is no such file.
 */
export function sendFile(file: string | FileContent, options: SendFileOptions = {}): Promise<FlagonResponse> {
  const { app, request } = getRequestContext("sendFile");
  const all = { ...defaultsOf(app), ...options };
  return typeof file === "string" ? createFileResponse(request, resolve(app.root, file), all) : createContentResponse(request, file, all);
}

/**
 * Responds with a file of a directory, by a name that a client may have sent.
 *
 * @param directory The directory, relative to the app's root.
 * @param name The name below it.
 * @param options The type, the name and the caching of the file.
 * @throws {NotFound} If there is no such file, or the name leads out of the directory.
 */
export function sendFromDirectory(directory: string, name: string, options: SendFileOptions = {}): Promise<FlagonResponse> {
  const { app, request } = getRequestContext("sendFromDirectory");
  return createDirectoryResponse(request, resolve(app.root, directory), name, { ...defaultsOf(app), ...options });
}

function defaultsOf({ config }: Application): SendFileOptions {
  return { maxAge: config.sendFileMaxAge, useXSendfile: config.useXSendfile };
}
