import { brand, refuseOtherCopy } from "../base/copies";
import { SetupError } from "../base/errors";
import { refusePromise } from "../base/forgotten-await";
import { describeGiven } from "../base/unknown-options";
import type { HTTPException } from "../http/exceptions/http-exception";
import type { BlueprintOptions } from "../routing/route-options";
import { checkBlueprintCall, checkBlueprintOptions } from "./blueprint-checks";
import { checkErrorHandler, checkHook } from "./call-checks";
import type {
  AfterRequestHook,
  BeforeRequestHook,
  ContextProcessor,
  ErrorClass,
  ErrorHandler,
  TeardownHook,
  UrlDefaults,
  UrlValuePreprocessor,
} from "./hooks";
import { type Registration, toAnyHandler } from "./registration";
import { Scaffold } from "./scaffold";

/** Options of a registration of a blueprint or a controller. Each replaces the value of the blueprint itself. */
export interface RegisterOptions extends BlueprintOptions {
  /** The name that its endpoints begin with. */
  readonly name?: string;
}

/**
 * Groups controllers, routes, hooks and other blueprints under one name and prefix, until an app registers it.
 *
 * @example
 * ```ts
 * const api = new Blueprint("api", { urlPrefix: "/api", errors: "json" });
 * api.get("/ping", () => ({ pong: true }));
 * app.register(api); // GET /api/ping
 * ```
 */
export class Blueprint extends Scaffold {
  readonly #options: BlueprintOptions;
  readonly #steps: ((registration: Registration) => void)[] = [];
  #isRegistered = false;

  /**
   * @param name The name that its endpoints begin with.
   * @param options The prefix and the folders.
   */
  constructor(
    readonly name: string,
    options: BlueprintOptions = {},
  ) {
    super();
    checkBlueprintCall(name, options);
    this.#options = options;
  }

  /**
   * Adds a controller, an instance of one, or another blueprint.
   *
   * @param target The controller, its instance, or the blueprint.
   * @param options Its prefix and name, in place of its own.
   * @throws {SetupError} If the blueprint is registered on itself.
   */
  register(target: object, options: RegisterOptions = {}): void {
    if (target === this) {
      throw new SetupError(`The blueprint '${this.name}' cannot be registered on itself.`);
    }
    this.setUp("register", (registration) => registerOn(registration, target, options));
  }

  /**
   * Runs a function before each request of the whole app. A value that it returns, other than `undefined`, is the answer.
   *
   * @param hook A function that gets the request. A value that it returns is the response, and the view does not run.
   */
  beforeAppRequest(hook: BeforeRequestHook): void {
    checkHook("beforeAppRequest", hook);
    this.setUp("beforeAppRequest", ({ outermost }) => outermost.addHook("beforeRequest", hook));
  }

  /**
   * Runs a function with each response of the whole app. It can change the response or return another one.
   *
   * @param hook A function that gets the response, and may return another one.
   */
  afterAppRequest(hook: AfterRequestHook): void {
    checkHook("afterAppRequest", hook);
    this.setUp("afterAppRequest", ({ outermost }) => outermost.addHook("afterRequest", hook));
  }

  /**
   * Runs a function at the end of every request of the whole app, with the error that nothing handled, if there was one.
   *
   * @param hook A function that gets the error, or `null`.
   */
  teardownAppRequest(hook: TeardownHook): void {
    checkHook("teardownAppRequest", hook);
    this.setUp("teardownAppRequest", ({ outermost }) => outermost.addHook("teardownRequest", hook));
  }

  /**
   * Adds the values that a function returns to every template of the whole app.
   *
   * @param processor A function that returns the values by name. It runs before each template.
   */
  appContextProcessor(processor: ContextProcessor): void {
    checkHook("appContextProcessor", processor);
    this.setUp("appContextProcessor", ({ outermost }) => outermost.addHook("contextProcessor", processor));
  }

  /**
   * Handles errors of the whole app by a function: those of a status, or of a class and its subclasses.
   *
   * @param of The status, such as 404, or the class.
   * @param handler A function that gets the error, and returns what a view can return.
   */
  appErrorHandler(of: number, handler: ErrorHandler<HTTPException>): void;
  appErrorHandler<Failure>(of: ErrorClass<Failure>, handler: ErrorHandler<Failure>): void;
  appErrorHandler<Failure>(of: number | ErrorClass<Failure>, handler: ErrorHandler<Failure & HTTPException> | ErrorHandler<Failure>): void {
    checkErrorHandler("appErrorHandler", of, handler);
    this.setUp("appErrorHandler", ({ outermost }) => outermost.addErrorHandler(of, toAnyHandler(handler)));
  }

  /**
   * Runs a function before all other hooks of the whole app, with the values of the rule's variables. It can change them.
   *
   * @param hook A function that gets the endpoint, or `null`, and the values.
   */
  appUrlValuePreprocessor(hook: UrlValuePreprocessor): void {
    checkHook("appUrlValuePreprocessor", hook);
    this.setUp("appUrlValuePreprocessor", ({ outermost }) => outermost.addHook("urlValuePreprocessor", hook));
  }

  /**
   * Runs a function before `urlFor()` builds any URL of the whole app. It can add values.
   *
   * @param hook A function that gets the endpoint and the values.
   */
  appUrlDefaults(hook: UrlDefaults): void {
    checkHook("appUrlDefaults", hook);
    this.setUp("appUrlDefaults", ({ outermost }) => outermost.addHook("urlDefaults", hook));
  }

  /**
   * Does all steps for one registration. Called by the app.
   *
   * @internal
   */
  apply(parent: Registration, options: RegisterOptions): void {
    this.#isRegistered = true;
    const child = parent.createChild(options.name ?? this.name, { ...this.#options, ...options });
    for (const step of this.#steps) {
      step(child);
    }
  }

  /** @internal */
  protected override setUp(method: string, step: (registration: Registration) => void): void {
    if (this.#isRegistered) {
      throw new SetupError(
        `The setup method '${method}' can no longer be called on the blueprint '${this.name}'. It is registered, so the change would not reach the app.\nSet the blueprint up before it is registered.`,
      );
    }
    this.#steps.push(step);
  }
}

/** Registers a controller, an instance of one, or a blueprint. */
export function registerOn(registration: Registration, target: object, options: RegisterOptions): void {
  const given: unknown = target;
  if ((typeof given !== "object" && typeof given !== "function") || given === null) {
    throw new SetupError(`app.register() needs a controller or a blueprint, but got ${describeGiven(given)}.`);
  }
  refusePromise(given, "argument of register()", SetupError);
  if (Array.isArray(given)) {
    throw new SetupError("register() takes one controller or blueprint, but got a list. Call it once for each.");
  }
  checkBlueprintOptions(options, nameTarget(target));
  if (target instanceof Blueprint) {
    target.apply(registration, options);
  } else {
    refuseOtherCopy(target, "blueprint");
    registration.addController(target, options);
  }
}

/** Returns the name of a blueprint or controller, for the words of errors. */
function nameTarget(target: object): string {
  return target instanceof Blueprint ? target.name : typeof target === "function" ? target.name : target.constructor?.name;
}

brand(Blueprint.prototype, "blueprint");
