import { SetupError } from "../base/errors";
import { didYouMean } from "../base/suggestion";
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
}
