import type { Application } from "../setup/application";

/** An app that could not start, which its server says in a line. */
export class StartFailure extends Error {
  /**
   * @param app The app.
   * @param cause The error of the function that failed.
   */
  constructor({ name }: Application, cause: unknown) {
    super(`The app '${name}' did not start: ${describe(cause)}`, { cause });
  }
}

/** Describes an error in one line; one that has no message of its own by those that it gathers, or by its code. */
function describe(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") {
    return error.errors.map(describe).join("; ");
  }
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replace(/\s*[\r\n]+\s*/g, " ");
}
