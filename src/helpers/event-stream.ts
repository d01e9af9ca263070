import { refuseLostPromises, refusePromise } from "../base/forgotten-await";
import { defaultJson, type JsonProvider } from "../base/json";
import { ignoreRejection, isPromise } from "../base/maybe-promise";
import { IdleTimer } from "../base/platform";
import { refuseUnknown } from "../base/unknown-options";
import { TextStream } from "../dispatch/body-stream";
import { findAppContext } from "../dispatch/context";
import { PushedStream } from "../http/response/pushed-stream";
import { FlagonResponse } from "../http/response/response";
import { claimIterator } from "../http/response/response-value";

/** One event of a stream. Text alone is its data. */
export interface ServerSentEvent {
  /** The data: text, or any value that JSON can hold. */
  data: unknown;
  /** The kind of the event. Browsers take `"message"` by default. */
  event?: string;
  /** The id of the event. A browser that comes back sends it as `Last-Event-ID`. */
  id?: string;
  /** The time after which a browser comes back, in milliseconds. */
  retry?: number;
}

/**
 * Begins to send events to a client, and returns a function that stops that, or a promise of one.
 *
 * The function is called once: when the client has left, when the events have ended, or when they have failed.
 *
 * @param send Sends an event, and does nothing after the end. A client for which more than 1 MiB waits is cut off, and can
 * come back with its `Last-Event-ID`. A client is also cut off if a sent value is not an event.
 * @param end Ends the stream. Browsers come back, unless they are then answered with 204.
 */
export type EventSubscription = (
  send: (event: string | ServerSentEvent) => void,
  end: () => void,
) => (() => unknown) | Promise<() => unknown>;

/** Options of {@link eventStream}. */
export interface EventStreamOptions {
  /**
   * The time without an event after which a comment is sent, in seconds: proxies and servers cut connections that are
   * silent for a minute or two. `false` sends none. Default: 20.
   */
  readonly heartbeat?: number | false;
}

/**
 * Responds with server-sent events (WHATWG HTML, section 9.2): those of a stream, as fast as the client takes them, or
 * those that a function sends.
 *
 * A stream that fails before its first event, and a function that throws, are answered with an error page: 500, or that of
 * an error handler. The head is sent after 20 ms at the latest.
 *
 * @param events The events, text or objects with `data`, as a stream, which ends when the client leaves; or a function that
 * begins to send them, and returns a function that stops that.
 * @param options The heartbeat.
 * @throws {RangeError} If the heartbeat is not a positive number of seconds, at most a day.
 *
 * @example
 * ```ts
 * app.get("/news", () =>
 *   eventStream((send) => {
 *     emitter.on("news", send);
 *     return () => emitter.off("news", send);
 *   }),
 * );
 * ```
 */
export function eventStream(
  events: AsyncIterable<string | ServerSentEvent> | EventSubscription,
  options: EventStreamOptions = {},
): FlagonResponse {
  const { heartbeat = 20 } = options;
  refuseUnknown(options, ["heartbeat"], "eventStream()");
  const app = findAppContext()?.app;
  const json = app?.json ?? defaultJson;
  const interval = toInterval(heartbeat);
  const write = (item: unknown): string => (item === beat ? comment : formatEvent(toEvent(item), json));
  const report = (error: unknown): void => app?.logger.error({ err: error }, "The function that stops an event stream failed.");
  if (typeof events !== "function") {
    checkEvents(events);
  }
  const body =
    typeof events === "function"
      ? new PushedStream(withStop(events), { write, report, heartbeat: interval === undefined ? undefined : { text: comment, interval } })
      : new TextStream(interval === undefined ? events : new BeatingItems(events, interval), write);
  return new FlagonResponse(body, 200, {
    "content-type": "text/event-stream; charset=utf-8",
    // Without it, middleware and proxies compress the events, and delay them.
    "cache-control": "no-store, no-transform",
    // Without it, nginx buffers the events.
    "x-accel-buffering": "no",
  });
}

/**
 * Checks that events come as a stream.
 *
 * @throws {TypeError} If they do not.
 * @throws {ReturnValueError} If they were sent before.
 */
function checkEvents(events: unknown): void {
  if (isPromise(events)) {
    ignoreRejection(events);
  }
  if (typeof events !== "object" || events === null || !(Symbol.asyncIterator in events)) {
    throw new TypeError(
      "eventStream() got no stream of events. Give an async generator, a web or Node stream, or a function that sends events.",
    );
  }
  claimIterator(events, "eventStream()");
}

