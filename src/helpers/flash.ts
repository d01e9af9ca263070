import { signals } from "../base/signals";
import { getRequestContext } from "../dispatch/context";
import { addFlash, type FlashedMessage, type FlashOptions, takeFlashes } from "../dispatch/flashes";

/**
 * Keeps a message for the next page that the visitor sees.
 *
 * @param message What it says: text, or anything that JSON can hold.
 * @param category Its kind, such as `"error"`. Default: `"message"`.
 * @throws {SessionError} If the app has no secret key.
 */
export function flash(message: unknown, category = "message"): void {
  const context = getRequestContext("flash");
  addFlash(context, message, category);
  if (signals.messageFlashed.hasSubscribers) {
    signals.messageFlashed.publish({ app: context.app, message, category });
  }
}

/**
 * Takes the flashed messages; asked again in the same request, gives them again.
 *
 * @param options Whether they come with their categories, and which categories.
 */
export function getFlashedMessages(options: FlashOptions & { readonly withCategories: true }): readonly FlashedMessage[];
export function getFlashedMessages(options?: FlashOptions): readonly unknown[];
export function getFlashedMessages({ withCategories = false, categoryFilter = [] }: FlashOptions = {}): readonly unknown[] {
  const flashes = takeFlashes(getRequestContext("getFlashedMessages"), categoryFilter);
  return withCategories ? flashes : flashes.map(([, message]) => message);
}
