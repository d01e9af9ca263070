import { AsyncLocalStorage } from "node:async_hooks";
import { Readable } from "node:stream";
import { isPromise, type MaybePromise } from "../../base/maybe-promise";
import { IdleTimer } from "../../base/platform";

/** The most bytes that wait for a client that does not read them. */
const maxWaiting = 1024 * 1024;

/** Begins to send the items of a stream, and returns a function that stops it, or a promise of one. The second argument ends the stream. */
export type Subscribe<Item> = (send: (item: Item) => void, end: () => void) => MaybePromise<() => unknown>;

/** Options of a {@link PushedStream}. */
export interface PushOptions<Item> {
  /** Writes an item as text. */
  readonly write: (item: Item) => string;
  /** Sends a text when nothing else was sent for a time. Default: never. */
  readonly heartbeat?: Heartbeat | undefined;
  /** Gets an error of the function that stops the stream. */
  readonly report: (error: unknown) => void;
}

/** A text that shows to the client, and to the proxies on the way, that a stream is still open. */
interface Heartbeat {
  /** The text. */
  readonly text: string;
  /** The time without another text, in milliseconds. */
  readonly interval: number;
}

/**
 * A stream whose source sends items by itself, without being asked for more. Each is written as text.
 *
 * It begins by {@link PushedStream.begin}, or when it is first read, and runs in the context in which it was made. Its
 * source is stopped once: when the stream has ended, has failed or is destroyed.
 */
export class PushedStream<Item> extends Readable {
  readonly #subscribe: Subscribe<Item>;
  readonly #options: PushOptions<Item>;
  readonly #runInContext = AsyncLocalStorage.snapshot();
  #isBegun = false;
  #isOver = false;
  #stop: (() => unknown) | undefined;
  #heartbeat: IdleTimer | undefined;

  /**
   * @param subscribe Begins the stream.
   * @param options The text of the items, and of the time between them.
   */
  constructor(subscribe: Subscribe<Item>, options: PushOptions<Item>) {
    super();
    this.#subscribe = subscribe;
    this.#options = options;
  }

  /**
   * Subscribes, unless that has been done.
   *
   * @returns A promise, if the subscription awaits.
   * @throws The error of the subscription.
   */
  begin(): Promise<void> | undefined {
    if (this.#isBegun) {
      return undefined;
    }
    this.#isBegun = true;
    this.#startHeartbeat();
    let stop: MaybePromise<() => unknown>;
    try {
      stop = this.#runInContext(
        this.#subscribe,
        (item: Item) => this.#send(item),
        () => this.#end(),
      );
    } catch (error) {
      this.#fail(error);
      throw error;
    }
    if (isPromise(stop)) {
      return stop.then(
        (settled) => this.#keepStop(settled),
        (error: unknown) => {
          this.#fail(error);
          throw error;
        },
      );
    }
    this.#keepStop(stop);
    return undefined;
  }

  override _read(): void {
    try {
      this.begin()?.catch(() => undefined);
    } catch {
      // The stream is destroyed with the error, which its reader gets.
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
      this.push(this.#options.write(item));
      this.#heartbeat?.restart();
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (this.readableLength > maxWaiting) {
      this.#fail(new Error(`The client takes less than it is sent: more than ${maxWaiting} bytes wait for it.`));
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

  #startHeartbeat(): void {
    const { heartbeat } = this.#options;
    if (heartbeat === undefined) {
      return;
    }
    const beat = (): void => {
      // A client that reads nothing gets no heartbeats: they would pile up.
      if (this.readableLength === 0) {
        this.push(heartbeat.text);
      }
    };
    this.#heartbeat = new IdleTimer(beat, heartbeat.interval);
  }

  #keepStop(stop: () => unknown): void {
    this.#stop = stop;
    if (this.#isOver) {
      this.#unsubscribe();
    }
  }

  #unsubscribe(): void {
    this.#heartbeat?.stop();
    this.#heartbeat = undefined;
    const stop = this.#stop;
    this.#stop = undefined;
    if (stop === undefined) {
      return;
    }
    try {
      const stopped = this.#runInContext(stop);
      if (isPromise(stopped)) {
        stopped.catch(this.#options.report);
      }
    } catch (error) {
      this.#options.report(error);
    }
  }
}
