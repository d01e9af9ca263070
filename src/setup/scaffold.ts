import { SetupError } from "../base/errors";
import { describeGiven } from "../base/unknown-options";
import type { Command, CommandOptions, CommandValues } from "../commands/command-spec";
import type { FlagonRequest } from "../http/request/request";
import type { KnownOptions, RouteOptions, ViewValues } from "../routing/route-options";
import type { CheckedRule } from "../routing/rule-types";
import type { CheckedAnswer, CheckedOutcome, CheckedResult } from "../routing/view-types";
import { checkErrorHandler, checkHook, checkRouteCall } from "./call-checks";
import { readDecorated } from "./decorated-functions";
import type {
  AfterRequestHook,
  BeforeRequestHook,
  ContextProcessor,
  ErrorClass,
  HandledError,
  TeardownHook,
  TemplateFunction,
  UrlDefaults,
  UrlValuePreprocessor,
} from "./hooks";
import { type Registration, toAnyHandler, wrapView } from "./registration";
import { checkView } from "./route-schemas";

/** A function that answers for the values of a rule's variables. */
export type ViewFunction<Values, Result = unknown> = (values: Values) => Result;

/**
 * Binds a function to a URL rule for one method.
 *
 * @param rule The URL rule, such as `"/users/<int:id>"`; the empty rule is the prefix of a blueprint itself.
 * @param view Answers for the values of the rule's variables.
 * @param options The options of `route()`, without `methods`.
 * @throws {RuleError} If the rule cannot be read.
 * @throws {SetupError} If another view has the endpoint.
 */
export type RouteFunction = <
  const Source extends string,
  Result,
  const Options extends Omit<RouteOptions, "methods"> = Record<never, never>,
>(
  rule: CheckedRule<Source>,
  view: ViewFunction<ViewValues<Source, Options>, CheckedOutcome<Result, Options>>,
  options?: KnownOptions<Options, Exclude<keyof RouteOptions, "methods">> & Omit<RouteOptions, "methods">,
) => void;

/** The function forms of the decorators, which apps and blueprints have. */
export abstract class Scaffold {
  /** Binds a function to a rule for `GET`, and with it `HEAD`. */
  readonly get: RouteFunction = this.#createRouteFunction("GET");
  /** Binds a function to a rule for `POST`. */
  readonly post: RouteFunction = this.#createRouteFunction("POST");
  /** Binds a function to a rule for `PUT`. */
  readonly put: RouteFunction = this.#createRouteFunction("PUT");
  /** Binds a function to a rule for `PATCH`. */
  readonly patch: RouteFunction = this.#createRouteFunction("PATCH");
  /** Binds a function to a rule for `DELETE`. */
  readonly delete: RouteFunction = this.#createRouteFunction("DELETE");

  /**
   * Binds a function to a URL rule.
   *
   * The endpoint is the option `endpoint`, or the name of the function. A function without a name gets one of its rule: `"/"`
   * gives `index`, `"/users/<int:id>"` gives `users_id`, and `post_users_id` if it does not take `GET`.
   *
   * @param rule The URL rule, such as `"/users/<int:id>"`; the empty rule is the prefix of a blueprint itself.
   * @param view Answers for the values of the rule's variables.
   * @param options The methods and the endpoint, among others.
   * @throws {RuleError} If the rule cannot be read.
   * @throws {SetupError} If another view has the endpoint.
   */
  route<const Source extends string, Result, const Options extends RouteOptions = Record<never, never>>(
    rule: CheckedRule<Source>,
    view: ViewFunction<ViewValues<Source, Options>, CheckedOutcome<Result, Options>>,
    options?: KnownOptions<Options, keyof RouteOptions> & RouteOptions,
  ): void;
  route(rule: string, view: ViewFunction<Record<string, unknown>>, options?: RouteOptions, ...others: readonly unknown[]): void {
    checkRouteCall("route", [rule, view, options, ...others]);
    this.#addRoute(rule, view, options ?? {});
  }

