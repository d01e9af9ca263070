import { BuildError } from "../base/errors";
import { didYouMean } from "../base/suggestion";
import { buildUrl, type UrlOptions, type UrlValue } from "../dispatch/build-url";
import { type AppContext, getAppContext, RequestContext } from "../dispatch/context";

/** The names of a controller's methods. */
export type MethodName<Controller> = {
  [Name in keyof Controller & string]: Controller[Name] extends (...values: never[]) => void ? Name : never;
}[keyof Controller & string];

/** The values from which the URL of a method is built: those it takes, and any others for the query. */
export type MethodValues<Method> = Method extends (values: infer Values, ...rest: never[]) => void
  ? unknown extends Values
    ? Readonly<Record<string, UrlValue>>
    : Omit<Values, "json" | "query"> & Readonly<Record<string, UrlValue>>
  : never;

/** The rest of the arguments of {@link urlFor}; values may be left out where none is needed. */
export type UrlArguments<Values> =
  Record<never, never> extends Values ? [values?: Values, options?: UrlOptions] : [values: Values, options?: UrlOptions];

/**
 * Builds the URL of an endpoint, by its name or by the controller's method.
 *
 * @param target The endpoint, such as `"blog.show"`, one of the current blueprint, such as `".show"`, or a controller.
 * @param rest The method, if the target is a controller; the rule's values, of which what is left over becomes the
 * query; and options.
 * @throws {BuildError} If there is no such endpoint, or values are missing or not convertible.
 *
 * @example
 * ```ts
 * urlFor(Blog, "show", { id: 3 }); // "/posts/3"
 * ```
 */
export function urlFor<Controller extends object, const Name extends MethodName<Controller>>(
  target: abstract new (...values: never[]) => Controller,
  method: Name,
  ...rest: UrlArguments<MethodValues<Controller[Name]>>
): string;
export function urlFor(target: string, values?: Readonly<Record<string, UrlValue>>, options?: UrlOptions): string;
export function urlFor(
  target: string | (abstract new (...values: never[]) => object),
  ...rest: readonly (string | Readonly<Record<string, unknown>> | UrlOptions | undefined)[]
): string {
  const current = getAppContext("urlFor");
  const { app } = current;
  const context = current instanceof RequestContext ? current : undefined;
  if (typeof target === "string") {
    const [values, options] = rest;
    return buildUrl(app, context, target, toObject(values), toObject(options));
  }
  const [method, values, options] = rest;
  return buildUrl(app, context, findEndpointOf(current, target, String(method)), toObject(values), toObject(options));
}

const none: Readonly<Record<string, unknown>> = Object.freeze({});

function toObject(value: string | Readonly<Record<string, unknown>> | UrlOptions | undefined): Readonly<Record<string, unknown>> {
  return typeof value === "object" ? { ...value } : none;
}

function findEndpointOf({ app }: AppContext, controller: abstract new (...values: never[]) => object, method: string): string {
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
