import { toTuple } from "../sessions/tagged-json";
import type { RequestContext } from "./context";

/** The session's key for flashed messages; Flask reads and writes the same. */
const sessionKey = "_flashes";

/** Which flashed messages are wanted, and how. */
export interface FlashOptions {
  /** Whether each comes with its category. Default: `false`. */
  withCategories?: boolean;
  /** The categories that are wanted. Default: all. */
  categoryFilter?: readonly string[];
}

/** A flashed message with its category. */
export type FlashedMessage = readonly [category: string, message: unknown];

/** Keeps a message in the session for the next page. */
export function addFlash({ session }: RequestContext, message: unknown, category: string): void {
  const waiting = session.get(sessionKey);
  const flashed = toTuple([category, message]);
  session.set(sessionKey, Array.isArray(waiting) ? [...waiting, flashed] : [flashed]);
}

/**
 * Takes the flashed messages from the session; asked again in the same request, gives them again.
 *
 * All are taken, also those that the filter leaves out.
 */
export function takeFlashes(context: RequestContext, categoryFilter: readonly string[] = []): readonly FlashedMessage[] {
  if (context.flashes === undefined) {
    const waiting = context.session.has(sessionKey) ? context.session.pop(sessionKey) : undefined;
    context.flashes = Array.isArray(waiting) ? waiting.filter(isFlash).map(([category, message]) => [category, message] as const) : [];
  }
  return categoryFilter.length === 0 ? context.flashes : context.flashes.filter(([category]) => categoryFilter.includes(category));
}

function isFlash(entry: unknown): entry is [string, unknown] {
  return Array.isArray(entry) && entry.length === 2 && typeof entry[0] === "string";
}
