import { createHmac, hash } from "node:crypto";

/** The block size of SHA-1 and SHA-256, in bytes (FIPS 180-4). */
const blockSize = 64;

/**
 * Authenticates text by HMAC (RFC 2104) with one key, many times.
 *
 * Node's one-shot hash is called twice, for which the key is padded once: that is cheaper in a server than `createHmac()`, which
 * serves where there is no such function.
 */
export class Hmac {
  readonly #digest: "sha1" | "sha256";
  readonly #key: Buffer;
  readonly #inner: Buffer;
  readonly #outer: Buffer;

  /**
   * @param digest The hash.
   * @param key The key, of at most 64 bytes.
   */
  constructor(digest: "sha1" | "sha256", key: Buffer) {
    this.#digest = digest;
    this.#key = key;
    this.#inner = Buffer.alloc(blockSize);
    this.#outer = Buffer.alloc(blockSize + (digest === "sha1" ? 20 : 32));
    for (let index = 0; index < blockSize; index++) {
      const byte = key[index] ?? 0;
      this.#inner[index] = byte ^ 0x36;
      this.#outer[index] = byte ^ 0x5c;
    }
  }

  /** Returns the code of a text, which is taken as UTF-8, in base64url. */
  sign(text: string): string {
    if (typeof hash !== "function") {
      return createHmac(this.#digest, this.#key).update(text).digest("base64url");
    }
    const message = Buffer.allocUnsafe(blockSize + Buffer.byteLength(text));
    message.set(this.#inner);
    message.write(text, blockSize);
    // Texts are handed over, since a buffer of its own takes longer to make than its hash.
    this.#outer.write(hash(this.#digest, message, "binary"), blockSize, "latin1");
    return hash(this.#digest, this.#outer, "base64url");
  }
}
