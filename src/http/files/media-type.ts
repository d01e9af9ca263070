import { lazily } from "../../base/lazily";

const loadTypes = lazily(() => require("mime-types") as typeof import("mime-types"));

/** Returns the media type of a file by the extension of its name, with `charset=utf-8` for text. */
export function guessType(name: string): string {
  const { charset, lookup } = loadTypes();
  const type = lookup(name) || "application/octet-stream";
  return charset(type) === false ? type : `${type}; charset=utf-8`;
}

/** Returns the usual extension of files of a media type, such as `png` for `image/png`; `undefined` for an unknown type. */
export function findExtension(type: string): string | undefined {
  return loadTypes().extension(type) || undefined;
}
