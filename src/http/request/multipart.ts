import type { Readable } from "node:stream";
import type { BusboyInstance } from "@fastify/busboy";
import { lazily } from "../../base/lazily";
import type { MaybePromise } from "../../base/maybe-promise";
import { BadRequest, ContentTooLarge } from "../exceptions/client-errors";
import type { FormValue } from "./form-values";
import { tooLarge } from "./read-body";
import { type UploadedFile, UploadSpool } from "./upload";

const loadBusboy = lazily((): typeof import("@fastify/busboy") => require("@fastify/busboy"));

/** How much a form may hold. */
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

/** A parsed multipart body. */
export interface MultipartForm {
  /** Names and values, in the order of the body. */
  readonly entries: readonly (readonly [string, FormValue])[];
  /** Removes the temporary files. */
  cleanUp(): Promise<void>;
}

/**
 * Parses a `multipart/form-data` body (RFC 7578), spooling large uploads to temporary files.
 *
 * @param contentType The type with the boundary.
 * @param body The body.
 * @param limit The largest body, in bytes.
 * @param limits How much the form may hold.
 * @throws {BadRequest} If the body is malformed or ends early.
 * @throws {ContentTooLarge} If it holds more than the limits; nothing is ever cut short.
 */
export async function parseMultipart(
  contentType: string,
  body: AsyncIterable<Uint8Array>,
  limit: number,
  limits: FormLimits,
): Promise<MultipartForm> {
  const spools: UploadSpool[] = [];
  const openSpool = (): UploadSpool => {
    const spool = new UploadSpool(limits.spoolSize);
    spools.push(spool);
    return spool;
  };
  const cleanUp = async (): Promise<void> => {
    await Promise.all(spools.map((spool) => spool.remove()));
  };
  try {
    return { entries: await collect(contentType, body, limit, limits, openSpool), cleanUp };
  } catch (error) {
    await cleanUp();
    throw error;
  }
}

async function collect(
  contentType: string,
  body: AsyncIterable<Uint8Array>,
  limit: number,
  limits: FormLimits,
  openSpool: () => UploadSpool,
): Promise<readonly (readonly [string, FormValue])[]> {
  const parser = createParser(contentType, limits);
  const entries: MaybePromise<readonly [string, FormValue]>[] = [];
  let size = 0;
  let fieldsSize = 0;
  let failure: Error | undefined;
  let isFinished = false;
  /** Goes on with who waits for the parser. One promise for each wait, since one that all share would keep what each of them holds. */
  let goOn: (() => void) | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    goOn?.();
  };

  parser.on("field", (name, value, nameCut, valueCut) => {
    fieldsSize += Buffer.byteLength(value);
    if (valueCut || nameCut) {
      fail(new ContentTooLarge(`A field of the form is larger than ${limits.fieldSize} bytes (the setting maxFieldSize).`));
    } else if (fieldsSize > limits.fieldsSize) {
      fail(new ContentTooLarge(`The fields of the form hold more than ${limits.fieldsSize} bytes (the setting maxFormMemorySize).`));
    }
    entries.push([name, value]);
  });
  parser.on("file", (name, stream, filename, _encoding, type) => {
    stream.on("error", fail);
    const upload = receive(stream, openSpool(), baseName(filename ?? ""), type).then((file) => [name, file] as const);
    // Awaited below, after the parser has ended; a failure before that is not to be reported as unhandled.
    upload.catch(fail);
    entries.push(upload);
  });
  parser.on("partsLimit", () => fail(new ContentTooLarge(`The form has more than ${limits.parts} parts (the setting maxFormParts).`)));
  parser.on("fieldsLimit", () => fail(new ContentTooLarge(`The form has more than ${limits.parts} fields (the setting maxFormParts).`)));
  parser.on("filesLimit", () => fail(new ContentTooLarge(`The form has more than ${limits.files} files (the setting maxFormFiles).`)));

  parser.on("drain", () => goOn?.());
  parser.once("finish", () => {
    isFinished = true;
    goOn?.();
  });
  parser.once("error", (cause: unknown) => fail(new BadRequest("The multipart body of the request is malformed.", { cause })));
  const isOver = (): boolean => isFinished || failure !== undefined;
  const parserGoesOn = (): Promise<void> =>
    new Promise((resolve) => {
      goOn = resolve;
    });
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > limit) {
      fail(tooLarge(limit));
    }
    if (failure !== undefined) {
      break;
    }
    if (!parser.write(chunk) && !isOver()) {
      await parserGoesOn();
    }
  }
  if (failure === undefined) {
    parser.end();
  }
  while (!isOver()) {
    await parserGoesOn();
  }
  if (failure !== undefined) {
    parser.destroy();
    throw failure;
  }
  return Promise.all(entries);
}

function createParser(contentType: string, limits: FormLimits): BusboyInstance {
  try {
    const { Busboy } = loadBusboy();
    return new Busboy({
      headers: { "content-type": contentType },
      limits: {
        parts: limits.parts,
        fields: limits.parts,
        files: limits.files,
        fieldSize: limits.fieldSize,
        fieldNameSize: 1024,
        headerPairs: 32,
        headerSize: 8 * 1024,
      },
    });
  } catch (cause) {
    throw new BadRequest("The multipart body of the request states no usable boundary.", { cause });
  }
}

/** Takes a file as fast as it can be kept. */
function receive(stream: Readable, spool: UploadSpool, filename: string, type: string): Promise<UploadedFile> {
  return new Promise((resolve, reject) => {
    stream.on("data", (chunk: Uint8Array) => {
      const written = spool.write(chunk);
      if (written !== undefined) {
        stream.pause();
        written.then(() => stream.resume(), reject);
      }
    });
    stream.once("end", () => spool.finish(filename, type).then(resolve, reject));
    stream.once("error", reject);
    stream.once("close", () => {
      // Also a file that is whole is closed.
      if (!stream.readableEnded) {
        reject(new BadRequest("The multipart body of the request ended early."));
      }
    });
  });
}

function baseName(filename: string): string {
  const name = filename.replace(/^.*[/\\]/s, "").replace(/[\0-\x1f\x7f]/g, "");
  return name === "." || name === ".." ? "" : name;
}
