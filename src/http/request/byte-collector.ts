const leastCapacity = 1024;

/**
 * Collects bytes that come in pieces of any size, also one by one.
 *
 * The pieces are copied into one buffer that grows by doubling, so that none of them is held.
 */
export class ByteCollector {
  #buffer = new Uint8Array(0);
  #size = 0;

  /** The number of collected bytes. */
  get size(): number {
    return this.#size;
  }

  /** Adds bytes. */
  add(bytes: Uint8Array): void {
    const size = this.#size + bytes.byteLength;
    if (size > this.#buffer.byteLength) {
      const grown = new Uint8Array(Math.max(size, 2 * this.#buffer.byteLength, leastCapacity));
      grown.set(this.#buffer.subarray(0, this.#size));
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.#size);
    this.#size = size;
  }

  /** Returns the collected bytes, and empties the collector. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#buffer.subarray(0, this.#size);
    this.#buffer = new Uint8Array(0);
    this.#size = 0;
    return taken;
  }
}
