import { AsyncLocalStorage } from "node:async_hooks";
import { FlagonError } from "../base/errors";
import { refuseLostPromises, refusePromise } from "../base/forgotten-await";
import { isPromise } from "../base/maybe-promise";
import { logUnseen } from "../base/unseen-errors";
import { getAppContext } from "../dispatch/context";

/** A subscription to a channel. Calling it ends it, as does `using`. */
export interface ChannelSubscription {
  /** Ends the subscription. */
  (): void;
  /** Resolves when the subscription is in force: at once in memory, after an answer of Redis otherwise. */
  readonly ready: Promise<void>;
  /** Ends the subscription at the end of a block: `using subscription = channel("news").subscribe(…)`. */
  [Symbol.dispose](): void;
}

/** A name under which messages are published and subscribed to. */
export interface MessageChannel<Message> {
  /** The name. */
  readonly name: string;
  /**
   * Sends a message to all subscribers, in all processes that share the broker.
   *
   * @param message Any value that JSON can hold. Each subscriber gets a copy.
   * @throws The error of the broker, if it cannot be reached.
   */
  publish(message: Message): Promise<void>;
  /**
   * Calls a function with each message, in the context of the caller, until the subscription ends.
   *
   * An error of the function is logged. It concerns no other subscriber, and not the publisher.
   *
   * @param listener Gets the message.
   */
  subscribe(listener: (message: Message) => unknown): ChannelSubscription;
}

/**
 * Returns the channel of a name: publish and subscribe for event streams, sockets and caches.
 *
 * Messages stay in the process. With several workers, set `app.channels = new RedisChannels(client)`.
 *
 * @param name The name, such as `"room:blue"`.
 * @throws {ContextError} If no app is active.
 * @throws {FlagonError} If the name is empty.
 *
 * @example
 * ```ts
 * app.get("/news", () => eventStream((send) => channel<string>("news").subscribe(send)));
 * app.post("/news", async () => {
 *   await channel<string>("news").publish(await request.text());
 *   return "";
 * });
 * ```
 */
export function channel<Message = unknown>(name: string): MessageChannel<Message> {
  const { app } = getAppContext("channel");
  refusePromise(name, "name of channel()");
  if (name === "") {
    throw new FlagonError("A channel needs a name, such as 'news'.");
  }
  return {
    name,
    async publish(message) {
      const text = app.json.stringify(message);
      refuseLostPromises(text, message, `message for the channel '${name}'`);
      if (text === undefined) {
        throw new FlagonError(`The message for the channel '${name}' is ${typeof message}, which JSON cannot hold.`);
      }
      await app.channels.publish(name, text);
    },
    subscribe(listener) {
      const run = AsyncLocalStorage.snapshot();
      const report = (error: unknown): void => logUnseen(app, error, `A subscriber of the channel '${name}' failed.`);
      let isOver = false;
      const subscription = app.channels.subscribe(name, (text) => {
        if (isOver) {
          return;
        }
        try {
          const message: Message = parse(app.json, text);
          const result = run(listener, message);
          if (isPromise(result)) {
            result.catch(report);
          }
        } catch (error) {
          report(error);
        }
      });
      const stop = (): void => {
        if (!isOver) {
          isOver = true;
          subscription.stop();
        }
      };
      return Object.assign(stop, { ready: subscription.ready, [Symbol.dispose]: stop });
    },
  };
}

/** Parses a message. The app states its type: all publishers are the app's own. */
function parse<Message>(json: { parse(text: string): Message | unknown }, text: string): Message;
function parse(json: { parse(text: string): unknown }, text: string): unknown {
  return json.parse(text);
}
