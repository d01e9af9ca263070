import { realpath, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, sep } from "node:path";
import { Readable } from "node:stream";
import send from "@fastify/send";
import contentDisposition from "content-disposition";
import { createException, isErrorStatus, NotFound, RangeNotSatisfiable } from "./exceptions";
import type { FlagonRequest } from "./request";
import { FlagonResponse } from "./response";

/** How a file is sent. */
export interface SendFileOptions {
  /** The media type. Guessed from the name by default. */
  mimeType?: string;
  /** Makes the browser save the file instead of showing it. Default: `false`. */
  asAttachment?: boolean;
  /** The name under which the browser saves the file. Its own name by default. */
  downloadName?: string;
  /** How long clients may keep the file without asking, in seconds; `null` makes them ask every time. Default: the setting `sendFileMaxAge`. */
  maxAge?: number | null;
  /** Tells clients that this URL never serves other content. Default: `false`. */
  immutable?: boolean;
}

/**
 * Responds with a file: with its type, length, entity tag and modification time, and to conditional and range requests.
 *
 * @param path The file. It is trusted: never build it from what a client sent, use a directory for that.
 * @throws {NotFound} If there is no such file.
 */
export async function createFileResponse(request: FlagonRequest, path: string, options: SendFileOptions = {}): Promise<FlagonResponse> {
  return respond(request, dirname(path), basename(path), "allow", options);
}

/**
 * Responds with a file of a directory, by a name that a client may have sent.
 *
 * @throws {NotFound} If there is no such file, if the name or a link leads out of the directory, or for a dotfile.
 */
export async function createDirectoryResponse(
  request: FlagonRequest,
  directory: string,
  name: string,
  options: SendFileOptions = {},
): Promise<FlagonResponse> {
  if (!isSafeName(name) || !(await isInside(directory, join(directory, name)))) {
    throw new NotFound();
  }
  return respond(request, directory, name, "ignore", options);
}

/** Tells whether a name stays below a directory by its text alone: no absolute path, no `..`, no dotfile, no backslash. */
function isSafeName(name: string): boolean {
  return (
    name !== "" &&
    !isAbsolute(name) &&
    !/[\\\0:]/.test(name) &&
    name.split("/").every((segment) => segment !== "" && !segment.startsWith("."))
  );
}

async function respond(
  request: FlagonRequest,
  root: string,
  name: string,
  dotfiles: "allow" | "ignore",
  options: SendFileOptions,
): Promise<FlagonResponse> {
  const target = `/${name.split("/").map(encodeURIComponent).join("/")}`;
  const result = await send(toSendRequest(request), target, {
    root,
    dotfiles,
    index: false,
    cacheControl: false,
    ...(options.mimeType === undefined ? {} : { contentType: false }),
  });
  if (result.type === "error" && isErrorStatus(result.statusCode)) {
    throw result.statusCode === RangeNotSatisfiable.status
      ? new RangeNotSatisfiable((await stat(join(root, name))).size)
      : createException(result.statusCode);
  }
  if (result.type !== "file") {
    throw new NotFound();
  }
  const { "Content-Length": length, ...headers } = result.headers;
  const response = new FlagonResponse(result.stream, result.statusCode, headers);
  response.streamLength = length === undefined || result.statusCode === 304 ? null : Number(length);
  if (options.mimeType !== undefined && result.statusCode !== 304) {
    response.headers.set("content-type", options.mimeType);
  }
  if (options.asAttachment === true || options.downloadName !== undefined) {
    const type = options.asAttachment === true ? "attachment" : "inline";
    response.headers.set("content-disposition", contentDisposition(options.downloadName ?? basename(name), { type }));
  }
  response.cacheControl = toCacheControl(options);
  return response;
}

/** `send` reads no more of a request than its method and headers, but declares a whole stream. */
function toSendRequest(request: FlagonRequest): Readable {
  const headers: Record<string, string> = {};
  for (const name of ["range", "if-range", "if-none-match", "if-match", "if-modified-since", "if-unmodified-since", "cache-control"]) {
    const value = request.headers.get(name);
    if (value !== null) {
      headers[name] = value;
    }
  }
  return Object.assign(new Readable(), { method: request.method, headers });
}

function toCacheControl({ maxAge = null, immutable = false }: SendFileOptions): string {
  if (maxAge === null) {
    return "no-cache";
  }
  return maxAge === 0 ? "no-cache, max-age=0" : `public, max-age=${maxAge}${immutable ? ", immutable" : ""}`;
}

async function isInside(directory: string, path: string): Promise<boolean> {
  try {
    const [root, real] = await Promise.all([realpath(directory), realpath(path)]);
    return real.startsWith(root + sep);
  } catch {
    return false;
  }
}
