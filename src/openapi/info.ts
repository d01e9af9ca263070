import { SetupError } from "../base/errors";
import { refuseUnknown, requireOptions } from "../base/unknown-options";

/** The parts of a document that do not come from the routes. */
export interface OpenApiInfo {
  /** The `title` and the `version` of the API, and optionally a `description`. */
  readonly info: { readonly title: string; readonly version: string } & Readonly<Record<string, unknown>>;
  /** The addresses of the API. Default: the path below which the document is asked for. */
  readonly servers?: readonly Readonly<Record<string, unknown>>[];
  /** The ways in which clients authenticate, by name, such as `{ bearer: { type: "http", scheme: "bearer" } }`. */
  readonly securitySchemes?: Readonly<Record<string, unknown>>;
  /**
   * The schemes that every route asks for, such as `[{ bearer: [] }]`. The `openapi: { security }` of a route replaces them. Default: none,
   * and for routes with `@loginRequired` the session cookie or one of `securitySchemes`.
   */
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  /** The descriptions of the tags of routes. */
  readonly tags?: readonly Readonly<Record<string, unknown>>[];
}

/** The parts of a document that an app states. The type keeps the list complete. */
const aboutNames = Object.keys({
  info: true,
  servers: true,
  securitySchemes: true,
  security: true,
  tags: true,
} satisfies Record<keyof OpenApiInfo, true>);
/** The fields of an Info Object (OpenAPI 3.1, section 4.8.2). */
const infoNames = ["title", "summary", "description", "termsOfService", "contact", "license", "version"];

/**
 * Checks the parts of a document that an app states.
 *
 * @param about The parts.
 * @param more The names of further options beside them.
 * @throws {SetupError} If an option is unknown, or if the title or the version is missing.
 */
export function checkInfo(about: OpenApiInfo, more: readonly string[] = []): void {
  if (isObject(about) && "components" in about) {
    throw new SetupError(
      "There is no option 'components' of openapi(). Name schemas by .meta({ id: \"…\" }), and schemes of security by 'securitySchemes'.",
    );
  }
  requireOptions(about, [...aboutNames, ...more], "openapi()", SetupError);
  const { info }: { info?: OpenApiInfo["info"] } = about;
  if (typeof info?.title !== "string" || typeof info.version !== "string") {
    throw new SetupError('openapi() needs the title and the version of the API: { info: { title: "Shop", version: "1" } }.');
  }
  const own = Object.keys(info).filter((name) => name.startsWith("x-"));
  refuseUnknown(info, [...infoNames, ...own], "'info' of openapi()", SetupError);
  checkLists(about);
  for (const [name, scheme] of Object.entries(about.securitySchemes ?? {})) {
    const type: unknown = isObject(scheme) ? (Reflect.get(scheme, "type") ?? Reflect.get(scheme, "$ref")) : undefined;
    if (type === undefined || (!("$ref" in Object(scheme)) && !schemeTypes.includes(String(type)))) {
      throw new SetupError(
        `The scheme '${name}' of 'securitySchemes' of openapi() needs a 'type': one of ${schemeTypes.join(", ")}. Write { type: "http", scheme: "bearer" }.`,
      );
    }
  }
}

/** The types of a Security Scheme Object (OpenAPI 3.1, section 4.8.27). */
const schemeTypes = ["apiKey", "http", "mutualTLS", "oauth2", "openIdConnect"];

const lists: readonly (readonly [name: "security" | "servers" | "tags", key: string | undefined, example: string])[] = [
  ["security", undefined, "[{ bearer: [] }]"],
  ["servers", "url", '[{ url: "https://api.example.com" }]'],
  ["tags", "name", '[{ name: "books", description: "The books." }]'],
];

function checkLists(about: OpenApiInfo): void {
  for (const [name, key, example] of lists) {
    const value: unknown = about[name];
    const isList = Array.isArray(value) && value.every((item) => isObject(item) && (key === undefined || key in item));
    if (value !== undefined && !isList) {
      throw new SetupError(`The option '${name}' of openapi() must be a list such as ${example}.`);
    }
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
