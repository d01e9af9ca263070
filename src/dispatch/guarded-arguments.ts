import { guardMembers } from "../base/guarded-members";
import { findClosest } from "../base/suggestion";
import { listVariables } from "../routing/route";
import type { RequestContext } from "./context";

/** The members of the requests of Express and Nest that are hardly variables of a rule, and the cure of each. */
const ofRequests: Readonly<Record<string, string>> = {
  params: "({ id }) => …",
  query: 'request.query.get("name")',
  body: "await request.json() or await request.form()",
  headers: 'request.headers.get("name")',
  cookies: "request.cookies.name",
  originalUrl: "request.fullPath",
};

/**
 * Refuses members that the argument of a view does not have: those of the request of Express, and misspelt variables. For debug mode
 * and tests.
 *
 * @returns A copy of the values.
 */
export function guardArguments(context: RequestContext, values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { app, endpoint } = context;
  const routes = app.registry.routes.routesOf(endpoint?.name ?? "");
  const known = new Set(routes.flatMap((route) => [...listVariables(route).map(({ name }) => name), ...Object.keys(route.defaults)]));
  const label = endpoint?.label ?? "";
  return guardMembers({ ...values }, (member, isSet) => {
    // A view may have other endpoints, with other variables.
    if (isSet || known.has(member) || app.registry.routes.hasValue(member)) {
      return undefined;
    }
    if (Object.hasOwn(ofRequests, member)) {
      const held = known.size === 0 ? "which has none" : `here ${[...known].map((name) => `'${name}'`).join(", ")}`;
      const cure = member === "params" ? `Take them as ({ ${[...known].join(", ") || "id"} }) => …` : `Use ${ofRequests[member]}`;
      return `The argument of the view '${label}' has no '${member}': it holds the variables of the rule alone, ${held}. ${cure}${
        member === "params" ? "." : ' of "flagon".'
      }`;
    }
    const meant = findClosest(member, known);
    return meant === undefined || Object.hasOwn(values, member)
      ? undefined
      : `The rule '${routes[0]?.rule.source}' of the view '${label}' has no variable '${member}'. Did you mean '${meant}'?`;
  });
}
