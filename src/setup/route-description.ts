import { SetupError } from "../base/errors";
import { didYouMean } from "../base/suggestion";
import { refuseUnknown } from "../base/unknown-options";
import type { RouteSchemas } from "../routing/route-options";

/** A kind of value: its test, and the words for it. */
type Kind = readonly [test: (value: unknown) => boolean, words: string];

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): boolean => typeof value === "string";
const isListOf =
  (test: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    Array.isArray(value) && value.every(test);
/** Tells whether an object has the name and the place that each parameter has, or refers to one. */
const isParameter = (value: unknown): boolean => isObject(value) && ("$ref" in value || ("name" in value && "in" in value));

const text: Kind = [isText, "a text"];
const object: Kind = [isObject, "an object"];
const objects: Kind = [isListOf(isObject), "a list of objects"];

/** The fields of an Operation Object (OpenAPI 3.1, section 4.8.10), with their kinds. */
const operationFields: Readonly<Record<string, Kind>> = {
  tags: [isListOf(isText), 'a list of texts, such as ["books"]'],
  summary: text,
  description: text,
  externalDocs: object,
  operationId: text,
  parameters: [isListOf(isParameter), 'a list of objects, such as [{ name: "X-Trace", in: "header", schema: { type: "string" } }]'],
  requestBody: object,
  responses: [isObject, 'an object, such as { 409: "The title is taken." }'],
  callbacks: object,
  deprecated: [(value) => typeof value === "boolean", "true or false"],
  security: objects,
  servers: objects,
};

const headerHint = " Headers of an answer belong to its response, and those that the route reads are 'parameters' with { in: \"header\" }.";

/**
 * Checks the description of a route for an OpenAPI document.
 *
 * @throws {SetupError} If it is no object, or has a field that no operation has, or one of another kind. Fields that begin with
 *   `x-` are the app's own.
 */
export function checkDescription(openapi: RouteSchemas["openapi"], label: string): void {
  const given: unknown = openapi;
  if (given === undefined || given === false) {
    return;
  }
  const place = `The option 'openapi' of the route of ${label}`;
  if (!isObject(given)) {
    throw new SetupError(`${place} must be false, or an object such as { summary: "Shows a book" }.`);
  }
  for (const [name, value] of Object.entries(given).filter(([field]) => !field.startsWith("x-"))) {
    const kind = operationFields[name];
    if (kind === undefined) {
      throw new SetupError(
        `${place} has the field '${name}', which an operation of OpenAPI does not have.${/^headers?$/i.test(name) ? headerHint : didYouMean(name, Object.keys(operationFields))}`,
      );
    }
    const [test, words] = kind;
    if (value !== undefined && !test(value)) {
      throw new SetupError(`The field '${name}' in the option 'openapi' of the route of ${label} must be ${words}.`);
    }
  }
  checkParameters(Reflect.get(given, "parameters"), label);
  const body: unknown = Reflect.get(given, "requestBody");
  if (isObject(body)) {
    checkFields(body, bodyFields, `the 'requestBody' of the route of ${label}`);
  }
  checkResponses(Reflect.get(given, "responses"), label);
}

/** The fields of a Parameter Object (OpenAPI 3.1, section 4.8.12); a header has the same but for its name and place. */
const headerFields = [
  "description",
  "required",
  "deprecated",
  "schema",
  "content",
  "style",
  "explode",
  "example",
  "examples",
  "$ref",
  "summary",
];
const parameterFields = [...headerFields, "name", "in", "allowEmptyValue", "allowReserved"];
const places = ["path", "query", "header", "cookie"];
/** The fields of a Request Body Object (OpenAPI 3.1, section 4.8.13). */
const bodyFields = ["description", "content", "required", "$ref", "summary"];
/** The fields of a Response Object (OpenAPI 3.1, section 4.8.17). */
const responseFields = ["description", "headers", "content", "links", "$ref", "summary"];

/** Checks the fields of an object of a document. Those that begin with `x-` are the app's own. */
function checkFields(value: object, known: readonly string[], place: string): void {
  const own = Object.keys(value).filter((name) => name.startsWith("x-"));
  refuseUnknown(value, [...known, ...own], place, SetupError);
}

function checkParameters(parameters: unknown, label: string): void {
  for (const parameter of Array.isArray(parameters) ? parameters.filter(isObject) : []) {
    const place: unknown = Reflect.get(parameter, "in");
    const name = `the parameter '${String(Reflect.get(parameter, "name"))}' of the route of ${label}`;
    checkFields(parameter, parameterFields, name);
    if (place !== undefined && !places.includes(String(place))) {
      throw new SetupError(
        `The field 'in' of ${name} is one of ${places.join(", ")}, but is '${String(place)}'.${didYouMean(String(place), places)}`,
      );
    }
  }
}

/** Checks the statuses of responses, such as `404`, `4XX` and `default`, and the fields of those that are objects. */
function checkResponses(responses: unknown, label: string): void {
  if (typeof responses !== "object" || responses === null) {
    return;
  }
  for (const [status, response] of Object.entries(responses).filter(([name]) => !name.startsWith("x-"))) {
    if (!/^(?:[1-5](?:\d\d|XX)|default)$/.test(status)) {
      throw new SetupError(
        `The option 'openapi' of the route of ${label} has a response '${status}', which is no status: write 404, "4XX" or "default".`,
      );
    }
    if (typeof response !== "string" && !isObject(response)) {
      throw new SetupError(
        `The option 'openapi' of the route of ${label} describes the response ${status} by neither a text nor an object: { ${status}: "The title is taken." }.`,
      );
    }
    if (isObject(response)) {
      checkFields(response, responseFields, `the response ${status} of the route of ${label}`);
      checkHeaders(Reflect.get(response, "headers"), status, label);
    }
  }
}

function checkHeaders(headers: unknown, status: string, label: string): void {
  if (headers === undefined) {
    return;
  }
  const all = isObject(headers) ? Object.entries(headers) : [];
  if (!isObject(headers) || !all.every(([, header]) => isObject(header))) {
    throw new SetupError(
      `The headers of the response ${status} of the route of ${label} must be an object of objects: { "X-Left": { schema: { type: "integer" } } }.`,
    );
  }
  for (const [name, header] of all) {
    checkFields(header, headerFields, `the header '${name}' of the response ${status} of the route of ${label}`);
  }
}
