import { andThen, type MaybePromise } from "../../base/maybe-promise";
import { type Schema, type SchemaIssue, validate } from "../../base/schema";
import { parseLength } from "../content-length";
import { BadRequest, ContentTooLarge, UnprocessableContent, UnsupportedMediaType } from "../exceptions/client-errors";
import { parseParameters } from "../header-parameters";
import { FormValues } from "./form-values";
import { type FormLimits, MultipartReader } from "./multipart-reader";
import { decodeText, limitBytes, parseJson, readBytes, tooLarge } from "./read-body";
import type { RequestSource } from "./request-source";
import { parseUrlencoded } from "./urlencoded";

/** The limits of a request. */
export interface RequestLimits extends FormLimits {
  /** The largest body, in bytes. */
  body: number;
  /** The largest multipart body, in bytes. */
  multipart: number;
  /** The deepest nesting of JSON, in levels. */
  jsonDepth: number;
}

/** Options of a reader with a schema. */
export interface ParseOptions<Output> {
  /** The schema that checks and types the value. */
  schema: Schema<Output>;
}

/** Options of `request.json()`. */
export interface JsonOptions {
  /** Reads a body as JSON, even if it states another type or charset. Default: `false`. */
  force?: boolean;
  /** Gives `null` instead of an error for a body of another type, or a malformed one. Default: `false`. */
  silent?: boolean;
}

/** The types of forms; a request without a body states none. */
export const formTypes: ReadonlySet<string> = new Set(["", "application/x-www-form-urlencoded", "multipart/form-data"]);

const mimePattern = /^[\w!#$&^.+-]+\/[\w!#$&^.+*-]+$/;

/** The body of a request. It is read once, and the parsed value is kept. */
export class RequestBody {
  readonly #source: RequestSource;
  readonly #mimeType: string;
  readonly #limits: RequestLimits;
  readonly #parse: (text: string) => unknown;
  #bytes: Promise<Uint8Array> | undefined;
  #form: Promise<FormValues> | undefined;
  #multipart: MultipartReader | undefined;
  #isStreamed = false;
  /** The bytes that have come of a body without a stated length. */
  #received = 0;

  /**
   * @param source The source of the request.
   * @param mimeType The media type of the body.
   * @param limits The limits of this request.
   * @param parse Parses JSON.
   */
  constructor(source: RequestSource, mimeType: string, limits: RequestLimits, parse: (text: string) => unknown) {
    this.#source = source;
    this.#mimeType = mimeType;
    this.#limits = limits;
    this.#parse = parse;
  }

  /** Whether {@link RequestBody.close} has anything to do. */
  get needsClose(): boolean {
    return this.#multipart !== undefined;
  }

  /** The body piece by piece, up to the limit. */
  get stream(): AsyncIterable<Uint8Array> {
    return limitBytes(this.#open(), this.#limit);
  }

  /** Reads the body whole. */
  bytes(): Promise<Uint8Array> {
    if (this.#isStreamed) {
      return Promise.reject(new TypeError("The body of the request has been read already, by 'stream' or as a multipart form."));
    }
    this.#bytes ??= this.#readBytes();
    return this.#bytes;
  }

  /** Reads the body as UTF-8. */
  text(): Promise<string> {
    return this.#checkCharset() ?? this.bytes().then(decodeText);
  }

  /** Reads the body as JSON, and checks it by a schema, if there is one. The stated charset is ignored on demand. */
  json(schema?: Schema, isForced = false): Promise<unknown> {
    const refused = isForced ? undefined : this.#checkCharset();
    return refused ?? this.bytes().then((bytes) => this.#parseJson(bytes, schema));
  }

  /** Reads the body as a form. */
  form(): Promise<FormValues> {
    this.#form ??= this.#parseForm();
    return this.#form;
  }

  /**
   * Reads the unread rest of a body without a stated length, so that a body over the limit is refused.
   *
   * @returns A promise, unless there is nothing to read.
   * @throws {ContentTooLarge} If the body is over the limit.
   */
  finish(): Promise<void> | undefined {
    return this.#bytes === undefined ? this.#readRest() : undefined;
  }

  /** Removes temporary files. */
  async close(): Promise<void> {
    await this.#multipart?.close();
  }

  get #limit(): number {
    return limitOf(this.#mimeType, this.#limits);
  }

  /** Refuses text in another encoding than UTF-8. */
  #checkCharset(): Promise<never> | undefined {
    const header = this.#source.header("content-type");
    // Most types state no charset, and need no parsing.
    if (header === undefined || !/charset/i.test(header)) {
      return undefined;
    }
    const charset = parseParameters(header)?.parameters.get("charset")?.toLowerCase();
    return charset === undefined || ["utf-8", "utf8", "us-ascii"].includes(charset)
      ? undefined
      : Promise.reject(new UnsupportedMediaType(`The body of the request has the charset '${charset}'. Send UTF-8.`));
  }

  #open(): AsyncIterable<Uint8Array> {
    if (this.#isStreamed || this.#bytes !== undefined) {
      throw new TypeError("The body of the request has been read already. Read it either by 'stream' or by the other readers.");
    }
    this.#isStreamed = true;
    this.#check();
    const isOpen = this.#source.hasOpenBody();
    const body = this.#source.body() ?? emptyBody();
    return isOpen ? this.#count(body) : body;
  }

  async *#count(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of body) {
      this.#received += piece.byteLength;
      yield piece;
    }
  }

  async #readRest(): Promise<void> {
    const limit = this.#limit;
    for await (const _ of this.#count(this.#source.body() ?? emptyBody())) {
      if (this.#received > limit) {
        throw tooLarge(limit);
      }
    }
  }

  /** Refuses a body by its headers. */
  #check(): void {
    const encoding = this.#source.header("content-encoding");
    if (encoding !== undefined && !/^(?:identity)?$/i.test(encoding)) {
      throw new UnsupportedMediaType("The body of the request is compressed. Send it as it is.");
    }
    if ((parseLength(this.#source.header("content-length")) ?? 0) > this.#limit) {
      throw tooLarge(this.#limit);
    }
  }

  #readBytes(): Promise<Uint8Array> {
    try {
      this.#check();
    } catch (error) {
      return Promise.reject(error);
    }
    const limit = this.#limit;
    return this.#source.readBody?.(limit) ?? readBytes(this.#source.body() ?? emptyBody(), limit);
  }

  #parseJson(bytes: Uint8Array, schema: Schema | undefined): unknown {
    const value = parseJson(decodeText(bytes), this.#limits.jsonDepth, this.#parse);
    return schema === undefined ? value : parseValue(schema, value, "body");
  }

  #parseForm(): Promise<FormValues> {
    switch (this.#mimeType) {
      case "application/x-www-form-urlencoded":
        return this.#checkCharset() ?? this.bytes().then((bytes) => createFormValues(bytes, this.#limits));
      case "multipart/form-data":
        return this.#checkCharset() ?? this.#parseMultipart();
      default:
        return this.#mimeType === "" || mimePattern.test(this.#mimeType)
          ? Promise.resolve(new FormValues())
          : Promise.reject(new BadRequest("The Content-Type of the request is not well-formed."));
    }
  }

  async #parseMultipart(): Promise<FormValues> {
    const source = this.#source;
    const body = this.#bytes === undefined ? this.#open() : once(await this.#bytes);
    this.#multipart = new MultipartReader(this.#limits);
    return new FormValues(await this.#multipart.read(source.header("content-type") ?? "", body, this.#limit));
  }
}

