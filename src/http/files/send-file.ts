import { basename, dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { refusePromise } from "../../base/forgotten-await";
import { createException, isErrorStatus } from "../exceptions/by-status";
import { NotFound, RangeNotSatisfiable } from "../exceptions/client-errors";
import type { FlagonRequest } from "../request/request";
import { FilePart } from "../response/file-part";
import { FlagonResponse } from "../response/response";
import { formatDisposition } from "./download-name";
import type { FileCache } from "./file-cache";
import { type FileState, type FoundFile, findFile, isSafeName, readState } from "./find-file";
import { guessType } from "./media-type";

/** Options of `sendFile()` and `sendFromDirectory()`. */
export interface SendFileOptions {
  /** The media type. Default: guessed from the name. */
  mimeType?: string;
  /** Makes the browser save the file instead of showing it. Default: `false`. */
  asAttachment?: boolean;
  /** The name under which the browser saves the file. Default: its own name. The empty string states none. */
  downloadName?: string;
  /** The seconds for which clients may keep the file without asking; `null` makes them ask every time. Default: the setting `sendFileMaxAge`. */
  maxAge?: number | null | ((path: string) => number | null);
  /** Tells clients that this URL never serves other content. Default: `false`. */
  immutable?: boolean;
  /** The entity tag; `false` for none. Default: a strong tag of size and time; of bytes, a hash of their content. */
  etag?: string | false;
  /** The time of the last change; `false` for none. Default: the time of the file. */
  lastModified?: Date | false;
  /** Whether conditional requests and ranges are answered. Default: `true`. */
  conditional?: boolean;
  /**
   * Sends a compressed copy that is next to the file, such as `app.js.br`, to clients that accept it. Default: `true`
   * for static files, else `false`.
   */
  precompressed?: boolean;
  /** Leaves the sending to the proxy, by the header `X-Sendfile`. Default: the setting `useXSendfile`. */
  useXSendfile?: boolean;
}

/** The content of a response that is sent like a file: bytes, or a stream of them. */
export type FileContent = Uint8Array | Blob | Readable | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * Responds with a file: with its type, length, entity tag and modification time, and to conditional and range requests.
 *
 * @param path The file. It is trusted: never build it from text of a client, use a directory for that.
 * @throws {NotFound} If there is no regular file that the server may read.
 */
export async function createFileResponse(request: FlagonRequest, path: string, options: SendFileOptions = {}): Promise<FlagonResponse> {
  const [directory, name] = [dirname(path), basename(path)];
  return respondWithFound(request, directory, name, await findFile(directory, name, options.precompressed === true, true), options);
}

/**
 * Responds with a file of a directory, by a name that a client may have sent.
 *
 * @throws {NotFound} If there is no regular file that the server may read, if the name or a link leads out of the
 * directory, or for a dotfile.
 */
export async function createDirectoryResponse(
  request: FlagonRequest,
  directory: string,
  name: string,
  options: SendFileOptions = {},
): Promise<FlagonResponse> {
  if (!isSafeName(name)) {
    throw new NotFound();
  }
  return respondWithFound(request, directory, name, await findFile(directory, name, options.precompressed === true), options);
}

/**
 * Responds with a file that was looked for, or with its best copy.
 *
 * @param request The request.
 * @param directory The directory of the file.
 * @param name The name below it, which is checked.
 * @param found The result of looking for it.
 * @param options Options of the response.
 * @param cache Keeps the content of small files. Default: each is read again.
 * @throws {NotFound} If it was not found, or is gone since.
 */
export async function respondWithFound(
  request: FlagonRequest,
  directory: string,
  name: string,
  found: FoundFile,
  options: SendFileOptions,
  cache?: FileCache<FoundFile>,
): Promise<FlagonResponse> {
  if (!found.isFound) {
    throw new NotFound();
  }
  const copy = chooseCopy(request, found);
  const path = join(directory, name + copy.extension);
  const state = await readState(path);
  const isHandedOver = options.useXSendfile === true;
  const body = state && (cache === undefined || isHandedOver ? new FilePart(path, 0, state.size) : await cache.read(path, state));
  if (state === undefined || body === undefined) {
    throw new NotFound();
  }
  const response = new FlagonResponse(body, 200, { "content-type": options.mimeType ?? guessType(name) });
  response.lastModified = options.lastModified === false ? null : (options.lastModified ?? state.mtime);
  response.etag = options.etag === false ? null : (options.etag ?? formatTag(state, copy.extension));
  if (found.copies.length > 0) {
    response.vary("accept-encoding");
  }
  if (copy.encoding !== "") {
    response.headers.set("content-encoding", copy.encoding);
  }
  describe(response, basename(name), options, path);
  if (options.conditional !== false) {
    response.makeConditional(request, { acceptRanges: !isHandedOver });
  }
  if (isErrorStatus(response.status)) {
    throw response.status === RangeNotSatisfiable.status ? new RangeNotSatisfiable(state.size) : createException(response.status);
  }
  return isHandedOver && response.status === 200 ? handOver(response, path) : response;
}

/** Returns a strong entity tag: size and time, and the kind of a copy, whose bytes differ (RFC 9110, section 8.8.1). */
function formatTag({ mtimeMs, size }: FileState, extension: string): string {
  return `"${size.toString(16)}-${Math.trunc(mtimeMs * 1000).toString(16)}${extension.replace(".", "-")}"`;
}

/**
 * Responds with bytes or a stream as with a file; only bytes have an entity tag and ranges.
 *
 * @throws {TypeError} If neither a media type nor a name is given.
 */
export async function createContentResponse(
  request: FlagonRequest,
  content: FileContent,
  options: SendFileOptions = {},
): Promise<FlagonResponse> {
  const type = options.mimeType ?? (options.downloadName === undefined ? undefined : guessType(options.downloadName));
  if (type === undefined) {
    throw new TypeError("Content without a file has no name to guess its type from. Give 'mimeType' or 'downloadName'.");
  }
  const body = content instanceof Blob ? new Uint8Array(await content.arrayBuffer()) : content;
  const response = new FlagonResponse(body, 200, { "content-type": type });
  if (options.etag !== false) {
    if (options.etag === undefined) {
      response.addEtag();
    } else {
      response.etag = options.etag;
    }
  }
  describe(response, "", options);
  if (options.lastModified instanceof Date) {
    response.lastModified = options.lastModified;
  }
  return options.conditional === false ? response : response.makeConditional(request, { acceptRanges: body instanceof Uint8Array });
}

/** Sets the lifetime in caches, and the name under which browsers save the file. */
function describe(response: FlagonResponse, name: string, options: SendFileOptions, path = name): void {
  if (options.asAttachment === true || options.downloadName !== undefined) {
    response.headers.set("content-disposition", formatDisposition(options.downloadName ?? name, options.asAttachment === true));
  }
  const maxAge = typeof options.maxAge === "function" ? options.maxAge(path) : (options.maxAge ?? null);
  refusePromise(maxAge, "result of the function 'maxAge'");
  response.cacheControl =
    maxAge === null
      ? "no-cache"
      : maxAge === 0
        ? "no-cache, max-age=0"
        : `public, max-age=${maxAge}${options.immutable === true ? ", immutable" : ""}`;
}

/** Leaves the sending to the proxy, which reads the file itself. */
function handOver(response: FlagonResponse, path: string): FlagonResponse {
  response.discardBody();
  // A header carries bytes: those of the path, as the file system has them.
  response.headers.set("x-sendfile", Buffer.from(path, "utf8").toString("latin1"));
  return response;
}

/** A file that is sent in place of another: a compressed copy, or the file itself. */
interface Copy {
  /** The end of its name, or the empty string. */
  readonly extension: string;
  /** Its content coding, or the empty string. */
  readonly encoding: string;
}

/** Chooses the compressed copy that the client prefers. */
function chooseCopy(request: FlagonRequest, { copies }: FoundFile): Copy {
  const encoding = copies.length === 0 ? undefined : request.accepts.encodings(...copies.map(([encoding]) => encoding), "identity");
  const [, extension = ""] = copies.find(([name]) => name === encoding) ?? [];
  return { extension, encoding: extension === "" ? "" : (encoding ?? "") };
}
