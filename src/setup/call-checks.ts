import { SetupError } from "../base/errors";
import { refuseUnknown } from "../base/unknown-options";
import type { RouteOptions } from "../routing/route-options";

/** The options of a route. The type keeps the list complete. */
const routeOptions = Object.keys({
  methods: true,
  endpoint: true,
  defaults: true,
  strictSlashes: true,
  mergeSlashes: true,
  host: true,
  subdomain: true,
  alias: true,
  buildOnly: true,
  provideAutomaticOptions: true,
  maxContentLength: true,
  viewTimeout: true,
  bodyTimeout: true,
  csrf: true,
  json: true,
  query: true,
  returns: true,
  form: true,
  status: true,
  openapi: true,
} satisfies Record<keyof RouteOptions, true>);

/** The options of a route that stand for those of other frameworks, with their cures. */
const foreignOptions: readonly (readonly [names: RegExp, cure: string])[] = [
  [/^(?:body|data|payload|requestBody|schema)$/, "The schema of a JSON body is 'json', that of a form is 'form'."],
  [
    /^(?:params|pathParams)$/,
    "The variables stand in the rule, with their types: \"/users/<int:id>\". The schema of the query is 'query'.",
  ],
  [/^(?:querystring|queryParams|searchParams)$/, "The schema of the query is 'query'."],
  [
    /^(?:response|responses|responseModel|response_model|output)$/,
    "The schema of the result is 'returns', and other answers are described by openapi: { responses: { 409: \"…\" } }.",
  ],
  [/^(?:summary|description|tags|deprecated|operationId|security)$/, "It is part of the document: openapi: { … }."],
  [/^name$/, "The name of a route is 'endpoint'."],
];

/** The most parameters of each kind of hook; more are those of middleware. */
const hookParameters: Readonly<Record<string, number>> = {
  beforeRequest: 1,
  beforeAppRequest: 1,
  afterRequest: 2,
  afterAppRequest: 2,
  urlValuePreprocessor: 2,
  appUrlValuePreprocessor: 2,
  urlDefaults: 2,
  appUrlDefaults: 2,
};

/**
 * Checks the call that binds a function to a rule. The compiler checks it too, but not every app is compiled with checks.
 *
 * @param call The method of the app or the blueprint, such as `"get"`.
 * @param values All that it was given.
 * @throws {SetupError} If the rule is no text, the view no function of one parameter, or the options are no options of a route.
 */
export function checkRouteCall(call: string, values: readonly unknown[]): void {
  const [rule, view, options, ...others] = values;
  const place = `${call}(${nameRule(rule)})`;
  checkRule(rule, place);
  if (typeof view !== "function") {
    if (view === undefined) {
      throw new SetupError(
        `The view of the rule '${rule}' is missing. The second argument is the view of ${call}(), the third its options: app.${call}("${rule}", () => "Hello"). As a decorator of a method write @route${call === "route" ? "" : `.${call}`}("${rule}") of "flagon".`,
      );
    }
    throw new SetupError(
      `The view of the rule '${rule}' is ${describe(view)}. The second argument is the view of ${call}(), the third its options. For a guard wrap the view, as loginRequired(view) does, or use blueprint.beforeRequest().`,
    );
  }
  if (isClass(view)) {
    throw new SetupError(`The view of ${place} is the class '${view.name}'. A controller is registered: app.register(${view.name}).`);
  }
  checkRouteOptions(options, rule, place, call);
  if (others.length > 0) {
    throw new SetupError(
      `${place} got ${values.length} arguments, but takes three: the rule, the view and the options. Code that runs before the view wraps it, by viewDecorator(), or belongs in blueprint.beforeRequest().`,
    );
  }
  if (view.length > 1) {
    throw new SetupError(
      `The view of ${place} has ${view.length} parameters, but a view gets one object: the values of the rule. The request is 'request' of "flagon", and the answer is the value that the view returns.`,
    );
  }
}

/**
 * Checks the arguments of `@route()` and its shortcuts.
 *
 * @throws {SetupError} If the rule is no text, or the options are no options of a route.
 */
export function checkRouteDecorator(call: string, values: readonly unknown[]): void {
  const [rule, options, ...others] = values;
  const place = `@${call}(${nameRule(rule)})`;
  checkRule(rule, place);
  if (typeof options === "function" || others.length > 0) {
    throw new SetupError(
      `${place} takes a rule and options. The view is the method below it. For a guard put a decorator such as @loginRequired on the method, or make one by viewDecorator().`,
    );
  }
  checkRouteOptions(options, rule, place, call);
}