/** Returns the media type of a `Content-Type` header without parameters, in lower case, or the empty string. */
export function parseMimeType(header: string | undefined): string {
  if (header === undefined) {
    return "";
  }
  const end = header.indexOf(";");
  return (end < 0 ? header : header.slice(0, end)).trim().toLowerCase();
}

/** Returns the largest body of a media type, in bytes. */
export function limitOf(mimeType: string, limits: Readonly<RequestLimits>): number {
  return mimeType === "multipart/form-data" ? limits.multipart : limits.body;
}

function createFormValues(bytes: Uint8Array, limits: RequestLimits): FormValues {
  if (bytes.length > limits.fieldsSize) {
    throw new ContentTooLarge(`The fields of the form hold more than ${limits.fieldsSize} bytes (the setting maxFormMemorySize).`);
  }
  const text = decodeText(bytes);
  let parameters = 1;
  for (let index = text.indexOf("&"); index >= 0; index = text.indexOf("&", index + 1)) {
    parameters++;
  }
  if (parameters > limits.parts) {
    throw new ContentTooLarge(`The form has more than ${limits.parts} fields (the setting maxFormParts).`);
  }
  const pairs = parseUrlencoded(text);
  for (const [, value] of pairs) {
    // A code unit takes at most three bytes: shorter text needs no count.
    if (value.length * 3 > limits.fieldSize && Buffer.byteLength(value) > limits.fieldSize) {
      throw new ContentTooLarge(`A field of the form is larger than ${limits.fieldSize} bytes (the setting maxFieldSize).`);
    }
  }
  return new FormValues(pairs);
}

/** One problem that a schema found in a request. */
export interface RequestIssue extends SchemaIssue {
  /** The place of the value in the request. */
  readonly in: "body" | "query";
}

/** The answer 422 with every issue that a schema found. */
export class ValidationFailed extends UnprocessableContent {
  /** @param issues The problems, each with its place. */
  constructor(readonly issues: readonly RequestIssue[]) {
    super("The request is well-formed, but some of its values are not valid.");
  }
}

/**
 * Checks a value that a client sent.
 *
 * @throws {ValidationFailed} If the schema refuses it.
 */
export function parseValue<Output>(schema: Schema<Output>, value: unknown, place: RequestIssue["in"]): MaybePromise<Output> {
  return andThen(validate(schema, value), (result) => {
    if ("issues" in result) {
      throw new ValidationFailed(result.issues.map((issue) => ({ ...issue, in: place })));
    }
    return result.value;
  });
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
