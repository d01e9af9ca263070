import { SetupError } from "../base/errors";
import type { BlueprintOptions } from "../routing/route-options";
import { checkOptions, describe, isObject } from "./call-checks";

/** The options of a blueprint, with the name under which one is registered. */
const blueprintOptions = Object.keys({
  name: true,
  urlPrefix: true,
  host: true,
  subdomain: true,
  urlDefaults: true,
  templates: true,
  static: true,
  staticUrlPath: true,
  errors: true,
  csrf: true,
} satisfies Record<keyof BlueprintOptions | "name", true>);

/**
 * Checks the arguments of `new Blueprint()`.
 *
 * @throws {SetupError} If the name is no text, or cannot be the name of a blueprint, or an option is unknown.
 */
export function checkBlueprintCall(name: unknown, options: unknown): void {
  if (typeof name !== "string") {
    const cure =
      typeof name === "object" && name !== null && "name" in name ? " The name is the first argument, the options are the second." : "";
    throw new SetupError(
      `The first argument of new Blueprint() is its name, such as new Blueprint("admin", { urlPrefix: "/admin" }), but it is ${describe(name)}.${cure}`,
    );
  }
  checkBlueprintName(name);
  checkBlueprintOptions(options, name);
}

/**
 * Checks the name of a blueprint.
 *
 * @throws {SetupError} If it is empty, or has a dot or a slash.
 */
export function checkBlueprintName(name: string): void {
  if (name === "" || name.includes(".")) {
    throw new SetupError(
      `'${name}' cannot be the name of a blueprint: it is empty, or has a dot, which separates a blueprint from its endpoints.`,
    );
  }
  if (name.startsWith("/")) {
    throw new SetupError(
      `'${name}' cannot be the name of a blueprint: its endpoints begin with the name. For a prefix write new Blueprint("${name.replace(/\W+/g, "")}", { urlPrefix: "${name}" }).`,
    );
  }
}

/**
 * Checks the options of a blueprint or of its registration.
 *
 * @throws {SetupError} If there is an option that blueprints do not have.
 */
export function checkBlueprintOptions(options: unknown, name: string): void {
  const place = `the blueprint '${name}'`;
  if (typeof options === "string") {
    const cure = /^\/[^.]*$/.test(options)
      ? `A prefix is { urlPrefix: "${options}" }.`
      : `They are such as { urlPrefix: "/${name}" }; a blueprint needs no name of a module.`;
    throw new SetupError(`The options of ${place} must be an object, but got ${describe(options)}. ${cure}`);
  }
  if (options !== undefined) {
    checkOptions(options, place, blueprintOptions);
  }
  const prefix: unknown = isObject(options) ? Reflect.get(options, "urlPrefix") : undefined;
  if (prefix !== undefined && typeof prefix !== "string") {
    throw new SetupError(`The option 'urlPrefix' of ${place} must be a text, such as "/${name}", but it is ${describe(prefix)}.`);
  }
}
