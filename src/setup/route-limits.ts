import { SetupError } from "../base/errors";
import { isTime, isWholeFrom } from "../config/setting-check";

/** The limits of a route on the time of its requests, in seconds. */
export interface RouteTimes {
  readonly viewTimeout?: number | undefined;
  readonly bodyTimeout?: number | undefined;
}

/**
 * Reads a route's limits on time.
 *
 * @param options The route's options.
 * @param label The view, for the error.
 * @throws {SetupError} If one is not a number of seconds above 0.
 */
export function readTimes({ bodyTimeout, viewTimeout }: RouteTimes, label: string): RouteTimes {
  for (const [name, value] of Object.entries({ bodyTimeout, viewTimeout })) {
    if (value !== undefined && !isTime(value)) {
      throw new SetupError(`The '${name}' of ${label} must be a number of seconds above 0, not ${String(value)}.`);
    }
  }
  return { bodyTimeout, viewTimeout };
}

/**
 * Reads the `maxContentLength` of a route.
 *
 * @throws {SetupError} If it is not a whole number of bytes from 1.
 */
export function readMaxLength(bytes: number | undefined, label: string): number | undefined {
  if (bytes !== undefined && !isWholeFrom(bytes, 1)) {
    throw new SetupError(`The 'maxContentLength' of ${label} must be a whole number of bytes from 1, not ${String(bytes)}.`);
  }
  return bytes;
}
