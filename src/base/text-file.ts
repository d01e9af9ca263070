import { readFileSync } from "node:fs";

/**
 * Reads a text file as UTF-8, or as UTF-16 if it begins with the byte-order mark of one, as Windows' tools write. The mark is
 * not part of the text.
 *
 * @param path The file.
 * @throws {Error} As `readFileSync()`.
 */
export function readTextFile(path: string): string {
  const bytes = readFileSync(path);
  const isLittle = bytes[0] === 0xff && bytes[1] === 0xfe;
  const isBig = bytes[0] === 0xfe && bytes[1] === 0xff;
  return new TextDecoder(isLittle ? "utf-16le" : isBig ? "utf-16be" : "utf-8").decode(bytes);
}
