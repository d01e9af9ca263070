import { findAppContext } from "./context";
import { FlagonResponse } from "./http/response";
import { defaultJson, type JsonProvider } from "./json-provider";
import { TextStream } from "./response-stream";

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
 * Responds with server-sent events (WHATWG HTML, section 9.2), one for each item.
 *
 * @param events The events: text, or objects with `data`. They end when the client leaves.
 */
export function eventStream(events: AsyncIterable<string | ServerSentEvent>): FlagonResponse {
  const json = findAppContext()?.app.json ?? defaultJson;
  const body = new TextStream(events, (item) => formatEvent(toEvent(item), json));
  return new FlagonResponse(body, 200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    // Proxies would otherwise keep events back to compress or collect them.
    "x-accel-buffering": "no",
  });
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
