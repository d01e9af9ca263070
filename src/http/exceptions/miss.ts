import { reasonOf } from "../status";
import { NotFound } from "./client-errors";
import { type ErrorAnswer, withoutStack } from "./http-exception";

const title = reasonOf(NotFound.status);

/**
 * The answer 404 where no route leads. Machines ask for what is not there again and again, so that the exception is made
 * only for hooks and handlers that want it.
 */
export class Miss implements ErrorAnswer {
  readonly status: number = NotFound.status;
  readonly title: string = title;
  readonly description: string = NotFound.description;
  readonly headers: Readonly<Record<string, string>> = {};
  #exception: NotFound | undefined;

  /** The answer as an exception, always the same one. */
  get exception(): NotFound {
    this.#exception ??= withoutStack(() => new NotFound());
    return this.#exception;
  }
}