/**
 * Checks that all options are known, and that `errors` is one of its two values.
 *
 * @param place The owner of the options, such as "the app".
 * @throws {SetupError} If there is another option, with the names that are known.
 */
export function checkOptions(options: unknown, place: string, known: readonly string[]): void {
  if (!isObject(options) || Array.isArray(options)) {
    throw new SetupError(`The options of ${place} must be an object, but got ${describe(options)}. The options are: ${known.join(", ")}.`);
  }
  refuseUnknown(options, known, place, SetupError);
  const errors: unknown = Reflect.get(options, "errors");
  if (errors !== undefined && errors !== "json" && errors !== "html") {
    throw new SetupError(`The option 'errors' of ${place} is "json" or "html", not ${describe(errors)}.`);
  }
}

/**
 * Checks a function that is given to the set-up as a hook.
 *
 * @param call The method, such as `"beforeRequest"`.
 * @throws {SetupError} If it is no function, or a class, or middleware of Express or Node.
 */
export function checkHook(call: string, hook: unknown): void {
  if (typeof hook !== "function") {
    const cure = typeof hook === "string" ? " It takes no path: a hook of some URLs alone belongs in a blueprint with a 'urlPrefix'." : "";
    throw new SetupError(`${call}() needs a function, but got ${hook === undefined ? "nothing" : describe(hook)}.${cure}`);
  }
  if (isClass(hook)) {
    throw new SetupError(
      `${call}() needs a function, but got the class '${hook.name}'. A controller is registered: app.register(${hook.name}).`,
    );
  }
  if (hook.length > (hookParameters[call] ?? Number.POSITIVE_INFINITY)) {
    throw new SetupError(
      `${call}() got a function of ${hook.length} parameters. Middleware with (request, response, next) is added by app.useNode(); a hook calls no next().`,
    );
  }
}

/**
 * Checks the status or class of an error handler, and the handler.
 *
 * @throws {SetupError} If the first is no status and no class, or the second no function.
 */
export function checkErrorHandler(call: string, of: unknown, handler: unknown): void {
  if (handler === undefined && typeof of === "function" && !isClass(of)) {
    throw new SetupError(
      `${call}() got a handler alone. Say the errors that it handles: ${call}(404, handler), or ${call}(Error, handler) for all.`,
    );
  }
  checkErrorKind(call, of);
  if (typeof handler !== "function" || isClass(handler)) {
    throw new SetupError(
      `${call}(${nameKind(of)}) needs a function as its second argument, but got ${handler === undefined ? "nothing" : describe(handler)}.`,
    );
  }
  if (handler.length > 2) {
    throw new SetupError(
      `${call}(${nameKind(of)}) got a function of ${handler.length} parameters. An error handler gets (error, request), and returns the answer.`,
    );
  }
}

/**
 * Checks the status or class of an error handler.
 *
 * @throws {SetupError} If it is no number and no class.
 */
export function checkErrorKind(call: string, of: unknown): void {
  if (typeof of !== "number" && (typeof of !== "function" || typeof of.prototype !== "object")) {
    const cure = typeof of === "string" && /^\d+$/.test(of) ? ` Write ${of} as a number.` : "";
    throw new SetupError(
      `${call}() is for a status code or an error class, such as ${call}(404) or ${call}(TypeError), but got ${describe(of)}.${cure}`,
    );
  }
}

/** Checks Connect middleware. */
export function checkMiddleware(values: readonly unknown[]): void {
  const [middleware, ...others] = values;
  if (typeof middleware === "string") {
    throw new SetupError(
      `app.useNode("${middleware}") takes no path: middleware runs for all requests. A handler below a path is mounted: app.mount("${middleware}", handler).`,
    );
  }
  if (typeof middleware !== "function" || isClass(middleware)) {
    throw new SetupError(
      `app.useNode() needs middleware, a function of (request, response, next), but got ${describe(middleware)}. Many packages make one by a call: app.useNode(helmet()).`,
    );
  }
  if (middleware.length > 3) {
    throw new SetupError(
      "app.useNode() got error middleware, a function of (error, request, response, next). Errors are handled by app.errorHandler(Error, (error) => …).",
    );
  }
  if (others.length > 0) {
    throw new SetupError("app.useNode() takes one function. Call it once for each middleware.");
  }
}

/**
 * Checks an extension.
 *
 * @throws {SetupError} If it has no `name` and no `install()`.
 */
