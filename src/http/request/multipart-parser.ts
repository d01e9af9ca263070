import { BadRequest, ContentTooLarge } from "../exceptions/client-errors";
import { type PartHead, parsePartHead } from "./part-head";

/** The largest head of a part, in bytes. */
const maxHead = 8 * 1024;
/** The most blanks after a boundary: they only pad a line (RFC 2046, section 5.1.1). */
const maxPadding = 1024;

const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const dash = 0x2d;
const lineEnd = Buffer.from("\r\n");
const headEnd = Buffer.from("\r\n\r\n");

/** A receiver of the content of one part. */
export interface PartSink {
  /**
   * Takes bytes.
   *
   * @returns A promise if the receiver needs time: the sender waits before it sends more.
   */
  write(bytes: Buffer): Promise<void> | undefined;
  /** Ends the part. */
  end(): void;
}

/** The place of the parser in the body. */
type State = "preamble" | "boundary" | "head" | "content" | "epilogue";

/**
 * Parses a multipart body piece by piece, without reading or writing anything itself (RFC 2046, section 5.1).
 *
 * All bytes between the first boundary and the last one are part of the form, or an error. Each byte is looked at a
 * bounded number of times, however the body is cut into pieces.
 */
export class MultipartParser {
  readonly #boundary: Buffer;
  readonly #open: (head: PartHead) => PartSink;
  #state: State = "preamble";
  /** Bytes that need more of the body to be understood. The first boundary may be at the very start. */
  #rest: Buffer = lineEnd;
  /** The bytes at the start of the rest that are not content: the line end before it. */
  #skip = lineEnd.length;
  #sink: PartSink | undefined;
  #waits: Promise<void>[] = [];

  /**
   * @param boundary The boundary, as the type of the body states it.
   * @param open Makes the receiver of a part.
   */
  constructor(boundary: string, open: (head: PartHead) => PartSink) {
    this.#boundary = Buffer.from(`--${boundary}`, "latin1");
    this.#open = open;
  }

  /**
   * Takes the next piece of the body.
   *
   * @returns A promise if a receiver needs time.
   * @throws {BadRequest} If the body is malformed.
   * @throws {ContentTooLarge} If the head of a part is over 8 KiB.
   */
  write(piece: Uint8Array): Promise<unknown> | undefined {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    while (this.#step()) {
      // Continues until the rest needs more of the body.
    }
    if (this.#waits.length === 0) {
      return undefined;
    }
    const all = Promise.all(this.#waits);
    this.#waits = [];
    return all;
  }

  /**
   * Ends the body.
   *
   * @throws {BadRequest} If it does not end with the last boundary.
   */
  end(): void {
    if (this.#state !== "epilogue" && !(this.#state === "boundary" && /^--[ \t]*\r?$/.test(this.#rest.toString("latin1")))) {
      throw malformed("it ends before its last boundary");
    }
  }

  /** Makes one step, and tells whether there may be another. */
  #step(): boolean {
    switch (this.#state) {
      case "boundary":
        return this.#readBoundary();
      case "head":
        return this.#readHead();
      default:
        return this.#readContent();
    }
  }

  /** Reads content up to the next boundary, which begins a line. */
  #readContent(): boolean {
    const rest = this.#rest;
    const boundary = this.#boundary;
    for (let from = this.#skip; ; from++) {
      from = rest.indexOf(boundary, from);
      if (from < 0) {
        break;
      }
      const before = rest[from - 1];
      if (before === lineFeed && rest[from - 2] === carriageReturn) {
        this.#passOn(from - 2);
        this.#endPart();
        this.#rest = rest.subarray(from + boundary.length);
        return true;
      }
      if (before === lineFeed || before === carriageReturn) {
        throw malformed("a line ends with half a line end");
      }
    }
    // The boundary may begin in the last bytes, and its line end before that.
    const end = rest.length - boundary.length - 1;
    if (end > this.#skip) {
      this.#passOn(end);
      // Copied, so that the few bytes do not hold the whole piece.
      this.#rest = Buffer.from(rest.subarray(end));
      this.#skip = 0;
    }
    return false;
  }

  /** Gives the content before a place of the rest to the part. */
  #passOn(end: number): void {
    if (end > this.#skip) {
      const wait = this.#sink?.write(this.#rest.subarray(this.#skip, end));
      if (wait !== undefined) {
        this.#waits.push(wait);
      }
    }
  }

  #endPart(): void {
    if (this.#state === "epilogue") {
      throw malformed("another part follows its last boundary");
    }
    this.#sink?.end();
    this.#sink = undefined;
    this.#state = "boundary";
  }

  /** Reads the end of a boundary's line: two dashes after the last one, then blanks. */
  #readBoundary(): boolean {
    const rest = this.#rest;
    const isLast = rest[0] === dash && rest[1] === dash;
    let index = isLast ? 2 : 0;
    while (rest[index] === 0x20 || rest[index] === 0x09) {
      index++;
    }
    if (index > maxPadding) {
      throw malformed("a boundary is followed by too many blanks");
    }
    if (index >= rest.length || (!isLast && rest.length === 1 && rest[0] === dash)) {
      return false;
    }
    const isWhole = rest[index] === carriageReturn && rest[index + 1] === lineFeed;
    if (!isWhole) {
      if (rest[index] === carriageReturn && index + 1 === rest.length) {
        return false;
      }
      if (!(isLast && rest[index] === lineFeed)) {
        throw malformed("a boundary is not the whole of its line");
      }
    }
    if (isLast) {
      // The first line after it may begin with a boundary as well.
      this.#state = "epilogue";
      this.#rest = Buffer.concat([lineEnd, rest.subarray(index + (isWhole ? 2 : 1))]);
      this.#skip = lineEnd.length;
    } else {
      this.#state = "head";
      this.#rest = rest.subarray(index + lineEnd.length);
    }
    return true;
  }

  #readHead(): boolean {
    const rest = this.#rest;
    if (rest[0] === carriageReturn && rest[1] === lineFeed) {
      throw malformed("a part has no head");
    }
    const end = rest.indexOf(headEnd);
    if (end > maxHead || (end < 0 && rest.length > maxHead + headEnd.length)) {
      throw new ContentTooLarge(`The head of a part of the form is larger than ${maxHead} bytes.`);
    }
    if (end < 0) {
      return false;
    }
    this.#sink = this.#open(parsePartHead(rest.subarray(0, end)));
    this.#state = "content";
    // The line end before the content may also be that of a boundary, after which the part is empty.
    this.#rest = rest.subarray(end + lineEnd.length);
    this.#skip = lineEnd.length;
    return true;
  }
}

/** Makes the answer to a malformed body. */
export function malformed(reason: string): BadRequest {
  return new BadRequest(`The multipart body of the request is malformed: ${reason}.`);
}
