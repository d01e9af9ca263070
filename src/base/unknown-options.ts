import { FlagonError } from "./errors";
import { didYouMean } from "./suggestion";

/** Creates an error. */
type ErrorConstructor = new (message: string) => FlagonError;

/**
 * Refuses an option that a function does not have. The compiler refuses it too, but not every app is compiled with checks.
 *
 * @param options The options. `undefined` has none.
 * @param known The names of all options.
 * @param place The owner of the options, such as `redirect()`.
 * @param Failure The class of the error.
 * @throws {FlagonError} If there is another option. The message names the closest one.
 */
export function refuseUnknown(
  options: object | undefined,
  known: readonly string[],
  place: string,
  Failure: ErrorConstructor = FlagonError,
): void {
  for (const name in options) {
    if (!known.includes(name)) {
      const hint = didYouMean(name, known) || ` The options are: ${known.join(", ")}.`;
      throw new Failure(`There is no option '${name}' of ${place}.${hint}`);
    }
  }
}
