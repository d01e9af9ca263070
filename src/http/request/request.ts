import type { Schema } from "../../base/schema";
import { refuseUnknown } from "../../base/unknown-options";
import { writeUnseen } from "../../base/unseen-errors";
import { hear, PromiseWatch } from "../../base/watched-promise";
import { BadRequest, UnsupportedMediaType } from "../exceptions/client-errors";
import { HTTPException } from "../exceptions/http-exception";
import { refuseType } from "./body-type";
import type { FormValues } from "./form-values";
import { type JsonOptions, limitOf, type ParseOptions, parseValue, RequestBody, type RequestLimits } from "./request-body";
import { RequestHead } from "./request-head";
import type { UploadedFile } from "./upload";

/** Gives Flagon itself the body of a request, once it was asked for. */
let findBody: (request: FlagonRequest) => RequestBody | undefined;
let openBody: (request: FlagonRequest) => RequestBody;
let findOwnWatch: (request: FlagonRequest) => PromiseWatch | undefined;
/** Tells whether a request has a body whose length its head does not state, and that nobody has read. */
export let hasOpenBody: (request: FlagonRequest) => boolean;

const jsonOptions = ["schema", "force", "silent"];
const formOptions = ["schema"];

/**
 * One request, as the app sees it.
 *
 * It has three parts. The source is the request as the server knows it. The head parses target and headers when they
 * are read. The body is read once. The request adds the result of routing.
 */
export class FlagonRequest extends RequestHead {
  /** The endpoint that the router found, or `null` when none matches. */
  endpoint: string | null = null;
  /** The rule that matched, as it was written, or `null` when none does. */
  rule: string | null = null;
  /** The name of the endpoint's blueprint, dotted when nested, or `null`. */
  blueprint: string | null = null;
  /** The values of the rule's variables, by name. */
  viewArgs: Readonly<Record<string, unknown>> = {};
  /** The error of routing, such as 404 or 405, which is thrown after the before hooks, or `null`. */
  routingException: HTTPException | null = null;
  #limits: RequestLimits | undefined;
  #body: RequestBody | undefined;
  #watch: PromiseWatch | undefined;

  static {
    findOwnWatch = (request) => request.#watch;
    findBody = (request) => request.#body;
    openBody = (request) => request.#content;
    hasOpenBody = (request) => request.source.hasOpenBody();
  }

  /** The blueprints of the endpoint, from its own to the outermost: `["admin.users", "admin"]`. */
  get blueprints(): readonly string[] {
    const names = this.blueprint?.split(".") ?? [];
    return names.map((_, index) => names.slice(0, names.length - index).join("."));
  }

  /** The limits of this request; a hook may change them before the body is read. */
  get limits(): RequestLimits {
    this.#limits ??= { ...this.settings.limits };
    return this.#limits;
  }

  /**
   * The largest body that this request may have, in bytes. A before hook can change it; for a view use the option `maxContentLength`
   * of its route.
   */
  get maxContentLength(): number {
    return limitOf(this.mimeType, this.#limits ?? this.settings.limits);
  }

  set maxContentLength(bytes: number) {
    if (!Number.isSafeInteger(bytes) || bytes < 0) {
      throw new RangeError(`The maxContentLength of a request must be a whole number of bytes, not ${bytes}.`);
    }
    this.limits.body = bytes;
    this.limits.multipart = bytes;
  }

  /**
   * Whether the stated length of the body is over the limit.
   *
   * @internal
   */
  get isTooLong(): boolean {
    const limits = this.#limits ?? this.settings.limits;
    const length = this.contentLength ?? 0;
    // The type matters only to a body over the lower of the two limits.
    return length > Math.min(limits.body, limits.multipart) && length > limitOf(this.mimeType, limits);
  }

  /** The body piece by piece, up to the limit. It can be read once, instead of the other readers. */
  get stream(): AsyncIterable<Uint8Array> {
    return this.#content.stream;
  }

  /**
   * Reads the body whole.
   *
   * @throws {ContentTooLarge} If it is over the limit.
   */
  bytes(): Promise<Uint8Array> {
    return this.#give(this.#content.bytes(), "request.bytes()");
  }

  /**
   * Reads the body as UTF-8.
   *
   * @throws {UnsupportedMediaType} If it states another charset.
   * @throws {BadRequest} If it is not UTF-8.
   * @throws {ContentTooLarge} If it is over the limit.
   */
  text(): Promise<string> {
    return this.#give(this.#content.text(), "request.text()");
  }

  /**
   * Reads the body as JSON.
   *
   * @param options The schema, and options of reading.
   * @throws {UnsupportedMediaType} If the body does not say that it is JSON.
   * @throws {BadRequest} If it is malformed.
   * @throws {ContentTooLarge} If it is over the limit.
   * @throws {UnprocessableContent} If the schema refuses it.
   */
  json(options?: JsonOptions): Promise<unknown>;
  json<Output>(options: ParseOptions<Output> & JsonOptions): Promise<Output>;
  json(options: JsonOptions & { schema?: Schema } = {}): Promise<unknown> {
    refuseUnknown(options, jsonOptions, "request.json()");
    return this.#give(this.#readJson(options), "request.json()");
  }

  #readJson(options: JsonOptions & { schema?: Schema }): Promise<unknown> {
    const { force = false, schema, silent = false } = options;
    const accepted = schema === undefined ? undefined : this.settings.acceptJson(schema);
    if (!force && !this.isJson) {
      return silent ? Promise.resolve(null) : Promise.reject(refuseType("JSON", this.mimeType, ["application/json"]));
    }
    if (!silent) {
      return this.#content.json(accepted, force);
    }
    const value = this.#content.json(undefined, force).catch(nullIfMalformed);
    return accepted === undefined ? value : value.then((given) => parseValue(accepted, given, "body"));
  }

