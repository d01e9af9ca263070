import { refusePromises } from "../base/forgotten-await";
import { signals } from "../base/signals";
import { getRequestContext } from "../dispatch/context";
import { addFlash, type FlashedMessage, type FlashOptions, takeFlashes } from "../dispatch/flashes";

/**
 * Keeps a message for the next page that the visitor sees.
 *
 * @param message Text, or any value that JSON can hold.
 * @param category The kind of the message, such as `"error"`. Default: `"message"`.
 * @throws {SessionError} If the app has no secret key.
 *
 * @example
 * ```ts
 * flash("Saved.");
 * flash("There are no seats left.", "error");
 * ```
 */
export function flash(message: unknown, category = "message"): void {
  const context = getRequestContext("flash");
  refusePromises(message, "message of flash()");
  refusePromises(category, "category of flash()");
  addFlash(context, message, category);
  if (signals.messageFlashed.hasSubscribers) {
    signals.messageFlashed.publish({ app: context.app, message, category });
  }
}

/**
 * Returns the flashed messages and removes them from the session. A second call in the same request returns them again.
 * `HEAD` leaves them in the session.
 *
 * @param options `withCategories` for pairs of category and message; `categoryFilter` for some categories only.
 *
 * @example
 * ```ts
 * for (const [category, message] of getFlashedMessages({ withCategories: true })) {
 *   console.log(category, message);
 * }
 * ```
 */
export function getFlashedMessages(options: FlashOptions & { readonly withCategories: true }): readonly FlashedMessage[];
export function getFlashedMessages(options?: FlashOptions): readonly unknown[];
export function getFlashedMessages(options?: FlashOptions): readonly unknown[] {
  return takeFlashes(getRequestContext("getFlashedMessages"), options);
}
