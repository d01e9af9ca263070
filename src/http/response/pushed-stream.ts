import { AsyncLocalStorage } from "node:async_hooks";
import { Readable } from "node:stream";

/** How much may wait for a client that does not take it, in bytes. */
const mostWaiting = 1024 * 1024;

/** Begins to give the items of a stream, by its first argument, until the second ends it; returns what makes it stop. */
export type Subscribe<Item> = (send: (item: Item) => void, end: () => void) => () => void;

/**
 * A stream of things that come when they come, each written as text: nobody asks its source for more.
 *
 * It begins when it is first read, and in the context in which it was made. Its source is stopped once, when it has
 * ended, has failed or is destroyed.
 */
export class PushedStream<Item> extends Readable {
  readonly #subscribe: Subscribe<Item>;
  readonly #write: (item: Item) => string;
  readonly #runInContext = AsyncLocalStorage.snapshot();
  #isBegun = false;
  #isOver = false;
  #stop: (() => void) | undefined;

  /**
   * @param subscribe Begins it.
   * @param write Makes text of an item.
   */
  constructor(subscribe: Subscribe<Item>, write: (item: Item) => string) {
    super();
    this.#subscribe = subscribe;
    this.#write = write;
  }

  override _read(): void {
    if (this.#isBegun) {
      return;
    }
    this.#isBegun = true;
    try {
      this.#stop = this.#runInContext(
        this.#subscribe,
        (item: Item) => this.#send(item),
        () => this.#end(),
      );
    } catch (error) {
      this.#fail(error);
    }
    if (this.#isOver) {
      this.#unsubscribe();
    }
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#isOver = true;
    this.#unsubscribe();
    callback(error);
  }

  #send(item: Item): void {
    if (this.#isOver) {
      return;
    }
    try {
      this.push(this.#write(item));
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (this.readableLength > mostWaiting) {
      this.#fail(new Error(`The client takes less than it is sent: more than ${mostWaiting} bytes wait for it.`));
    }
  }

  #end(): void {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#unsubscribe();
      this.push(null);
    }
  }

  #fail(error: unknown): void {
    this.destroy(error instanceof Error ? error : new Error(String(error), { cause: error }));
  }

  #unsubscribe(): void {
    const stop = this.#stop;
    this.#stop = undefined;
    if (stop !== undefined) {
      this.#runInContext(stop);
    }
  }
}
