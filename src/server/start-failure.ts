import { inspect } from "node:util";
import { describeReason, hideValues } from "../base/query-errors";
import type { Application } from "../setup/application";

/** An app that could not start. The server prints it as one line. */
export class StartFailure extends Error {
  /**
   * @param app The app.
   * @param cause The error of the function that failed.
   */
  constructor({ name }: Application, cause: unknown) {
    super(`The app '${name}' did not start: ${describe(cause)}`, { cause });
  }
}

/** Describes an error in one line; an error without a message by the errors that it contains, or by its name. */
function describe(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") {
    return error.errors.map(describe).join("; ");
  }
  hideValues(error);
  const text = error instanceof Error ? describeReason(error) : describeValue(error);
  return text.replace(/\s*[\r\n\u2028\u2029]+\s*/g, " ");
}

/** Describes a value that is no error, but was thrown. */
function describeValue(value: unknown): string {
  return typeof value === "string" && value !== ""
    ? value
    : `it threw ${inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY })}, which is no error.`;
}
