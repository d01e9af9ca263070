import { realpath, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, sep } from "node:path";
import { Readable } from "node:stream";
import contentDisposition from "content-disposition";
import { lazily } from "../../base/lazily";
import { createException, isErrorStatus } from "../exceptions/by-status";
import { NotFound, RangeNotSatisfiable } from "../exceptions/client-errors";
import type { FlagonRequest } from "../request/request";
import { FilePart } from "../response/file-part";
import { FlagonResponse } from "../response/response";
import type { FileCache } from "./file-cache";

const loadSend = lazily((): typeof import("@fastify/send") => require("@fastify/send"));

/** How a file is sent. */
export interface SendFileOptions {
  /** The media type. Guessed from the name by default. */
  mimeType?: string;
  /** Makes the browser save the file instead of showing it. Default: `false`. */
  asAttachment?: boolean;
  /** The name under which the browser saves the file. Its own name by default. */
  downloadName?: string;
  /** How long clients may keep the file without asking, in seconds; `null` makes them ask every time. Default: the setting `sendFileMaxAge`. */
  maxAge?: number | null | ((path: string) => number | null);
  /** Tells clients that this URL never serves other content. Default: `false`. */
  immutable?: boolean;
  /** The entity tag; `false` for none. Made from size and modification time by default; of bytes, from their content. */
  etag?: string | false;
  /** When the content was last changed; `false` to leave it out. The file's own time by default. */
  lastModified?: Date | false;
  /** Whether conditional requests and ranges are answered. Default: `true`. */
  conditional?: boolean;
  /** Sends a compressed copy that lies beside the file, such as `app.js.br`, to who takes it. Default: `true` for static files, else `false`. */
  precompressed?: boolean;
  /** Leaves the sending to the proxy, by the header `X-Sendfile`. Default: the setting `useXSendfile`. */
  useXSendfile?: boolean;
}

/** What is sent in place of a file: bytes, or a stream of them. */
export type FileContent = Uint8Array | Blob | Readable | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * Responds with a file: with its type, length, entity tag and modification time, and to conditional and range requests.
 *
 * @param path The file. It is trusted: never build it from what a client sent, use a directory for that.
 * @throws {NotFound} If there is no such file.
 */
export async function createFileResponse(request: FlagonRequest, path: string, options: SendFileOptions = {}): Promise<FlagonResponse> {
  const [directory, name] = [dirname(path), basename(path)];
  const variant = options.precompressed === true ? chooseVariant(request, await findFile(directory, name, true)) : plain;
  return respond(request, directory, name, "allow", variant, options);
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
  cache?: FileCache<FoundFile>,
): Promise<FlagonResponse> {
  if (!isSafeName(name)) {
    throw new NotFound();
  }
  const find = (): Promise<FoundFile> => findFile(directory, name, options.precompressed === true);
  const found = await (cache === undefined ? find() : cache.find(name, find));
  if (!found.isInside) {
    throw new NotFound();
  }
  const variant = chooseVariant(request, found);
  return (
    (cache === undefined ? undefined : await respondByState(request, directory, name, variant, options, cache)) ??
    respond(request, directory, name, "ignore", variant, options)
  );
}

/** Responds with a file by its state alone, with the content of a small one from memory; `undefined` for what takes more than that. */
async function respondByState(
  request: FlagonRequest,
  directory: string,
  name: string,
  variant: Variant,
  options: SendFileOptions,
  cache: FileCache<FoundFile>,
): Promise<FlagonResponse | undefined> {
  const path = join(directory, name + variant.extension);
  const state = options.useXSendfile === true ? undefined : await stat(path).catch(() => undefined);
  const body = state?.isFile() === true ? await cache.read(path, state) : undefined;
  if (state === undefined || body === undefined) {
    return undefined;
  }
  const response = new FlagonResponse(body, 200, {
    "last-modified": state.mtime.toUTCString(),
    etag: `W/"${state.size.toString(16)}-${state.mtime.getTime().toString(16)}"`,
    "content-type": guessType(name),
  });
  variant.apply(response);
  describe(response, name, options, path);
  response.makeConditional(request, { acceptRanges: true });
  if (isErrorStatus(response.status)) {
    throw response.status === RangeNotSatisfiable.status ? new RangeNotSatisfiable(state.size) : createException(response.status);
  }
  return response;
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
    throw new TypeError("What is sent as a file and is not one has no name to guess its type from. Give 'mimeType' or 'downloadName'.");
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
  describe(response, options.downloadName ?? "", options);
  return options.conditional === false ? response : response.makeConditional(request, { acceptRanges: body instanceof Uint8Array });
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
  variant: Variant,
  options: SendFileOptions,
): Promise<FlagonResponse> {
  const target = `/${(name + variant.extension).split("/").map(encodeURIComponent).join("/")}`;
  const hasOwnState = options.etag !== undefined || options.lastModified !== undefined;
  const result = await loadSend()(toSendRequest(request, options, hasOwnState), target, {
    root,
    dotfiles,
    index: false,
    cacheControl: false,
    etag: options.etag === undefined,
    lastModified: options.lastModified === undefined,
    acceptRanges: options.conditional !== false,
    contentType: false,
  });
  if (result.type === "error" && isErrorStatus(result.statusCode)) {
    throw result.statusCode === RangeNotSatisfiable.status
      ? new RangeNotSatisfiable((await stat(join(root, name + variant.extension))).size)
      : createException(result.statusCode);
  }
  if (result.type !== "file") {
    throw new NotFound();
  }
  const { "Content-Length": length, ...headers } = result.headers;
  const response = new FlagonResponse(null, result.statusCode, headers);
  if (result.statusCode !== 304) {
    const [, start = "0"] = /^bytes (\d+)-/.exec(headers["Content-Range"] ?? "") ?? [];
    response.body = new FilePart(result.metadata.path, Number(start), Number(length));
    response.headers.set("content-type", options.mimeType ?? guessType(name));
  }
  variant.apply(response);
  if (typeof options.etag === "string") {
    response.etag = options.etag;
  }
  describe(response, name, options, result.metadata.path);
  if (hasOwnState && options.conditional !== false) {
    response.makeConditional(request);
  }
  return options.useXSendfile === true && response.status === 200 ? handOver(response, result.metadata.path) : response;
}

