import { SetupError } from "../base/errors";
import { refuseUnknown } from "../base/unknown-options";
import type { CommandOptions } from "../commands/command-spec";
import type { BlueprintOptions, HttpMethod, RouteOptions } from "../routing/route-options";
import type { CheckedResult } from "../routing/view-types";
import { checkErrorKind, checkRouteDecorator, describe, isClass } from "./call-checks";
import { decorateFunction } from "./decorated-functions";
import { misplaced, placeOf } from "./decorator-places";
import type {
  CommandDecorator,
  ControllerDecorator,
  HookDecorator,
  MethodOfKindDecorator,
  NamedDecorator,
  RouteDecoratorFactory,
  RouteShortcut,
  ViewOrControllerDecorator,
} from "./decorator-types";
import type {
  AfterRequestHook,
  BeforeRequestHook,
  ContextProcessor,
  ErrorClass,
  ErrorHandler,
  HandledError,
  TeardownHook,
  UrlDefaults,
  UrlValuePreprocessor,
  ViewDecoratorOptions,
  ViewWrapper,
} from "./hooks";
import { addRecord } from "./metadata";

/** The record of one decorator, kept until the class is registered. */
export type ControllerRecord =
  | { readonly kind: "route"; readonly method: string; readonly rule: string; readonly options: RouteOptions }
  | {
      readonly kind: "beforeRequest" | "afterRequest" | "teardownRequest" | "contextProcessor" | "urlValuePreprocessor" | "urlDefaults";
      readonly method: string;
    }
  | { readonly kind: "errorHandler"; readonly method: string; readonly of: number | ErrorClass }
  | { readonly kind: "command"; readonly method: string; readonly usage: string | undefined; readonly options: CommandOptions }
  | { readonly kind: "templateGlobal"; readonly method: string; readonly name: string | undefined }
  | {
      readonly kind: "viewDecorator";
      readonly method: string | undefined;
      readonly wrap: ViewWrapper;
      readonly details: ViewDecoratorOptions;
    }
  | { readonly kind: "csrfExempt"; readonly method: string | undefined }
  | { readonly kind: "extension"; readonly method: string; readonly extension: string; readonly value: unknown }
  | { readonly kind: "blueprint"; readonly name: string; readonly options: BlueprintOptions };

/** A decorator as it is written: for both decorator standards. */
export type Recorder = (target: object, second?: string | symbol | DecoratorContext, descriptor?: PropertyDescriptor) => void;

/**
 * Binds a controller's method to a URL rule.
 *
 * The rule may hold variables, which reach the method as one object, by name. A rule that ends with a slash also
 * answers without it, by redirecting; any other matches only as written. Several routes on one method stack.
 *
 * @param rule The URL rule, such as `"/about"` or `"/users/<int:id>"`.
 * @param options The methods and the endpoint, among others. Answers `GET` and is named after the method by default.
 * @returns A decorator for a method that takes the rule's values.
 *
 * @example
 * ```ts
 * class Pages {
 *   @route("/posts/<int:id>")
 *   async show({ id }: { id: number }) {
 *     const post = await db.query.posts.findFirst({ where: eq(posts.id, id) });
 *     return renderTemplate("show", { post: post ?? abort(404) });
 *   }
 * }
 * ```
 */
export const route: RouteDecoratorFactory = Object.assign(recordRoute, {
  get: createShortcut("GET"),
  post: createShortcut("POST"),
  put: createShortcut("PUT"),
  patch: createShortcut("PATCH"),
  delete: createShortcut("DELETE"),
});

/**
 * Runs a method before each request of the app, or of the `@blueprint` class. A value that it returns, other than `undefined`, is the answer.
 *
 * @example
 * ```ts
 * @beforeRequest
 * check() {
 *   return request.path.startsWith("/closed") ? "Closed today." : undefined;
 * }
 * ```
 */
export const beforeRequest: HookDecorator<BeforeRequestHook, "optional"> = createHook("beforeRequest");
/**
 * Runs a method with each response of the app, or of the `@blueprint` class. It can change the response or return another one.
 *
 * @example
 * ```ts
 * @afterRequest
 * mark(response: FlagonResponse) {
 *   response.headers.set("x-robots-tag", "noindex");
 * }
 * ```
 */
export const afterRequest: HookDecorator<AfterRequestHook> = createHook("afterRequest");
/**
 * Runs a method at the end of every request, when its body is sent, with the error that nothing handled, if there was one.
 *
 * @example
 * ```ts
 * @teardownRequest
 * end(error?: unknown) {
 *   request.log.info({ failed: error !== undefined }, "The request has ended.");
 * }
 * ```
 */
export const teardownRequest: HookDecorator<TeardownHook> = createHook("teardownRequest");
/**
 * Adds the values that a method returns to every template of the app, or of the `@blueprint` class.
 *
 * @example
 * ```ts
 * @contextProcessor
 * site() {
 *   return { siteName: "The Tap Room" }; // <%= siteName %>
 * }
 * ```
 */
