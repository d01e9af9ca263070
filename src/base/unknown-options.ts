import { FlagonError } from "./errors";
import { didYouMean } from "./suggestion";

/** Creates an error. */
type ErrorConstructor = new (message: string) => Error;

/**
 * Refuses an option that a function does not have, and options that are no object. The compiler refuses them too, but not every app
 * is compiled with checks.
 *
 * @param options The options. `undefined` has none.
 * @param known The names of all options.
 * @param place The owner of the options, such as `redirect()`.
 * @param Failure The class of the error.
 * @throws {FlagonError} If there is another option, or the options are no object. The message names the closest option.
 */
export function refuseUnknown(
  options: object | undefined,
  known: readonly string[],
  place: string,
  Failure: ErrorConstructor = FlagonError,
): void {
  // A caller in JavaScript can pass any value.
  const given: unknown = options;
  if (given !== undefined && (typeof given !== "object" || given === null || Array.isArray(given))) {
    throw new Failure(`The options of ${place} must be an object, but got ${describeGiven(given)}. ${listOptions(known)}`);
  }
  for (const name in options) {
    if (!known.includes(name)) {
      throw new Failure(`There is no option '${name}' of ${place}.${didYouMean(name, known) || ` ${listOptions(known)}`}`);
    }
  }
}

/**
 * Refuses options as {@link refuseUnknown} does, and their absence.
 *
 * @throws {FlagonError} If there are no options, or one that is not known.
 */
export function requireOptions(
  options: object | undefined,
  known: readonly string[],
  place: string,
  Failure: ErrorConstructor = FlagonError,
): void {
  if (options === undefined) {
    throw new Failure(`${place} needs options, but got none. ${listOptions(known)}`);
  }
  refuseUnknown(options, known, place, Failure);
}

function listOptions(known: readonly string[]): string {
  return known.length === 0 ? "It takes none." : `The options are: ${known.join(", ")}.`;
}

/** Describes a value that an app gave in the place of another one. */
export function describeGiven(value: unknown): string {
  if (typeof value === "string") {
    return `the text ${JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)}`;
  }
  if (typeof value === "function") {
    return "a function";
  }
  if (Array.isArray(value)) {
    return "a list";
  }
  return typeof value === "object" && value !== null ? "an object" : value === undefined ? "nothing" : String(value);
}
