import { createHmac, hash } from "node:crypto";

/** The block size of SHA-1 and SHA-256, in bytes (FIPS 180-4). */
const blockSize = 64;
/** The room for a message from the start, in bytes. A longer one makes more. */
const shortMessage = 4096;
/** The most bytes of a code unit in UTF-8. */
const bytesPerUnit = 3;

/**
 * Authenticates text by HMAC (RFC 2104) with one key, many times.
 *
 * The key is padded once, and Node's one-shot hash is called twice: this is cheaper than `createHmac()`, which is used
 * on versions of Node without `crypto.hash()`.
 */
export class Hmac {
  /** The length of a code, in characters. */
  readonly length: number;
  readonly #digest: "sha1" | "sha256";
  readonly #key: Buffer;
  /** The padded key, and room for a message after it. */
  #inner: Buffer;
  /** The padded key, and room for the inner hash after it. */
  readonly #outer: Buffer;

  /**
   * @param digest The hash.
   * @param key The key, of at most 64 bytes.
   */
  constructor(digest: "sha1" | "sha256", key: Buffer) {
    this.#digest = digest;
    this.#key = key;
    this.#inner = Buffer.alloc(blockSize + shortMessage);
    const size = digest === "sha1" ? 20 : 32;
    this.#outer = Buffer.alloc(blockSize + size);
    this.length = Math.ceil((size * 4) / 3);
    for (let index = 0; index < blockSize; index++) {
      const byte = key[index] ?? 0;
      this.#inner[index] = byte ^ 0x36;
      this.#outer[index] = byte ^ 0x5c;
    }
  }

  /** Returns the code of a text in UTF-8, as base64url. */
  sign(text: string): string {
    if (typeof hash !== "function") {
      return createHmac(this.#digest, this.#key).update(text).digest("base64url");
    }
    this.#makeRoom(text.length * bytesPerUnit);
    const message = this.#inner.subarray(0, blockSize + this.#inner.write(text, blockSize));
    // The inner hash comes as text: a buffer costs more than the hash itself.
    this.#outer.write(hash(this.#digest, message, "binary"), blockSize, "latin1");
    return hash(this.#digest, this.#outer, "base64url");
  }

  #makeRoom(size: number): void {
    if (blockSize + size > this.#inner.length) {
      this.#inner = Buffer.concat([this.#inner.subarray(0, blockSize), Buffer.alloc(size)]);
    }
  }
}