const eventFields = Object.keys({ data: true, event: true, id: true, retry: true } satisfies Record<keyof ServerSentEvent, true>);
/** A comment of the event stream format: clients ignore it. */
const comment = ": \n\n";
/** Stands for a comment among the items of a stream. */
const beat: unique symbol = Symbol("heartbeat");
const maxHeartbeat = 24 * 60 * 60;

function toInterval(heartbeat: number | false): number | undefined {
  if (heartbeat === false) {
    return undefined;
  }
  if (!(heartbeat > 0 && heartbeat <= maxHeartbeat)) {
    throw new RangeError(
      `The heartbeat of an event stream cannot be ${heartbeat}. Give seconds from above 0 to ${maxHeartbeat}, or false for none.`,
    );
  }
  return heartbeat * 1000;
}

/** The items of a stream, with a heartbeat after each silent period. */
class BeatingItems<Item> implements AsyncIterable<Item | typeof beat> {
  constructor(
    readonly items: AsyncIterable<Item>,
    readonly interval: number,
  ) {}

  [Symbol.asyncIterator](): AsyncIterator<Item | typeof beat> {
    const iterator = this.items[Symbol.asyncIterator]();
    let pending: Promise<IteratorResult<Item>> | undefined;
    let giveBeat: () => void = () => undefined;
    let heartbeat: IdleTimer | undefined;
    return {
      next: () => {
        heartbeat ??= new IdleTimer(() => giveBeat(), this.interval);
        pending ??= iterator.next();
        const item = pending;
        return new Promise((resolve, reject) => {
          let isGiven = false;
          giveBeat = () => {
            isGiven = true;
            resolve({ done: false, value: beat });
          };
          // After a heartbeat the item is for the next call.
          const give = (deliver: () => void, isLast: boolean): void => {
            if (!isGiven) {
              isGiven = true;
              pending = undefined;
              if (isLast) {
                heartbeat?.stop();
              } else {
                heartbeat?.restart();
              }
              deliver();
            }
          };
          item.then(
            (result) => give(() => resolve(result), result.done === true),
            (error: unknown) => give(() => reject(error), true),
          );
        });
      },
      return: async () => {
        heartbeat?.stop();
        const ended = iterator.return?.();
        if (pending === undefined) {
          await ended;
        } else {
          // A generator that waits for its next event cannot be ended before that event comes.
          ended?.catch(() => undefined);
        }
        return { done: true, value: undefined };
      },
    };
  }
}

/** Checks that a subscription can be stopped: code in JavaScript has no compiler to check it. */
function withStop(subscribe: EventSubscription): EventSubscription {
  const check = (stop: unknown): (() => unknown) => {
    if (isStop(stop)) {
      return stop;
    }
    throw new TypeError(
      "The function that eventStream() was given returns nothing that stops its events. Return a function, such as '() => clearInterval(timer)'; to send what a generator yields, call it: 'eventStream(events())'.",
    );
  };
  return (send, end) => {
    const stop = subscribe(send, end);
    return isPromise(stop) ? stop.then(check) : check(stop);
  };
}

function isStop(value: unknown): value is () => unknown {
  return typeof value === "function";
}

function formatEvent({ data, event, id, retry }: ServerSentEvent, json: JsonProvider): string {
  refusePromise(event, "kind of an event");
  refusePromise(id, "id of an event");
  refusePromise(retry, "field 'retry' of an event");
  const text = typeof data === "string" ? data : (json.stringify(data) ?? "null");
  refuseLostPromises(text, data, "data of an event");
  const lines = /[\r\n]/.test(text) ? text.split(/\r\n|\r|\n/).join("\ndata: ") : text;
  return `${event === undefined ? "" : `event: ${oneLine(event)}\n`}${id === undefined ? "" : `id: ${oneLine(id)}\n`}${
    retry === undefined ? "" : `retry: ${Math.trunc(retry)}\n`
  }data: ${lines}\n\n`;
}

/** A line break would end the field and begin another. */
function oneLine(text: string): string {
  return text.replace(/[\r\n\0]/g, " ");
}

function toEvent(item: unknown): ServerSentEvent {
  if (typeof item === "string") {
    return { data: item };
  }
  if (isEvent(item)) {
    return item;
  }
  throw new TypeError(
    `A stream of events gave ${item === null ? "null" : `a ${typeof item}`} that is no event. Give text, or an object with 'data'.`,
  );
}

function isEvent(item: unknown): item is ServerSentEvent {
  if (typeof item !== "object" || item === null) {
    return false;
  }
  refuseUnknown(item, eventFields, "a server-sent event");
  return true;
}