export const contextProcessor: HookDecorator<ContextProcessor> = createHook("contextProcessor");
/**
 * Runs a method before all other hooks, with the values of the rule's variables. It can change them.
 *
 * @example
 * ```ts
 * @urlValuePreprocessor
 * pull(_endpoint: string | null, values: Record<string, unknown>) {
 *   session.set("language", values.language);
 * }
 * ```
 */
export const urlValuePreprocessor: HookDecorator<UrlValuePreprocessor> = createHook("urlValuePreprocessor");
/**
 * Runs a method before `urlFor()` builds a URL. It can add values.
 *
 * @example
 * ```ts
 * @urlDefaults
 * push(_endpoint: string, values: Record<string, unknown>) {
 *   values.language ??= session.get("language");
 * }
 * ```
 */
export const urlDefaults: HookDecorator<UrlDefaults> = createHook("urlDefaults");

/**
 * Handles errors by a method: those of a status, or of a class and its subclasses.
 *
 * A plain return value keeps the status of the error; one that is not an HTTP error has 500.
 *
 * @param of A status code such as 404, or an error class.
 *
 * @example
 * ```ts
 * @errorHandler(404)
 * missing(error: HTTPException) {
 *   return renderTemplate("missing", { error });
 * }
 * ```
 */
export function errorHandler<Of extends number | ErrorClass>(of: Of): MethodOfKindDecorator<ErrorHandler<HandledError<Of>>, "required"> {
  checkErrorKind("@errorHandler", of);
  return createRecorder("@errorHandler()", (method) => ({ kind: "errorHandler", method, of }));
}

/**
 * Makes a method a function that every template can call, by its own name or the one given.
 *
 * @example
 * ```ts
 * @templateGlobal
 * year() {
 *   return new Date().getFullYear(); // <%= year() %>
 * }
 * ```
 */
export const templateGlobal: NamedDecorator = createNamed("@templateGlobal");
/**
 * Makes a method a filter of every template, by its own name or the one given: a function of the value.
 *
 * @example
 * ```ts
 * @templateFilter
 * shout(text: string) {
 *   return text.toUpperCase(); // <%= shout(it.title) %>
 * }
 * ```
 */
export const templateFilter: NamedDecorator = createNamed("@templateFilter");

/**
 * Makes a method a command, by its own name or the usage given: `@command("user create <name>")` is `flagon user create Ann`.
 *
 * It runs with the app's context, and gets the arguments and options by name.
 *
 * @example
 * ```ts
 * @command("user create <name> [int:age]", { description: "Makes a user.", options: { admin: "boolean" } })
 * create({ name, admin }: { name: string; age?: number; admin?: boolean }) {
 *   return `Made ${name}${admin === true ? ", an admin" : ""}.`; // flagon user create Ann 41 --admin
 * }
 * ```
 */
export const command: CommandDecorator = createCommandDecorator();

/**
 * Makes a controller a blueprint: its routes share a name and a prefix, and its hooks are for its own routes alone.
 *
 * @param name The name that its endpoints begin with.
 * @param options The prefix and the folders.
 *
 * @example
 * ```ts
 * @blueprint("admin", { urlPrefix: "/admin" })
 * class Admin {
 *   @route("/users")
 *   users() {
 *     return ["Ann"]; // GET /admin/users, the endpoint admin.users
 *   }
 * }
 * ```
 */
export function blueprint(name: string, options: BlueprintOptions = {}): ControllerDecorator {
  return (constructor) => addRecord(constructor, { kind: "blueprint", name, options });
}

/**
 * Makes a decorator for views from a function that wraps them. It works on a method, on a whole class, and around a function that is a view.
 *
 * @param wrap Calls `next` for the view's value, also with other values, or answers itself.
 * @param options The description of the decorator in an OpenAPI document.
 *
 * @example
 * ```ts
 * const membersOnly = viewDecorator((next) => session.has("userId") ? next() : redirect(urlFor("login")));
 * app.get("/members", membersOnly(() => "Members"));
 * ```
 */
export function viewDecorator<Result>(wrap: CheckedWrapper<Result>, options?: ViewDecoratorOptions): ViewOrControllerDecorator;
export function viewDecorator(wrap: ViewWrapper, options: ViewDecoratorOptions = {}): ViewOrControllerDecorator {
  if (typeof wrap !== "function") {
    throw new SetupError("viewDecorator() needs a function that wraps views, such as (next) => next().");
  }
  refuseUnknown(options, ["requiresLogin", "responses"], "viewDecorator()", SetupError);
  return createFlexible((method) => ({ kind: "viewDecorator", method, wrap, details: options }));
}

type CheckedWrapper<Result> = (...values: Parameters<ViewWrapper>) => CheckedResult<Result>;

/**
 * Exempts a view, all of a controller, or a function, from the check against cross-site requests.
 *
 * @example
 * ```ts
 * @csrfExempt
 * @route.post("/webhooks/payments")
 * async paid() {
 *   return { received: (await request.bytes()).length };
 * }
 * ```
 */
export const csrfExempt: ViewOrControllerDecorator = createFlexible((method) => ({
  kind: "csrfExempt",
  method,
}));