  #createRouteFunction(method: string): RouteFunction {
    return (rule: string, view: ViewFunction<never>, options?: RouteOptions, ...others: readonly unknown[]) => {
      checkRouteCall(method.toLowerCase(), [rule, view, options, ...others]);
      this.#addRoute(rule, view, { ...options, methods: [method] });
    };
  }

  #addRoute(rule: string, view: ViewFunction<never>, options: RouteOptions): void {
    this.setUp("route", (registration) => {
      const given = options.endpoint ?? view.name;
      const name = given || registration.nameView(rule, options.methods);
      const label = given || rule || name;
      const { details, inner, isCsrfExempt, wrappers } = readDecorated(view);
      const checked = checkView((values) => Reflect.apply(inner, undefined, [values]), options, label, registration.app);
      registration.addRoute(rule, name, wrapView(checked, wrappers), options, { label, owner: view, isCsrfExempt, decorators: details });
    });
  }

  /**
   * Runs a function before each request. A value that it returns, other than `undefined`, is the answer.
   *
   * @param hook A function that gets the request. A value that it returns is the response, and the view does not run.
   */
  beforeRequest<Result>(hook: (request: FlagonRequest) => CheckedAnswer<Result>): void;
  beforeRequest(hook: BeforeRequestHook): void {
    checkHook("beforeRequest", hook);
    this.setUp("beforeRequest", (registration) => registration.addHook("beforeRequest", hook));
  }

  /**
   * Runs a function with each response. It can change the response or return another one.
   *
   * @param hook A function that gets the response, and may return another one.
   */
  afterRequest(hook: AfterRequestHook): void {
    checkHook("afterRequest", hook);
    this.setUp("afterRequest", (registration) => registration.addHook("afterRequest", hook));
  }

  /**
   * Runs a function at the end of every request, with the error that nothing handled, if there was one.
   *
   * @param hook A function that gets the error, or `null`.
   */
  teardownRequest(hook: TeardownHook): void {
    checkHook("teardownRequest", hook);
    this.setUp("teardownRequest", (registration) => registration.addHook("teardownRequest", hook));
  }

  /**
   * Handles errors by a function: those of a status, or of a class and its subclasses.
   *
   * @param of The status, such as 404, or the class.
   * @param handler A function that gets the error, and returns what a view can return.
   */
  errorHandler<Of extends number | ErrorClass, Result>(
    of: Of,
    handler: (error: HandledError<Of>, request: FlagonRequest) => CheckedResult<Result>,
  ): void {
    checkErrorHandler("errorHandler", of, handler);
    this.setUp("errorHandler", (registration) => registration.addErrorHandler(of, toAnyHandler(handler)));
  }

  /**
   * Adds the values that a function returns to every template.
   *
   * @param processor A function that returns the values by name. It runs before each template.
   */
  contextProcessor(processor: ContextProcessor): void {
    checkHook("contextProcessor", processor);
    this.setUp("contextProcessor", (registration) => registration.addHook("contextProcessor", processor));
  }

  /**
   * Runs a function before all other hooks, with the values of the rule's variables. It can change them.
   *
   * @param hook A function that gets the endpoint, or `null`, and the values.
   */
  urlValuePreprocessor(hook: UrlValuePreprocessor): void {
    checkHook("urlValuePreprocessor", hook);
    this.setUp("urlValuePreprocessor", (registration) => registration.addHook("urlValuePreprocessor", hook));
  }

  /**
   * Runs a function before `urlFor()` builds a URL. It can add values.
   *
   * @param hook A function that gets the endpoint and the values.
   */
  urlDefaults(hook: UrlDefaults): void {
    checkHook("urlDefaults", hook);
    this.setUp("urlDefaults", (registration) => registration.addHook("urlDefaults", hook));
  }

  /** Adds a value or a function to every template of the app, by a name. */
  templateGlobal(name: string, value: unknown): void {
    this.setUp("templateGlobal", (registration) => registration.addTemplateGlobal(name, value));
  }

  /**
   * Adds a filter to every template of the app.
   *
   * @param filter The function. In templates it is called by the name.
   * @throws {SetupError} If `filter` is no function.
   */
  templateFilter(name: string, filter: TemplateFunction): void {
    if (typeof filter !== "function") {
      throw new SetupError(`templateFilter("${name}", …) needs a function as its second argument, but got ${describeGiven(filter)}.`);
    }
    this.setUp("templateFilter", (registration) => registration.addTemplateGlobal(name, filter));
  }

  /**
   * Adds a command: `flagon user create Ann` runs the one of the usage `"user create <name>"`, with the app's context.
   *
   * @param usage Its words, then its arguments: `<required>`, `[optional]`, of a type as in `<int:age>`. The last argument
   * can take several values: `<files...>`.
   * @param run Gets the arguments and options by name. A returned text is printed. If it throws, the command fails.
   * @param options The description for the help, and the options of the command.
   * @throws {SetupError} If the usage cannot be read, or another command has its words.
   */
  command<const Usage extends string, const Options extends CommandOptions = Record<never, never>>(
    usage: Usage,
    run: (values: CommandValues<Usage, Options["options"]>) => unknown,
    options?: Options,
  ): void;
  command(usage: string, run: Command["run"], options: CommandOptions = {}): void {
    this.setUp("command", (registration) => registration.addCommand(usage, run, options));
  }

  /**
   * Runs a step of the set-up: an app at once, a blueprint when it is registered.
   *
   * @internal
   */
  protected abstract setUp(method: string, step: (registration: Registration) => void): void;
}
