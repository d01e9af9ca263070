import { SetupError } from "../base/errors";
import type { Command, CommandOptions, CommandValues } from "../commands/command-spec";
import type { HTTPException } from "../http/exceptions/http-exception";
import type { RouteOptions, ViewResult, ViewValues } from "../routing/route-options";
import type { RuleCheck } from "../routing/rule-types";
import type {
  AfterRequestHook,
  BeforeRequestHook,
  ContextProcessor,
  ErrorClass,
  ErrorHandler,
  TeardownHook,
  TemplateFunction,
  UrlDefaults,
  UrlValuePreprocessor,
} from "./hooks";
import { type Registration, toAnyHandler } from "./registration";
import { checkView } from "./route-schemas";

/** A function that views are made from, where there is no class. */
export type ViewFunction<Values, Result = unknown> = (values: Values) => Result;

/** What apps and blueprints share: the function forms of the decorators. */
export abstract class Scaffold {
  /**
   * Binds a function to a URL rule: `@route` for what has no class.
   *
   * @param rule The URL rule, such as `"/users/<int:id>"`.
   * @param view Answers for the values of the rule's variables. Its name is the endpoint by default.
   * @param options The methods and the endpoint, among others.
   * @throws {RuleError} If the rule cannot be read.
   * @throws {SetupError} If the view has no name and the options give no endpoint, or another view has it.
   */
  route<const Source extends `/${string}`, const Options extends RouteOptions = Record<never, never>>(
    rule: Source & RuleCheck<Source>,
    view: ViewFunction<ViewValues<Source, Options>, ViewResult<Options>>,
    options?: Options,
  ): void;
  route(rule: string, view: ViewFunction<Record<string, unknown>>, options: RouteOptions = {}): void {
    const name = options.endpoint ?? view.name;
    if (name === "") {
      throw new SetupError(`The view of the rule '${rule}' has no name. Give the route one: { endpoint: "…" }.`);
    }
    this.setUp("route", (registration) => {
      const checked = checkView((values) => view(values), options, name, registration.app);
      registration.addRoute(rule, name, checked, options, { label: name, owner: view });
    });
  }

  /** Runs a function before each request; what it returns, other than `undefined`, is the answer. */
  beforeRequest(hook: BeforeRequestHook): void {
    this.setUp("beforeRequest", (registration) => registration.addHook("beforeRequest", hook));
  }

  /** Runs a function with each response; it may change the response or return another. */
  afterRequest(hook: AfterRequestHook): void {
    this.setUp("afterRequest", (registration) => registration.addHook("afterRequest", hook));
  }

  /** Runs a function when a request is over, whatever happened, with the error that nothing handled. */
  teardownRequest(hook: TeardownHook): void {
    this.setUp("teardownRequest", (registration) => registration.addHook("teardownRequest", hook));
  }

  /** Answers for an error by a function: for a status, or for an error class and those that extend it. */
  errorHandler(of: number, handler: ErrorHandler<HTTPException>): void;
  errorHandler<Failure>(of: ErrorClass<Failure>, handler: ErrorHandler<Failure>): void;
  errorHandler<Failure>(of: number | ErrorClass<Failure>, handler: ErrorHandler<Failure & HTTPException> | ErrorHandler<Failure>): void {
    this.setUp("errorHandler", (registration) => registration.addErrorHandler(of, toAnyHandler(handler)));
  }

  /** Gives the values that a function returns to every template. */
  contextProcessor(processor: ContextProcessor): void {
    this.setUp("contextProcessor", (registration) => registration.addHook("contextProcessor", processor));
  }

  /** Shows a function the values of the rule's variables, to change them, before any other hook. */
  urlValuePreprocessor(hook: UrlValuePreprocessor): void {
    this.setUp("urlValuePreprocessor", (registration) => registration.addHook("urlValuePreprocessor", hook));
  }

  /** Shows a function the values from which a URL is built, to add to them. */
  urlDefaults(hook: UrlDefaults): void {
    this.setUp("urlDefaults", (registration) => registration.addHook("urlDefaults", hook));
  }

  /** Makes a value, or a function, known to every template of the app by a name. */
  templateGlobal(name: string, value: unknown): void {
    this.setUp("templateGlobal", (registration) => registration.addTemplateGlobal(name, value));
  }

  /** Makes a function a filter of every template of the app. */
  templateFilter(name: string, filter: TemplateFunction): void {
    this.setUp("templateFilter", (registration) => registration.addTemplateGlobal(name, filter));
  }

  /**
   * Adds a command: `flagon user create Ann` runs the one of the usage `"user create <name>"`, with the app's context.
   *
   * @param usage Its words, then its arguments: `<required>`, `[optional]`, of a type as in `<int:age>`; the last may be
   * several, as in `<files...>`.
   * @param run Gets the arguments and options by name; a text that it returns is printed, and what it throws is its failure.
   * @param options What it does, for the help, and its options.
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

  /** Does a step of the set-up, now or when the blueprint is registered. */
  protected abstract setUp(method: string, step: (registration: Registration) => void): void;
}