function createShortcut(method: HttpMethod): RouteShortcut {
  return (rule: string, options?: Omit<RouteOptions, "methods">, ...others: readonly unknown[]) => {
    checkRouteDecorator(`route.${method.toLowerCase()}`, [rule, options, ...others]);
    return createRouteRecorder(rule, { ...options, methods: [method] });
  };
}

function recordRoute(rule: string, options?: RouteOptions, ...others: readonly unknown[]): Recorder {
  checkRouteDecorator("route", [rule, options, ...others]);
  return createRouteRecorder(rule, options ?? {});
}

function createRouteRecorder(rule: string, options: RouteOptions): Recorder {
  return createRecorder("@route()", (method) => ({ kind: "route", method, rule, options }));
}

type HookKind = "beforeRequest" | "afterRequest" | "teardownRequest" | "contextProcessor" | "urlValuePreprocessor" | "urlDefaults";

function createHook(kind: HookKind): Recorder & (() => Recorder) {
  const record = createRecorder(`@${kind}`, (method) => ({ kind, method }));
  return bareOrCalled(record, () => record);
}

function createNamed(label: string): Recorder & (() => Recorder) & ((name: string) => Recorder) {
  const create = (name?: string): Recorder => createRecorder(label, (method) => ({ kind: "templateGlobal", method, name }));
  return bareOrCalled(create(), create);
}

function createCommandDecorator(): Recorder & ((usage?: string, options?: CommandOptions) => Recorder) {
  const create = (usage?: string, options: CommandOptions = {}): Recorder =>
    createRecorder("@command", (method) => ({ kind: "command", method, usage, options }));
  return bareOrCalled(create(), create);
}

function isCommandOptions(second: string | symbol | DecoratorContext | CommandOptions | undefined): second is CommandOptions {
  return typeof second === "object" && !("kind" in second);
}

/** Tells `@hook` from `@hook()` by the arguments: a decorator gets a class or a method, a call a name or nothing. */
function bareOrCalled(
  record: Recorder,
  create: (name?: string, options?: CommandOptions) => Recorder,
): Recorder & ((name?: string, options?: CommandOptions) => Recorder) {
  function decorate(target: object, second?: string | symbol | DecoratorContext, descriptor?: PropertyDescriptor): void;
  function decorate(name?: string, options?: CommandOptions): Recorder;
  function decorate(
    target?: object | string,
    second?: string | symbol | DecoratorContext | CommandOptions,
    descriptor?: PropertyDescriptor,
  ): Recorder | undefined {
    if (target === undefined || typeof target === "string") {
      return isCommandOptions(second) ? create(target, second) : create(target);
    }
    record(target, isCommandOptions(second) ? undefined : second, descriptor);
    return undefined;
  }
  return decorate;
}

type ViewRecord = Extract<ControllerRecord, { readonly kind: "viewDecorator" | "csrfExempt" }>;

function createFlexible(toRecord: (method: string | undefined) => ViewRecord): ViewOrControllerDecorator {
  const onMethod = createRecorder("This decorator", toRecord);
  function decorate<View>(view: View): View;
  function decorate(target: object, second?: string | symbol | DecoratorContext, descriptor?: PropertyDescriptor): void;
  function decorate(target: object, second?: string | symbol | DecoratorContext, descriptor?: PropertyDescriptor): unknown {
    if (second === undefined && isPlainFunction(target)) {
      return decorateFunction(target, toRecord(undefined));
    }
    if (second === undefined && typeof target !== "function") {
      throw new SetupError(
        `A decorator such as @loginRequired belongs on a method or a class, or around a function that is a view, not on ${describe(target)}.`,
      );
    }
    if (second === undefined || (typeof second === "object" && second.kind === "class")) {
      addRecord(target, toRecord(undefined));
    } else {
      onMethod(target, second, descriptor);
    }
    return undefined;
  }
  return decorate;
}

function isPlainFunction(target: object): target is (...values: never[]) => unknown {
  return typeof target === "function" && !isClass(target);
}

/** Creates a decorator for methods that keeps a record until its class is registered. */
export function createRecorder(label: string, toRecord: (method: string) => ControllerRecord): Recorder {
  return (target, second, descriptor) => {
    if (typeof second === "object") {
      if (second.kind !== "method" || second.static || second.private) {
        throw misplaced(label, String(second.name), placeOf(second));
      }
      if (second.metadata === undefined) {
        throw new SetupError(
          `${label} got no metadata. Import "flagon" before the class is defined, or compile with 'experimentalDecorators'.`,
        );
      }
      addRecord(second.metadata, toRecord(nameOf(label, second.name)));
      return;
    }
    if (second === undefined || descriptor === undefined || typeof descriptor.value !== "function" || typeof target === "function") {
      throw misplaced(
        label,
        String(second ?? "a class"),
        second === undefined ? "class" : typeof target === "function" ? "static" : "field",
      );
    }
    addRecord(target, toRecord(nameOf(label, second)));
  };
}

function nameOf(label: string, name: string | symbol): string {
  if (typeof name === "symbol") {
    throw new SetupError(`${label} was put on a method that is named by a symbol. Give the method a name.`);
  }
  return name;
}
