import { randomBytes } from "node:crypto";

/** A body of the type `multipart/form-data`. */
export interface MultipartBody {
  /** The bytes. */
  readonly body: Uint8Array;
  /** The header `Content-Type`, with the boundary. */
  readonly type: string;
}

/**
 * Encodes fields and files as browsers do (HTML, section 4.10.21.7): a file without a name has `filename=""`, quotes and line
 * breaks in names are percent-encoded, and line breaks of texts are CRLF.
 */
export async function encodeMultipart(entries: Iterable<readonly [name: string, value: string | File]>): Promise<MultipartBody> {
  const boundary = `----flagon-test-${randomBytes(16).toString("hex")}`;
  const parts: Uint8Array[] = [];
  for (const [name, value] of entries) {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(breakLines(name))}"`;
    if (typeof value === "string") {
      parts.push(Buffer.from(`${head}\r\n\r\n${breakLines(value)}\r\n`, "utf8"));
    } else {
      const type = value.type === "" ? "application/octet-stream" : value.type;
      const start = `${head}; filename="${escapeName(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`;
      parts.push(Buffer.from(start, "utf8"), new Uint8Array(await value.arrayBuffer()), Buffer.from("\r\n", "utf8"));
    }
  }
  parts.push(Buffer.from(`--${boundary}--\r\n`, "utf8"));
  return { body: new Uint8Array(Buffer.concat(parts)), type: `multipart/form-data; boundary=${boundary}` };
}

function breakLines(text: string): string {
  return text.replace(/\r\n?|\n/g, "\r\n");
}

const escapes: Readonly<Record<string, string>> = { '"': "%22", "\r": "%0D", "\n": "%0A" };

function escapeName(name: string): string {
  return name.replace(/["\r\n]/g, (character) => escapes[character] ?? character);
}
