import type { BusboyInstance } from "@fastify/busboy";
import { lazily } from "../lazily";
import { BadRequest, ContentTooLarge } from "./client-errors";
import type { FormValue } from "./form-values";
import { UploadSpool } from "./upload";

const loadBusboy = lazily(() => require("@fastify/busboy") as typeof import("@fastify/busboy"));

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
 * @throws {BadRequest} If the body is malformed or ends early.
 * @throws {ContentTooLarge} If it holds more than the limits; nothing is ever cut short.
 */
export async function parseMultipart(contentType: string, body: AsyncIterable<Uint8Array>, limits: FormLimits): Promise<MultipartForm> {
  const spools: UploadSpool[] = [];
  const cleanUp = async (): Promise<void> => {
    await Promise.all(spools.map((spool) => spool.remove()));
  };
  try {
    return { entries: await collect(contentType, body, limits, spools), cleanUp };
  } catch (error) {
    await cleanUp();
    throw error;
  }
}

async function collect(
  contentType: string,
  body: AsyncIterable<Uint8Array>,
  limits: FormLimits,
  spools: UploadSpool[],
): Promise<readonly (readonly [string, FormValue])[]> {
  const parser = createParser(contentType, limits);
  const entries: Promise<readonly [string, FormValue] | undefined>[] = [];
  let fieldsSize = 0;
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
  };

  parser.on("field", (name, value, nameCut, valueCut) => {
    fieldsSize += Buffer.byteLength(value);
    if (valueCut || nameCut) {
      fail(new ContentTooLarge(`A field of the form is larger than ${limits.fieldSize} bytes (the setting maxFieldSize).`));
    } else if (fieldsSize > limits.fieldsSize) {
      fail(new ContentTooLarge(`The fields of the form hold more than ${limits.fieldsSize} bytes (the setting maxFormMemorySize).`));
    }
    entries.push(Promise.resolve([name, value]));
  });
  parser.on("file", (name, stream, filename, _encoding, type) => {
    const spool = new UploadSpool(limits.spoolSize);
    spools.push(spool);
    stream.on("error", fail);
    const upload = receive(stream, spool, baseName(filename ?? ""), type).then((file) => [name, file] as const);
    // Awaited below, after the parser has ended; a failure before that is not to be reported as unhandled.
    upload.catch(fail);
    entries.push(upload);
  });
  parser.on("partsLimit", () => fail(new ContentTooLarge(`The form has more than ${limits.parts} parts (the setting maxFormParts).`)));
  parser.on("fieldsLimit", () => fail(new ContentTooLarge(`The form has more than ${limits.parts} fields (the setting maxFormParts).`)));
  parser.on("filesLimit", () => fail(new ContentTooLarge(`The form has more than ${limits.files} files (the setting maxFormFiles).`)));

  const finished = new Promise<void>((resolve) => {
    parser.once("finish", resolve);
    parser.once("error", (cause: unknown) => {
      fail(new BadRequest("The multipart body of the request is malformed.", { cause }));
      resolve();
    });
  });
  for await (const chunk of body) {
    if (failure !== undefined) {
      break;
    }
    if (!parser.write(chunk)) {
      await Promise.race([new Promise((resolve) => parser.once("drain", resolve)), finished]);
    }
  }
  if (failure !== undefined) {
    parser.destroy();
    throw failure;
  }
  parser.end();
  await finished;
  if (failure !== undefined) {
    throw failure;
  }
  const received = await Promise.all(entries);
  return received.filter((entry) => entry !== undefined);
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

async function receive(stream: AsyncIterable<Uint8Array>, spool: UploadSpool, filename: string, type: string) {
  for await (const chunk of stream) {
    await spool.write(chunk);
  }
  return spool.finish(filename, type);
}

function baseName(filename: string): string {
  const name = filename.replace(/^.*[/\\]/s, "").replace(/[\0-\x1f\x7f]/g, "");
  return name === "." || name === ".." ? "" : name;
}
