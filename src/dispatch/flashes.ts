import { refuseUnknown } from "../base/unknown-options";
import { toTuple } from "../sessions/tagged-json";
import type { RequestContext } from "./context";

/** The session's key for flashed messages; Flask reads and writes the same. */
const sessionKey = "_flashes";

/** Options of `getFlashedMessages()`. */
export interface FlashOptions {
  /** Whether each message comes with its category. Default: `false`. */
  withCategories?: boolean;
  /** The categories of the returned messages. Default: all. */
  categoryFilter?: readonly string[];
}

const flashOptions = Object.keys({ withCategories: true, categoryFilter: true } satisfies Record<keyof FlashOptions, true>);

/** A flashed message with its category. */
export type FlashedMessage = readonly [category: string, message: unknown];

/** Keeps a message in the session for the next page. */
export function addFlash({ session }: RequestContext, message: unknown, category: string): void {
  const waiting = session.get(sessionKey);
  const flashed = toTuple([category, message]);
  session.set(sessionKey, Array.isArray(waiting) ? [...waiting, flashed] : [flashed]);
}

/**
 * Takes the flashed messages from the session. A second call in the same request returns them again.
 *
 * All messages are taken, also those that the filter leaves out. `HEAD` leaves them for the page that the visitor sees.
 */
export function takeFlashes(context: RequestContext, options: FlashOptions = {}): readonly (FlashedMessage | unknown)[] {
  refuseUnknown(options, flashOptions, "getFlashedMessages()");
  const { withCategories = false, categoryFilter = [] } = options;
  context.flashes ??= readFlashes(context);
  const wanted = categoryFilter.length === 0 ? context.flashes : context.flashes.filter(([category]) => categoryFilter.includes(category));
  return withCategories ? wanted : wanted.map(([, message]) => message);
}

function readFlashes({ request, session }: RequestContext): readonly FlashedMessage[] {
  if (!session.has(sessionKey)) {
    return [];
  }
  const waiting = request.method === "HEAD" ? session.get(sessionKey) : session.pop(sessionKey);
  return Array.isArray(waiting) ? waiting.filter(isFlash).map(([category, message]) => [category, message]) : [];
}

function isFlash(entry: unknown): entry is [string, unknown] {
  return Array.isArray(entry) && entry.length === 2 && typeof entry[0] === "string";
}
