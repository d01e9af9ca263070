import { BuildError } from "../base/errors";
import { refusePromise } from "../base/forgotten-await";
import { didYouMean } from "../base/suggestion";
import type { Suggestion } from "../base/suggestion-types";
import { describeGiven } from "../base/unknown-options";
import { isWatching } from "../base/watching";
import { buildUrl, type UrlOptions, type UrlValue } from "../dispatch/build-url";
import { type AppContext, getAppContext } from "../dispatch/context";
import { listVariables } from "../routing/route";

/** The names of a controller's methods. */
export type MethodName<Controller> = {
  // Compared to `void`: the compiler then need not infer the result, and views can link to one another.
  [Name in keyof Controller & string]: Controller[Name] extends (...values: never[]) => void ? Name : never;
}[keyof Controller & string];

/** The values from which the URL of a method is built: those it takes, and any others for the query. */
export type MethodValues<Method> = Needed<Method> & Readonly<Record<string, UrlValue>>;

/** Any values, for an endpoint that is known by its name alone. */
type AnyValues = Readonly<Record<string, UrlValue>>;

/** The values that a method takes from its rule. */
type Needed<Method> = Method extends (values: infer Values, ...rest: never[]) => void
  ? unknown extends Values
    ? Record<never, never>
    : Omit<Values, "json" | "query">
  : Record<never, never>;

type NeededName<Values> = { [Name in keyof Values]-?: Record<never, never> extends Pick<Values, Name> ? never : Name }[keyof Values] &
  string;

declare const absent: unique symbol;

/** The type of an argument that is not given. */
type Absent = typeof absent;

type Controller = abstract new (...values: never[]) => object;

/*
 * One signature for both kinds of targets: with two, the compiler would explain a mistake by the one that is not meant.
 * A check replaces the type of a parameter by a literal text that says the mistake.
 */

/** The target of {@link urlFor}: an endpoint, or a controller with the name of a method. */
export type UrlTarget<Target, First> = Target extends Controller
  ? First extends Absent
    ? 'A controller needs the name of its method: urlFor(Blog, "show").'
    : Target
  : Target;

/** The second argument of {@link urlFor}: the method of a controller, or the values of an endpoint. */
export type UrlFirst<Target, First, Second> = Target extends abstract new (
  ...values: never[]
) => infer Instance
  ? First extends MethodName<Instance>
    ? Second extends Absent
      ? [NeededName<Needed<Instance[First & keyof Instance]>>] extends [never]
        ? First
        : `The URL of '${First}' needs the value '${NeededName<Needed<Instance[First & keyof Instance]>>}'.`
      : First
    : First extends string
      ? Suggestion<First, MethodName<Instance>> extends ""
        ? MethodName<Instance>
        : `There is no method '${First}'.${Suggestion<First, MethodName<Instance>>}`
      : MethodName<Instance>
  : AnyValues | undefined;

/** The third argument of {@link urlFor}: the values of a controller's method, or the options of an endpoint. */
export type UrlSecond<Target, First, Second> = Target extends abstract new (
  ...values: never[]
) => infer Instance
  ? Second extends Absent
    ? Second
    : First extends keyof Instance
      ? MethodValues<Instance[First]> | (Record<never, never> extends Needed<Instance[First]> ? undefined : never)
      : AnyValues | undefined
  : UrlOptions | undefined;

/** The fourth argument of {@link urlFor}: the options, for a controller's method. */
export type UrlThird<Target> = Target extends Controller ? UrlOptions | undefined : undefined;

/**
 * Builds the URL of an endpoint, by its name or by the controller's method.
 *
 * @param target The endpoint, such as `"blog.show"`, one of the current blueprint, such as `".show"`, or a controller.
 * @param first The method, if the target is a controller; otherwise the rule's values. Values that are left over become the query.
 * @param second The values, if the target is a controller; otherwise the options.
 * @param third The options, if the target is a controller.
 * @throws {BuildError} If there is no such endpoint, or values are missing or not convertible.
 *
 * @example
 * ```ts
 * urlFor(Blog, "show", { id: 3 }); // "/posts/3"
 * ```
 */
export function urlFor<Target extends string | Controller, const First = Absent, Second = Absent>(
  target: UrlTarget<Target, First>,
  first?: UrlFirst<Target, First, Second>,
  second?: UrlSecond<Target, First, Second>,
  third?: UrlThird<Target>,
): string;
export function urlFor(
  target: string | Controller,
  ...rest: readonly (string | Readonly<Record<string, unknown>> | UrlOptions | undefined)[]
): string {
  const current = getAppContext("urlFor");
  const { app } = current;
  refusePromise(target, "argument of urlFor()");
  for (const given of rest) {
    refusePromise(given, "argument of urlFor()");
  }
  if (typeof target === "string") {
    const [values, options] = rest;
    refuseBareValue(target, values);
    return buildUrl(app, current, target, toObject(values), toObject(options));
  }
  const [method, values, options] = rest;
  return buildUrl(app, current, findEndpointOf(current, target, String(method)), toObject(values), toObject(options));
}

/**
 * Refuses values that are no object, in debug mode and tests.
 *
 * @throws {BuildError} With the names of the values that the endpoint takes.
 */
function refuseBareValue(endpoint: string, values: unknown): void {
  if (values !== undefined && values !== null && (typeof values !== "object" || Array.isArray(values)) && isWatching()) {
    const { app } = getAppContext("urlFor");
    const [name = "id"] = app.registry.routes.routesOf(endpoint).flatMap((route) => listVariables(route).map((variable) => variable.name));
    const shown = typeof values === "number" || typeof values === "string" ? JSON.stringify(values) : "…";
    throw new BuildError(
      `Could not build a URL for endpoint '${endpoint}': the values must be an object, but got ${describeGiven(values)}. Write urlFor("${endpoint}", { ${name}: ${shown} }).`,
      endpoint,
    );
  }
}

const noValues: Readonly<Record<string, unknown>> = Object.freeze({});

function toObject(value: string | Readonly<Record<string, unknown>> | UrlOptions | undefined): Readonly<Record<string, unknown>> {
  return typeof value === "object" ? { ...value } : noValues;
}

function findEndpointOf({ app }: AppContext, controller: Controller, method: string): string {
  const methods = app.registry.findMethods(controller);
  const endpoint = methods?.get(method);
  if (endpoint === undefined) {
    throw new BuildError(
      methods === undefined
        ? `Could not build a URL for '${controller.name}.${method}': the controller is not registered on the app '${app.name}'.`
        : `Could not build a URL for '${controller.name}.${method}': that method has no route.${didYouMean(method, methods.keys())}`,
      `${controller.name}.${method}`,
    );
  }
  return endpoint;
}
