import type { MaybePromise } from "../../base/maybe-promise";
import { BadRequest, ContentTooLarge } from "../exceptions/client-errors";
import { parseParameters } from "../header-parameters";
import { ByteCollector } from "./byte-collector";
import type { FormValue } from "./form-values";
import { MultipartParser, malformed, type PartSink } from "./multipart-parser";
import type { PartHead } from "./part-head";
import { decodeText, tooLarge } from "./read-body";
import { UploadSpool } from "./upload-spool";

/** The limits of a form. */
export interface FormLimits {
  /** The most parts. */
  parts: number;
  /** The most uploads. */
  files: number;
  /** The largest field, in bytes. */
  fieldSize: number;
  /** The most that all fields hold together, in bytes. */
  fieldsSize: number;
  /** The size in bytes from which an upload goes to a temporary file. */
  spoolSize: number;
}

/** A name and its value. */
type Entry = readonly [name: string, value: FormValue];

/** Reads one `multipart/form-data` body (RFC 7578). Large uploads go to temporary files. */
export class MultipartReader {
  readonly #limits: FormLimits;
  readonly #spools: UploadSpool[] = [];
  readonly #entries: MaybePromise<Entry>[] = [];
  #parts = 0;
  #fieldsSize = 0;
  #isClosed = false;

  /** @param limits The limits of the form. */
  constructor(limits: FormLimits) {
    this.#limits = limits;
  }

  /**
   * Reads the body.
   *
   * @param contentType The type with the boundary.
   * @param body The body.
   * @param limit The largest body, in bytes.
   * @returns Names and values, in the order of the body.
   * @throws {BadRequest} If the body is malformed or ends early.
   * @throws {ContentTooLarge} If the form is over a limit. Nothing is ever cut short.
   */
  async read(contentType: string, body: AsyncIterable<Uint8Array>, limit: number): Promise<readonly Entry[]> {
    try {
      const parser = new MultipartParser(parseBoundary(contentType), (head) => this.#open(head));
      let size = 0;
      for await (const piece of body) {
        size += piece.byteLength;
        if (size > limit) {
          throw tooLarge(limit);
        }
        const wait = parser.write(piece);
        if (wait !== undefined) {
          await wait;
        }
        if (this.#isClosed) {
          throw new BadRequest("The request ended before its form was read.");
        }
      }
      parser.end();
      return await Promise.all(this.#entries);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Removes the temporary files, also while the body is read. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#spools.map((spool) => spool.remove()));
  }

  #open(head: PartHead): PartSink {
    const { parts } = this.#limits;
    this.#parts++;
    if (this.#parts > parts) {
      throw new ContentTooLarge(`The form has more than ${parts} parts (the setting maxFormParts).`);
    }
    return head.filename === undefined ? this.#openField(head) : this.#openFile(head, head.filename);
  }

  #openField({ charset, name }: PartHead): PartSink {
    const { fieldSize, fieldsSize } = this.#limits;
    const content = new ByteCollector();
    return {
      write: (bytes) => {
        content.add(bytes);
        this.#fieldsSize += bytes.byteLength;
        if (content.size > fieldSize) {
          throw new ContentTooLarge(`A field of the form is larger than ${fieldSize} bytes (the setting maxFieldSize).`);
        }
        if (this.#fieldsSize > fieldsSize) {
          throw new ContentTooLarge(`The fields of the form hold more than ${fieldsSize} bytes (the setting maxFormMemorySize).`);
        }
        return undefined;
      },
      end: () => {
        const bytes = content.take();
        this.#entries.push([name, charset === "latin1" ? Buffer.from(bytes).toString("latin1") : decodeText(bytes)]);
      },
    };
  }

  #openFile({ name, type }: PartHead, filename: string): PartSink {
    const { files, spoolSize } = this.#limits;
    const spool = new UploadSpool(spoolSize);
    this.#spools.push(spool);
    if (this.#spools.length > files) {
      throw new ContentTooLarge(`The form has more than ${files} files (the setting maxFormFiles).`);
    }
    return {
      write: (bytes) => spool.write(bytes),
      end: () => {
        const entry = spool.finish(filename, type).then((file) => [name, file] as const);
        // Awaited after the last part. A failure before that must not count as unhandled.
        entry.catch(() => undefined);
        this.#entries.push(entry);
      },
    };
  }
}

/**
 * Reads the boundary of a type (RFC 2046, section 5.1.1): 1 to 70 characters, of those that a boundary may have.
 *
 * @throws {BadRequest} If there is none, if it is malformed, or if there are two.
 */
function parseBoundary(contentType: string): string {
  const boundary = parseParameters(contentType)?.parameters.get("boundary") ?? "";
  if (!/^[\w'()+,./:=? -]{0,69}[\w'()+,./:=?-]$/.test(boundary)) {
    throw malformed("its type has no usable boundary of 1 to 70 characters");
  }
  return boundary;
}