export function checkExtension(extension: unknown): void {
  const isObject = (typeof extension === "object" && extension !== null) || typeof extension === "function";
  const isExtension =
    isObject && typeof Reflect.get(extension, "install") === "function" && typeof Reflect.get(extension, "name") === "string";
  if (!isExtension || typeof extension === "function") {
    throw new SetupError(
      `app.use() takes an extension: an object with a name and install(). Middleware of Connect or Express goes to app.useNode(), a function before each request to app.beforeRequest(). This one is ${describe(extension)}.${cureOfExtension(extension)}`,
    );
  }
}

function cureOfExtension(extension: unknown): string {
  if (typeof extension === "string") {
    return ` A handler below a path is mounted: app.mount("${extension}", handler).`;
  }
  if (typeof extension !== "function") {
    return " Blueprints and controllers are registered: app.register().";
  }
  if (isClass(extension)) {
    return typeof extension.prototype.install === "function"
      ? ` Give an instance of it: app.use(new ${extension.name}(…)).`
      : ` A controller is registered: app.register(${extension.name}).`;
  }
  return extension.length > 3 ? " Errors are handled by app.errorHandler(Error, (error) => …)." : "";
}

/** Tells whether a function is a class, which cannot be called: a class as it is written, or one of an older standard, with methods. */
export function isClass(value: { readonly prototype?: unknown }): boolean {
  const { prototype } = value;
  return (
    typeof prototype === "object" &&
    prototype !== null &&
    (/^class\b/.test(Function.prototype.toString.call(value)) || Object.getOwnPropertyNames(prototype).length > 1)
  );
}

/** Tells whether a value is an object, also a list. */
export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function checkRule(rule: unknown, place: string): void {
  if (typeof rule !== "string") {
    const cure = Array.isArray(rule)
      ? " Call it once for each rule."
      : typeof rule === "function" && place.startsWith("@")
        ? ` A decorator of routes is called: ${place.replace(/\(.*/, "")}("/path").`
        : rule instanceof RegExp
          ? " Variables stand in angle brackets. For an expression of your own, add a converter to app.converters."
          : "";
    throw new SetupError(`A rule is text, such as "/users/<int:id>", but this one is ${describe(rule)}. It is in ${place}.${cure}`);
  }
}

function checkRouteOptions(options: unknown, rule: unknown, place: string, call: string): void {
  if (options === undefined) {
    return;
  }
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new SetupError(
      `The options of the rule '${String(rule)}' are ${describe(options)}. The view is the second argument of ${call}(), and nothing stands between it and the rule: a guard wraps the view, as loginRequired(view) or a decorator by viewDecorator(), or is a hook, app.beforeRequest() or blueprint.beforeRequest(). Options are an object, such as { endpoint: "show" }.`,
    );
  }
  const isShortcut = !call.endsWith("route");
  if (isShortcut && "methods" in options) {
    throw new SetupError(`${place} already says the method. Use ${call.startsWith("route.") ? "@route" : "route"}() to give several.`);
  }
  for (const name in options) {
    const cure = foreignOptions.find(([names]) => names.test(name))?.[1];
    if (cure !== undefined) {
      throw new SetupError(`There is no option '${name}' of the route ${place}. ${cure}`);
    }
  }
  checkOptions(options, `the route ${place}`, isShortcut ? routeOptions.filter((name) => name !== "methods") : routeOptions);
  const methods: unknown = Reflect.get(options, "methods");
  if (methods !== undefined && !(Array.isArray(methods) && methods.every((method) => typeof method === "string"))) {
    const cure = typeof methods === "string" ? `: ["${methods}"]` : ` of texts, such as ["GET", "POST"]`;
    throw new SetupError(`'methods' of the route ${place} must be a list${cure}.`);
  }
}

function nameRule(rule: unknown): string {
  return typeof rule === "string" ? `"${rule}"` : rule instanceof RegExp ? String(rule) : Array.isArray(rule) ? "[…]" : "";
}

function nameKind(of: unknown): string {
  return typeof of === "function" ? of.name : String(of);
}

/** Describes a wrong argument in a message. */
export function describe(value: unknown): string {
  if (typeof value === "string") {
    return `the text "${value}"`;
  }
  if (typeof value === "function") {
    return isClass(value) ? `the class '${value.name}'` : "a function";
  }
  if (Array.isArray(value)) {
    return "a list";
  }
  if (value instanceof RegExp) {
    return "a regular expression";
  }
  if (value === undefined) {
    return "missing";
  }
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
