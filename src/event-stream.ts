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

async function* format(events: AsyncIterable<string | ServerSentEvent>): AsyncGenerator<string> {
  const json = findAppContext()?.app.json ?? defaultJson;
  for await (const item of events) {
    const { data, event, id, retry } = toEvent(item);
    const text = typeof data === "string" ? data : (json.stringify(data) ?? "null");
    const lines = [
      ...(event === undefined ? [] : [`event: ${oneLine(event)}`]),
      ...(id === undefined ? [] : [`id: ${oneLine(id)}`]),
      ...(retry === undefined ? [] : [`retry: ${Math.trunc(retry)}`]),
      ...text.split(/\r\n|\r|\n/).map((line) => `data: ${line}`),
    ];
    yield `${lines.join("\n")}\n\n`;
  }
}

/** A line break would end the field and begin another. */
function oneLine(text: string): string {
  return text.replace(/[\r\n\0]/g, " ");
}

function toEvent(item: string | ServerSentEvent): ServerSentEvent {
  return typeof item === "string" ? { data: item } : item;
}