  /**
   * Reads the body as a form: `application/x-www-form-urlencoded` or `multipart/form-data`.
   *
   * A body of another type gives an empty form, as in Flask.
   *
   * @throws {BadRequest} If it is malformed.
   * @throws {ContentTooLarge} If it is over a limit.
   */
  form(): Promise<FormValues>;
  /**
   * Reads the body as a form, and checks it by a schema. With a schema of zod, texts are converted as the schema asks.
   *
   * @param options The schema.
   * @throws {BadRequest} If it is malformed.
   * @throws {ContentTooLarge} If it is over a limit.
   * @throws {UnprocessableContent} If the schema refuses it.
   */
  form<Output>(options: ParseOptions<Output>): Promise<Output>;
  form(options: { schema?: Schema } = {}): Promise<unknown> {
    refuseUnknown(options, formOptions, "request.form()");
    const { schema } = options;
    const values = this.#content.form();
    const parsed = schema === undefined ? values : values.then((given) => this.settings.parseFields(schema, given, "body"));
    return this.#give<unknown>(parsed, "request.form()");
  }

  /** Reads the body as a form and returns its uploads by name; a field that was left empty is not among them. */
  files(): Promise<Map<string, UploadedFile[]>> {
    return this.#give(this.#readFiles(), "request.files()");
  }

  async #readFiles(): Promise<Map<string, UploadedFile[]>> {
    const files = new Map<string, UploadedFile[]>();
    for (const [name, value] of await this.#content.form()) {
      if (typeof value !== "string" && (value.filename !== "" || value.size > 0)) {
        files.set(name, [...(files.get(name) ?? []), value]);
      }
    }
    return files;
  }

  /**
   * The watch over the promises that the request's code got, to report those that nobody awaits.
   *
   * @internal
   */
  get promiseWatch(): PromiseWatch {
    this.#watch ??= new PromiseWatch((call, message, error) => {
      const text = `The promise of ${call} in the view '${this.endpoint}' ${message}`;
      const reason = error instanceof HTTPException ? undefined : error;
      this.log.error(reason === undefined ? {} : { err: reason }, text);
      if (this.settings.tellsTests) {
        writeUnseen(reason, text);
      }
    });
    return this.#watch;
  }

  /** Gives a promise to the app. A client can make it fail, so that nobody needs to await it for the process to go on. */
  #give<Value>(promise: Promise<Value>, call: string): Promise<Value> {
    return this.settings.isWatched ? this.promiseWatch.add(promise, call, { isGuarded: true }) : hear(promise);
  }

  get #content(): RequestBody {
    this.#body ??= new RequestBody(this.source, this.mimeType, this.limits, this.settings.parseJson);
    return this.#body;
  }
}

/** Tells whether {@link closeRequest} has anything to remove. */
export function needsClose(request: FlagonRequest): boolean {
  return findBody(request)?.needsClose === true || findOwnWatch(request) !== undefined;
}

/**
 * Reads the rest of a request's body that has no stated length, to count it.
 *
 * @returns A promise, unless there is nothing to read.
 * @throws {ContentTooLarge} If the body is over the limit.
 */
export function finishBody(request: FlagonRequest): Promise<void> | undefined {
  return hasOpenBody(request) ? openBody(request).finish() : undefined;
}

/** Removes the temporary files of a request, when it ends, and reports the promises that nobody has awaited. */
export async function closeRequest(request: FlagonRequest): Promise<void> {
  findOwnWatch(request)?.end();
  await findBody(request)?.close();
}

/** Gives `null` for a malformed body, and throws any other error. */
function nullIfMalformed(error: unknown): null {
  if (error instanceof BadRequest || error instanceof UnsupportedMediaType) {
    return null;
  }
  throw error;
}
