import { BadRequest, ContentTooLarge, UnsupportedMediaType } from "../exceptions/client-errors";
import { type ParameterizedHeader, parseParameters } from "../header-parameters";

/** The longest name of a field, in bytes. */
const maxName = 1024;

const decoder = new TextDecoder("utf-8", { fatal: true });

/** The head of a part of a form. */
export interface PartHead {
  /** The name of the field. */
  readonly name: string;
  /** The name of the file without its folders, or `undefined` for text. */
  readonly filename: string | undefined;
  /** The media type without parameters. */
  readonly type: string;
  /** The encoding of text. */
  readonly charset: "utf-8" | "latin1";
}

/**
 * Parses the head of a part (RFC 7578, section 4).
 *
 * @param bytes The lines of the head, without the line end of the last.
 * @throws {BadRequest} If it is malformed, or does not name a field.
 * @throws {ContentTooLarge} If the name is over 1,024 bytes.
 * @throws {UnsupportedMediaType} If the content is encoded in a way that is not read.
 */
export function parsePartHead(bytes: Uint8Array): PartHead {
  const headers = parseHeaders(decode(bytes));
  const { value: kind, parameters: disposition } = readHeader(headers, "content-disposition", "");
  if (kind.toLowerCase() !== "form-data") {
    throw malformed(kind === "" ? "has no Content-Disposition" : `has the Content-Disposition '${kind}', and not 'form-data'`);
  }
  const name = findText(disposition, "name");
  if (name === undefined) {
    throw malformed("has no name");
  }
  if (Buffer.byteLength(name) > maxName) {
    throw new ContentTooLarge(`The name of a field of the form is larger than ${maxName} bytes.`);
  }
  const filename = findText(disposition, "filename");
  const { value: type, parameters } = readHeader(headers, "content-type", "text/plain");
  const transfer = headers.get("content-transfer-encoding")?.toLowerCase() ?? "binary";
  if (!["7bit", "8bit", "binary"].includes(transfer)) {
    throw new UnsupportedMediaType(`A part of the form has the Content-Transfer-Encoding '${transfer}'. Send its bytes as they are.`);
  }
  return {
    name,
    filename: filename === undefined ? undefined : baseName(filename),
    type: type.toLowerCase(),
    charset: filename === undefined ? findCharset(parameters.get("charset")) : "utf-8",
  };
}

function readHeader(headers: ReadonlyMap<string, string>, name: string, otherwise: string): ParameterizedHeader {
  const header = parseParameters(headers.get(name) ?? otherwise);
  if (header === undefined) {
    throw malformed(`has a malformed header '${name}'`);
  }
  return header;
}

/** Reads the lines of a head. A line that begins with a blank continues the one before it (RFC 5322, section 2.2.3). */
function parseHeaders(text: string): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const line of text.replace(/\r\n[ \t]+/g, " ").split("\r\n")) {
    const [, name = "", value = ""] = /^([\w!#$%&'*+.^`|~-]+):(.*)$/s.exec(line) ?? [];
    if (name === "" || /[\0-\x08\x0a-\x1f\x7f]/.test(value)) {
      throw malformed("has a head with a line that is no header");
    }
    const key = name.toLowerCase();
    if (headers.has(key) && key.startsWith("content-")) {
      throw malformed(`has more than one ${name}`);
    }
    headers.set(key, value.trim());
  }
  return headers;
}

/** Finds a parameter in its plain form, or in the form `name*` (RFC 8187), which wins for files: some clients send both. */
function findText(parameters: ReadonlyMap<string, string>, name: "name" | "filename"): string | undefined {
  const [plain, extended] = [parameters.get(name), parameters.get(`${name}*`)];
  if ([...parameters.keys()].some((key) => key.startsWith(`${name}*`) && key !== `${name}*`)) {
    throw malformed(`has the parameter '${name}' in pieces`);
  }
  if (extended === undefined) {
    // Browsers escape three characters, and no others (HTML Standard, section 4.10.21.8).
    return plain?.replace(/%(22|0A|0D)/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  }
  if (plain !== undefined && name === "name") {
    throw malformed("has two names");
  }
  const [, encoded] = /^utf-8'[\w-]*'([\w!#$&+.^`|~%-]*)$/i.exec(extended) ?? [];
  try {
    return decodeURIComponent(encoded ?? "%");
  } catch (cause) {
    throw malformed(`has a malformed parameter '${name}*'`, cause);
  }
}

/** Returns the encoding of text, as Flask reads it: UTF-8, or Latin-1 where the part says so. */
function findCharset(charset = "utf-8"): PartHead["charset"] {
  switch (charset.toLowerCase()) {
    case "utf-8":
    case "utf8":
    case "us-ascii":
      return "utf-8";
    case "iso-8859-1":
    case "latin1":
      return "latin1";
    default:
      throw new UnsupportedMediaType(`A field of the form has the charset '${charset}'. Send UTF-8.`);
  }
}

/** Returns the last part of a path, without control characters. */
function baseName(filename: string): string {
  const name = filename.replace(/^.*[/\\]/s, "").replace(/[\0-\x1f\x7f]/g, "");
  return name === "." || name === ".." ? "" : name;
}

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw malformed("has a head that is not UTF-8", cause);
  }
}

function malformed(reason: string, cause?: unknown): BadRequest {
  return new BadRequest(`The multipart body of the request is malformed: a part ${reason}.`, { cause });
}
