import { lazily } from "../../base/lazily";

const loadTypes = lazily(() => require("mime-types") as typeof import("mime-types"));

/** Returns the media type of a file by the extension of its name, with `charset=utf-8` for text. */
export function guessType(name: string): string {
  const { charset, lookup } = loadTypes();
  const type = lookup(name) || "application/octet-stream";
  return charset(type) === false ? type : `${type}; charset=utf-8`;
}
