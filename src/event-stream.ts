import { findAppContext } from "./context";
import { FlagonResponse } from "./http/response";
import { defaultJson } from "./json-provider";

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
  return new FlagonResponse(format(events), 200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    // Proxies would otherwise keep events back to compress or collect them.
    "x-accel-buffering": "no",
  });
}

/** Writes each item as an event; nothing stands between the items and who reads them. */
function format(events: AsyncIterable<string | ServerSentEvent>): AsyncIterable<string> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = events[Symbol.asyncIterator]();
      const end: IteratorResult<string> = { done: true, value: undefined };
      return {
        next: () =>
          Promise.resolve(iterator.next()).then((item) => (item.done === true ? end : { done: false, value: formatEvent(item.value) })),
        return: () => Promise.resolve(iterator.return?.()).then(() => end),
      };
    },
  };
}

function formatEvent(item: string | ServerSentEvent): string {
  const { data, event, id, retry } = toEvent(item);
  const text = typeof data === "string" ? data : ((findAppContext()?.app.json ?? defaultJson).stringify(data) ?? "null");
  const lines = /[\r\n]/.test(text) ? text.split(/\r\n|\r|\n/).join("\ndata: ") : text;
  return `${event === undefined ? "" : `event: ${oneLine(event)}\n`}${id === undefined ? "" : `id: ${oneLine(id)}\n`}${
    retry === undefined ? "" : `retry: ${Math.trunc(retry)}\n`
  }data: ${lines}\n\n`;
}

/** A line break would end the field and begin another. */
function oneLine(text: string): string {
  return text.replace(/[\r\n\0]/g, " ");
}

function toEvent(item: string | ServerSentEvent): ServerSentEvent {
  return typeof item === "string" ? { data: item } : item;
}
