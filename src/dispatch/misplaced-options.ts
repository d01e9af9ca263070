import { type Route, takesValue } from "../routing/route";
import type { Application } from "../setup/application";
import type { Endpoint } from "../setup/registry";

/** The options of `urlFor()`, each with a test for the values that are hardly meant for the query. */
const meantAsOption: Readonly<Record<string, (value: unknown) => boolean>> = {
  external: (value) => typeof value === "boolean",
  anchor: (value) => typeof value === "string" && value !== "",
  scheme: (value) => value === "http" || value === "https",
  method: (value) => typeof value === "string" && /^(?:GET|POST|PUT|PATCH|DELETE)$/.test(value),
};

/** The warnings that an app has logged. Each call of a page would repeat them. */
const logged = new WeakMap<Application, Set<string>>();

/** Warns the developer of an option of `urlFor()` among the values, where it becomes a part of the query. For debug mode. */
export function warnOfMisplacedOptions(
  app: Application,
  route: Route<Endpoint>,
  values: Readonly<Record<string, unknown>>,
  options: object,
): void {
  for (const [name, isMeant] of Object.entries(meantAsOption)) {
    if (!(Object.hasOwn(values, name) && isMeant(values[name])) || takesValue(route, name) || Object.hasOwn(options, name)) {
      continue;
    }
    const known = logged.get(app) ?? new Set();
    logged.set(app, known);
    const endpoint = route.endpoint.name;
    const text = `{ ${name}: ${JSON.stringify(values[name])} }`;
    if (!known.has(endpoint + text)) {
      known.add(endpoint + text);
      app.logger.warn(
        `urlFor("${endpoint}") has '${name}' among its values, so it becomes a part of the query. As an option it is the third argument: urlFor("${endpoint}", values, ${text}).`,
      );
    }
  }
}
