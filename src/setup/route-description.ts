import { SetupError } from "../base/errors";
import { didYouMean } from "../base/suggestion";
import { refuseUnknown } from "../base/unknown-options";
import type { RouteSchemas } from "../routing/route-options";

/** The fields of an Operation Object (OpenAPI 3.1, section 4.8.10). */
const operationFields = [
  "tags",
  "summary",
  "description",
  "externalDocs",
  "operationId",
  "parameters",
  "requestBody",
  "responses",
  "callbacks",
  "deprecated",
  "security",
  "servers",
];

/**
 * Checks the description of a route for an OpenAPI document.
 *
 * @throws {SetupError} If it has a field that no operation has. Fields that begin with `x-` are the app's own.
 */
export function checkDescription(openapi: RouteSchemas["openapi"], label: string): void {
  const unknown = Object.keys(openapi === false ? {} : (openapi ?? {})).find(
    (name) => !operationFields.includes(name) && !name.startsWith("x-"),
  );
  if (unknown !== undefined) {
    throw new SetupError(
      `The option 'openapi' of the route of ${label} has the field '${unknown}', which an operation of OpenAPI does not have.${didYouMean(unknown, operationFields)}`,
    );
  }
  checkResponses(openapi === false ? undefined : openapi?.responses, label);
}

/** The fields of a Response Object (OpenAPI 3.1, section 4.8.17). */
const responseFields = ["description", "headers", "content", "links", "$ref", "summary"];

/** Checks the statuses of responses, such as `404`, `4XX` and `default`, and the fields of those that are objects. */
function checkResponses(responses: unknown, label: string): void {
  if (typeof responses !== "object" || responses === null) {
    return;
  }
  for (const [status, response] of Object.entries(responses)) {
    const isOwn = status.startsWith("x-");
    if (!isOwn && !/^(?:[1-5](?:\d\d|XX)|default)$/.test(status)) {
      throw new SetupError(
        `The option 'openapi' of the route of ${label} has a response '${status}', which is no status: write 404, "4XX" or "default".`,
      );
    }
    if (!isOwn && typeof response === "object" && response !== null) {
      const own = Object.keys(response).filter((name) => name.startsWith("x-"));
      refuseUnknown(response, [...responseFields, ...own], `the response ${status} of the route of ${label}`, SetupError);
    }
  }
}
