import { MailError } from "../base/errors";
import { refuseUnknownFields } from "./fields";
import { checkPlain } from "./header-text";
import { type Attachment, readHeaders } from "./message";

const names = ["filename", "content", "contentType", "cid", "path", "href"];
/** Those of nodemailer that need no name in the types. */
const furtherNames = ["encoding", "contentTransferEncoding", "contentDisposition", "headers", "httpHeaders", "raw"];
/** The fields that hold the content. They reach no header. */
const contentFields: ReadonlySet<string> = new Set(["content", "path", "href", "raw"]);

/**
 * Checks attachments.
 *
 * @throws {MailError} If one reads a file or a URL without the option `allowFiles`, has no content, or a name holds a line break.
 */
export function readAttachments(attachments: unknown, allowFiles: boolean, field = "attachments"): readonly Attachment[] {
  if (attachments === undefined || attachments === null) {
    return [];
  }
  if (!Array.isArray(attachments)) {
    throw new MailError(`The field '${field}' of a mail must be an array: [{ filename: "invoice.pdf", content: bytes }].`);
  }
  return attachments.map((attachment: unknown) => readAttachment(attachment, allowFiles));
}

function readAttachment(attachment: unknown, allowFiles: boolean): Attachment {
  if (typeof attachment !== "object" || attachment === null) {
    throw new MailError('An attachment of a mail must be an object: { filename: "invoice.pdf", content: bytes }.');
  }
  refuseUnknownFields(attachment, [...names, ...furtherNames], "an attachment");
  const reading = ["path", "href", "raw"].find((key) => Reflect.get(attachment, key) !== undefined);
  const content: unknown = Reflect.get(attachment, "content");
  const isIndirect = typeof content === "object" && content !== null && !isStream(content) && ("path" in content || "href" in content);
  if ((reading !== undefined || isIndirect) && !allowFiles) {
    throw new MailError(
      `An attachment has '${reading ?? "content"}', which reads a file or a URL. Give its content; or, if no visitor chooses it: new Mail({ allowFiles: true }).`,
    );
  }
  for (const [key, value] of Object.entries<unknown>({ ...attachment })) {
    if (contentFields.has(key) || value === undefined || value === null) {
      continue;
    }
    // Those of nodemailer that have no name here reach a header as well.
    if (key === "headers") {
      readHeaders(value);
    } else if (typeof value === "string") {
      checkField(key, checkPlain(value, `attachments.${key}`));
    } else if (names.includes(key)) {
      throw new MailError(`The field 'attachments.${key}' of a mail must be a text, but got ${typeof value}.`);
    } else {
      checkPlain(String(value), `attachments.${key}`);
    }
  }
  if (reading !== undefined || isIndirect) {
    return withName(attachment);
  }
  const { encoding, ...rest }: Attachment & { readonly encoding?: unknown } = attachment;
  // Nodemailer makes a name of the type. Without both, it would be one with a star.
  const isNameless = !rest.filename && !rest.contentType;
  return { ...withName(isNameless ? { ...rest, filename: "attachment.bin" } : rest), content: readContent(content, encoding) };
}

/** Takes the folders off the name of a file: a reader could write to them. An empty name is none. */
function withName({ filename, ...rest }: Attachment): Attachment {
  const name = typeof filename === "string" ? (filename.split(/[/\\]/).pop() ?? "") : filename;
  return { ...rest, ...(name === undefined || name === "" ? {} : { filename: name }) };
}

function checkField(key: string, value: string): void {
  if (key === "contentType" && !/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;[\x20-\x7e]*)?$/.test(value)) {
    throw new MailError(`An attachment has the contentType '${value.slice(0, 100)}', which is no media type, such as 'application/pdf'.`);
  }
  if (key === "cid" && !/^<?[!-;=?-~]+>?$/.test(value)) {
    throw new MailError(`An attachment has the cid '${value.slice(0, 100)}'. A cid has letters, digits and signs of ASCII, and no spaces.`);
  }
}

function readContent(content: unknown, encoding: unknown): string | Buffer | NodeJS.ReadableStream {
  if (typeof content === "string") {
    // "base64" and "hex" are read here, so that a job holds the same bytes.
    return typeof encoding === "string" && Buffer.isEncoding(encoding) ? Buffer.from(content, encoding) : content;
  }
  // Nodemailer knows the bytes of a Buffer alone.
  if (content instanceof Uint8Array) {
    return Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  }
  if (content instanceof ArrayBuffer) {
    return Buffer.from(content);
  }
  if (isStream(content)) {
    return content;
  }
  throw new MailError(
    `An attachment of a mail needs a content: a text, bytes or a stream of Node, but ${content === undefined ? "has none" : `got ${describe(content)}`}.`,
  );
}

function isStream(value: unknown): value is NodeJS.ReadableStream {
  return typeof value === "object" && value !== null && "pipe" in value && typeof value.pipe === "function";
}

function describe(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "an array" : `${typeof value}`;
}