/** Says how long the content may be kept, when it was changed, and under which name it is saved. */
function describe(response: FlagonResponse, name: string, options: SendFileOptions, path = name): void {
  if (options.lastModified instanceof Date) {
    response.lastModified = options.lastModified;
  }
  if (options.asAttachment === true || options.downloadName !== undefined) {
    const type = options.asAttachment === true ? "attachment" : "inline";
    response.headers.set("content-disposition", contentDisposition(options.downloadName ?? (basename(name) || undefined), { type }));
  }
  const maxAge = typeof options.maxAge === "function" ? options.maxAge(path) : (options.maxAge ?? null);
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
  response.headers.set("x-sendfile", path);
  return response;
}

/** A copy of a file that is sent in its place. */
interface Variant {
  /** What its name adds. */
  readonly extension: string;
  /** Sets the headers that tell what it is. */
  apply(response: FlagonResponse): void;
}

const plain: Variant = { extension: "", apply: () => undefined };
const encodings: readonly (readonly [encoding: string, extension: string])[] = [
  ["br", ".br"],
  ["zstd", ".zst"],
  ["gzip", ".gz"],
];

/** What was found out about a file of a directory. */
export interface FoundFile {
  /** Whether it is there, and no link leads out of the directory. */
  readonly isInside: boolean;
  /** Its compressed copies. */
  readonly available: readonly (readonly [encoding: string, extension: string])[];
}

async function findFile(root: string, name: string, isPrecompressed: boolean): Promise<FoundFile> {
  if (!(await isInside(root, join(root, name)))) {
    return { isInside: false, available: [] };
  }
  const present = isPrecompressed
    ? await Promise.all(encodings.map(([, extension]) => isFileInside(root, join(root, name + extension))))
    : [];
  return { isInside: true, available: encodings.filter((_, index) => present[index]) };
}

/** Chooses the compressed copy that the client likes best; where there is any, caches have to tell clients apart. */
function chooseVariant(request: FlagonRequest, { available }: FoundFile): Variant {
  if (available.length === 0) {
    return plain;
  }
  const encoding = request.accepts.encodings(...available.map(([encoding]) => encoding), "identity");
  const [, extension = ""] = available.find(([name]) => name === encoding) ?? [];
  return {
    extension,
    apply(response) {
      response.vary("accept-encoding");
      if (extension !== "" && response.status !== 304) {
        response.headers.set("content-encoding", encoding ?? "");
      }
    },
  };
}

async function isFileInside(root: string, path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile() && (await isInside(root, path));
  } catch {
    return false;
  }
}

function guessType(name: string): string {
  const send = loadSend();
  // The type of scripts that RFC 9239 names; the table has an older one.
  const type = /\.m?js$/i.test(name) ? "text/javascript" : (send.mime.getType(name) ?? "application/octet-stream");
  return send.isUtf8MimeType(type) ? `${type}; charset=utf-8` : type;
}

const conditions = ["if-none-match", "if-match", "if-modified-since", "if-unmodified-since"];

/**
 * Makes what `send` is asked with. It reads no more of a request than its method and headers, but declares a whole stream;
 * it is asked for the head alone, so that it opens no file.
 */
function toSendRequest(request: FlagonRequest, { conditional = true }: SendFileOptions, hasOwnState: boolean): Readable {
  const headers: Record<string, string> = {};
  // Where the state is the app's own, its conditions are judged afterwards; a range of an earlier state is then not known.
  const asks = conditional ? ["range", "cache-control", "if-range", ...(hasOwnState ? [] : conditions)] : [];
  for (const name of asks) {
    const value = request.headers.get(name);
    if (value !== null) {
      headers[name] = value;
    }
  }
  return Object.assign(new Readable(), { method: "HEAD", headers });
}

async function isInside(directory: string, path: string): Promise<boolean> {
  try {
    const [root, real] = await Promise.all([realpath(directory), realpath(path)]);
    return real.startsWith(root + sep);
  } catch {
    return false;
  }
}
