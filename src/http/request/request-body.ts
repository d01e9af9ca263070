import { andThen, type MaybePromise } from "../../base/maybe-promise";
import { type Schema, type SchemaIssue, validate } from "../../base/schema";
import { ContentTooLarge, UnprocessableContent, UnsupportedMediaType } from "../exceptions/client-errors";
import { FormValues } from "./form-values";
import { type FormLimits, type MultipartForm, parseMultipart } from "./multipart";
import { decodeText, limitBytes, parseJson, readBytes, tooLarge } from "./read-body";
import type { RequestSource } from "./request-source";
import { parseUrlencoded } from "./urlencoded";

/** The limits on what a request may send. */
export interface RequestLimits extends FormLimits {
  /** The largest body, in bytes. */
  body: number;
  /** The largest multipart body, in bytes. */
  multipart: number;
  /** How deep JSON may nest. */
  jsonDepth: number;
}

/** How a body is parsed. */
export interface ParseOptions<Output> {
  /** The schema that checks and types the value. */
  schema: Schema<Output>;
}

/** How JSON is read. */
export interface JsonOptions {
  /** Reads a body as JSON whatever type it states. Default: `false`. */
  force?: boolean;
  /** Gives `null` for a body of another type, or one that is malformed, instead of an error. Default: `false`. */
  silent?: boolean;
}

/** The body of a request: read once, and kept as what it was parsed to. */
export class RequestBody {
  readonly #source: RequestSource;
  readonly #limits: RequestLimits;
  readonly #parse: (text: string) => unknown;
  #bytes: Promise<Uint8Array> | undefined;
  #form: Promise<FormValues> | undefined;
  #multipart: MultipartForm | undefined;
  #isStreamed = false;

  /**
   * @param source What the server knows.
   * @param limits The limits of this request.
   * @param parse Parses JSON.
   */
  constructor(source: RequestSource, limits: RequestLimits, parse: (text: string) => unknown) {
    this.#source = source;
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
    return this.bytes().then(decodeText);
  }

  /** Reads the body as JSON, and checks it by a schema, if there is one. */
  json(schema?: Schema): Promise<unknown> {
    return this.bytes().then((bytes) => this.#parseJson(bytes, schema));
  }

  /** Reads the body as a form. */
  form(): Promise<FormValues> {
    this.#form ??= this.#parseForm();
    return this.#form;
  }

  /** Removes temporary files. */
  async close(): Promise<void> {
    await this.#multipart?.cleanUp();
  }

  get #limit(): number {
    return limitOf(this.#source, this.#limits);
  }

  #open(): AsyncIterable<Uint8Array> {
    if (this.#isStreamed || this.#bytes !== undefined) {
      throw new TypeError("The body of the request has been read already. Read it either by 'stream' or by the other readers.");
    }
    this.#isStreamed = true;
    this.#check();
    return this.#source.body() ?? emptyBody();
  }

  /** Refuses a body that is not taken, by what is said of it beforehand. */
  #check(): void {
    const encoding = this.#source.header("content-encoding");
    if (encoding !== undefined && encoding !== "identity") {
      throw new UnsupportedMediaType("The body of the request is compressed, which is not taken here.");
    }
    if (isTooLong(this.#source, this.#limits)) {
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
    switch (parseMimeType(this.#source)) {
      case "application/x-www-form-urlencoded":
        return this.bytes().then((bytes) => createFormValues(bytes, this.#limits));
      case "multipart/form-data":
        return this.#parseMultipart();
      default:
        return Promise.resolve(new FormValues());
    }
  }

  async #parseMultipart(): Promise<FormValues> {
    const source = this.#source;
    const body = this.#bytes === undefined ? this.#open() : once(await this.#bytes);
    this.#multipart = await parseMultipart(source.header("content-type") ?? "", body, this.#limit, this.#limits);
    return new FormValues(this.#multipart.entries);
  }
}

/** The last type that was read: clients send few, and a request is asked for its own several times. */
let lastType = { header: "", type: "" };

/** Returns the media type of a body without parameters, in lower case, or the empty string. */
export function parseMimeType(source: RequestSource): string {
  const header = source.header("content-type") ?? "";
  if (header !== lastType.header) {
    lastType = { header, type: header.split(";", 1)[0]?.trim().toLowerCase() ?? "" };
  }
  return lastType.type;
}

/** Returns the stated length of a body in bytes, or `null`. */
export function parseLength(source: RequestSource): number | null {
  const header = source.header("content-length") ?? "";
  let length = 0;
  for (let index = 0; index < header.length; index++) {
    const digit = header.charCodeAt(index) - 0x30;
    if (digit < 0 || digit > 9) {
      return null;
    }
    length = length * 10 + digit;
  }
  return header === "" ? null : length;
}

/** Returns the most bytes that the body of a request may have. */
export function limitOf(source: RequestSource, limits: Readonly<RequestLimits>): number {
  return parseMimeType(source) === "multipart/form-data" ? limits.multipart : limits.body;
}

/** Tells whether the stated length of a body is over its limit. */
export function isTooLong(source: RequestSource, limits: Readonly<RequestLimits>): boolean {
  const length = parseLength(source) ?? 0;
  // Of what type it is matters only to a body that is over the lower of the two.
  return length > Math.min(limits.body, limits.multipart) && length > limitOf(source, limits);
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
    if (value.length > limits.fieldSize) {
      throw new ContentTooLarge(`A field of the form is larger than ${limits.fieldSize} bytes (the setting maxFieldSize).`);
    }
  }
  return new FormValues(pairs);
}

/** One thing that a schema refused of what a request has sent. */
export interface RequestIssue extends SchemaIssue {
  /** Where it was sent. */
  readonly in: "body" | "query";
}

/** The answer 422 with every issue that a schema found. */
export class ValidationFailed extends UnprocessableContent {
  /** @param issues What is wrong, and where. */
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
