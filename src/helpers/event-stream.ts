import { defaultJson, type JsonProvider } from "../base/json";
import { TextStream } from "../dispatch/body-stream";
import { findAppContext } from "../dispatch/context";
import { PushedStream } from "../http/response/pushed-stream";
import { FlagonResponse } from "../http/response/response";

/** One event of a stream; text alone is its data. */
export interface ServerSentEvent {
  /** What it says: text, or anything that JSON can hold. */
  data: unknown;
  /** Its kind. Browsers take `"message"` by default. */
  event?: string;
  /** Its id, which a browser that comes back sends as `Last-Event-ID`. */
  id?: string;
  /** After how long a browser comes back, in milliseconds. */
  retry?: number;
}

/**
 * Begins to send events to a client, and returns what stops that, which is called once: when the client has left, when the
 * events have ended, or when they have failed.
 *
 * @param send Sends an event; does nothing after the end. A client for which more than 1 MiB waits is cut off, and may come
 *   back with its `Last-Event-ID`; so is one that is sent what is no event.
 * @param end Ends the stream. Browsers come back unless they are answered with 204.
 */
export type EventSubscription = (send: (event: string | ServerSentEvent) => void, end: () => void) => () => void;

/**
 * Responds with server-sent events (WHATWG HTML, section 9.2): those of a stream, as fast as the client takes them, or
 * those that are sent when something happens.
 *
 * ```ts
 * eventStream((send) => {
 *   posts.on("new", send);
 *   return () => posts.off("new", send);
 * });
 * ```
 *
 * @param events The events, text or objects with `data`, as a stream, which ends when the client leaves; or a function that
 *   begins to send them, and returns what stops that.
 */
export function eventStream(events: AsyncIterable<string | ServerSentEvent> | EventSubscription): FlagonResponse {
  const json = findAppContext()?.app.json ?? defaultJson;
  const write = (item: unknown): string => formatEvent(toEvent(item), json);
  const body = typeof events === "function" ? new PushedStream(withStop(events), write) : new TextStream(events, write);
  return new FlagonResponse(body, 200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    // Proxies would otherwise keep events back to compress or collect them.
    "x-accel-buffering": "no",
  });
}

/** Makes sure, where the compiler could not, that a subscription can be ended: one that goes on for a client who left is never noticed. */
function withStop(subscribe: EventSubscription): EventSubscription {
  return (send, end) => {
    const stop = subscribe(send, end);
    if (typeof stop !== "function") {
      throw new TypeError(
        "The function that eventStream() was given returns nothing that stops its events. Return a function, such as '() => clearInterval(timer)'; to send what a generator yields, call it: 'eventStream(events())'.",
      );
    }
    return stop;
  };
}

function formatEvent({ data, event, id, retry }: ServerSentEvent, json: JsonProvider): string {
  const text = typeof data === "string" ? data : (json.stringify(data) ?? "null");
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
  return typeof item === "object" && item !== null;
}
