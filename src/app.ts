import { type FileHandle, open } from "node:fs/promises";
import type { RequestListener, Server } from "node:http";
import { isAbsolute } from "node:path";
import { AppState } from "./app/app-state";
import { addForeignMethods } from "./app/foreign-methods";
import { SetupError } from "./base/errors";
import { isPromise } from "./base/maybe-promise";
import { describeGiven } from "./base/unknown-options";
import { isUnderCommandLine } from "./commands/command-line";
import { CommandRunner, findCommand, parseArguments } from "./commands/command-runner";
import { Config } from "./config/config";
import { getRequestContext } from "./dispatch/context";
import { preprocessRequest } from "./dispatch/dispatch";
import { createMount } from "./dispatch/mounting";
import { runInAppContext } from "./dispatch/tear-down";
import { safeJoin } from "./http/safe-path";
import { takesValue } from "./routing/route";
import { type RunOptions, runDevelopmentServer } from "./server/development/development";
import { handleFetch } from "./server/fetch/handle-fetch";
import { serve } from "./server/production/serve";
import type { RunningServer, ServeOptions } from "./server/production/serve-here";
import { checkServerOptions } from "./server/server-options";
import type { FetchHandler, NodeMiddleware } from "./setup/application";
import { Blueprint, type RegisterOptions, registerOn } from "./setup/blueprint";
import { checkExtension, checkHook, checkMiddleware } from "./setup/call-checks";
import type { HealthCheckOptions } from "./setup/health-checks";
import type { TeardownHook } from "./setup/hooks";
import type { StartOptions } from "./setup/life-cycle";
import type { UrlBuildErrorHandler } from "./setup/registry";
import type { GivenTemplates } from "./templating/given-templates";
import { runInRequestContext, TestClient, type TestRequestOptions } from "./testing/test-client";

/** An extension: adds routes, hooks or settings to an app. */
export interface Extension {
  /** The name under which `app.extensions` keeps what `install` returns. */
  readonly name: string;
  /** Adds to the app: routes, hooks, settings. What it returns is its state. */
  install(app: Flagon): unknown;
}

/**
 * A web app: its routes, hooks, templates and settings.
 *
 * @example
 * ```ts
 * const app = new Flagon(__dirname);
 * app.register(Blog);
 * if (require.main === module) app.run();
 * ```
 */
export class Flagon extends AppState {
  /**
   * Adds a controller class, an instance of one, or a blueprint.
   *
   * @param target A class without constructor parameters, an instance of any class, or a `Blueprint`.
   * @param options A prefix and a name.
   * @throws {SetupError} If the app has handled a request, or the target cannot be registered.
   */
  register(target: object, options: RegisterOptions = {}): void {
    this.setUp("register", (registration) => registerOn(registration, target, options));
  }

  /**
   * Adds an extension.
   *
   * @param extension The extension. Its `install()` runs at once.
   * @throws {SetupError} If an extension of that name is there already, or the app has handled a request.
   */
  use(extension: Extension): void {
    this.setUp("use", () => {
      checkExtension(extension);
      if (extension.name in this.extensions) {
        throw new SetupError(`The extension '${extension.name}' is installed already.`);
      }
      this.extensions[extension.name] = undefined;
      this.lifeCycle.separate(() => {
        this.extensions[extension.name] = extension.install(this);
      });
    });
  }

  /**
   * Runs a function before the first request: in `run`, in `serve`, in each of its workers, and in the test client.
   *
   * It has the app's context. If it fails, the resources that have started are stopped, and the server ends with a line that says why.
   *
   * @param hook The function. The next one waits for its promise.
   * @param options `once` runs it in the primary process alone when there are several workers.
   * @throws {SetupError} If the app has handled a request.
   */
  onStart(hook: () => unknown, options?: StartOptions): void {
    this.setUp("onStart", () => this.lifeCycle.onStart(hook, options));
  }

  /**
   * Runs a function after the last request, its stream and the background work, in the reverse order of registration.
   *
   * All of them share the time of `shutdownTimeout`. One that fails, or takes too long, is logged, and the others run.
   *
   * @param hook The function. It undoes the latest `onStart` before it (of an extension: of the same one), and does not run if that has
   * not succeeded. Added within a function of `onStart`, it runs at the next stop.
   * @throws {SetupError} If the app has handled a request.
   */
  onStop(hook: () => unknown): void {
    if (this.lifeCycle.isStarting) {
      this.lifeCycle.onStop(hook);
    } else {
      this.setUp("onStop", () => this.lifeCycle.onStop(hook));
    }
  }

  /**
   * Adds a check behind the health path of `serve`, which answers 503 if one of them fails or is slow.
   *
   * @param name Its name in the answer and in the log, of one line.
   * @param check Throws, rejects, returns `false`, or a `Response` of `fetch()` that is not `ok`, for a failure. Requests at the same
   * time share one run.
   * @param options Its `timeout` in seconds. Default: 2.
   * @throws {SetupError} If another check has the name, the name or the timeout is none, or the app has handled a request.
   */
  healthCheck(name: string, check: () => unknown, options?: HealthCheckOptions): void {
    this.setUp("healthCheck", () => this.lifeCycle.health.add(name, check, options));
  }

  /**
   * Runs the functions of `onStart` once, and compiles the router and the templates of `addTemplates()`.
   *
   * In a Worker, put `await app.ready()` at the end of the module: a Worker compiles code only while it starts. If the module awaits
   * nothing before its last route, the app does this by itself.
   *
   * @returns Resolves when all has run; rejects with the error of the function that fails.
   */
  async ready(): Promise<void> {
    await this.lifeCycle.start();
    this.prepare();
  }

  /**
   * Adds templates by name, for names that no template folder has.
   *
   * They serve runtimes without a disk: `flagon build` writes a module of compiled templates.
   *
   * @param templates Texts by name, or the module of `flagon build`.
   * @throws {SetupError} If the app has handled a request.
   *
   * @example
   * ```ts
   * import templates from "./templates.mjs";
   * app.addTemplates(templates);
   * ```
   */
  addTemplates(templates: GivenTemplates): void {
    this.setUp("addTemplates", () => this.templates.addGiven(templates));
  }

  /**
   * Mounts another app or handler, which answers all requests below a path. It gets them without that path, and the
   * app's hooks do not run.
   *
   * Another Flagon app builds its URLs with the path in front. Of several mounts, the one with the longest path
   * answers.
   *
   * @param prefix The path, such as `"/shop"`.
   * @param target A Flagon app; an object whose `fetch` answers a web `Request`, such as a Hono app; a function of a
   * web `Request`; or a `(request, response)` handler of Node's, such as an Express app.
   * @throws {SetupError} If the path is malformed, the target cannot answer requests, or the app has handled a request.
   */
  mount(prefix: string, target: Flagon | FetchHandler | { fetch: FetchHandler } | RequestListener): void {
    this.setUp("mount", () => {
      this.addMount(createMount(prefix, target, (other) => other instanceof Flagon));
      if (target instanceof Flagon) {
        this.lifeCycle.include(target.lifeCycle);
        this.backgroundWork.include(target.backgroundWork);
      }
    });
  }

  /**
   * Adds Connect middleware, such as helmet, in front of the app. It runs in the order of the calls.
   *
   * It runs on Node. The test client and `app.fetch` run it on Node's own server, without a network.
   *
   * @param middleware Answers by Node's response, or calls `next`. After `next(error)` the app's error handlers answer.
   * @throws {SetupError} If the app has handled a request.
   */
  useNode(middleware: NodeMiddleware): void;
  useNode(...values: readonly [NodeMiddleware, ...unknown[]]): void {
    checkMiddleware(values);
    this.setUp("useNode", () => this.addNodeMiddleware(values[0]));
  }

  /**
   * Runs a function when the app's context ends, after a request or without one, with the error that nothing handled.
   *
   * @param hook A function that gets the error, or `null`.
   */
  teardownAppContext(hook: TeardownHook): void {
    checkHook("teardownAppContext", hook);
    this.setUp("teardownAppContext", () => this.registry.teardownAppContext.push(hook));
  }

  /**
   * Adds a handler for URLs that cannot be built. The first handler that returns a URL wins.
   *
   * @param handler A function that gets the error, the endpoint and the values. It returns a URL, or `undefined` to let the next one try.
   */
  urlBuildErrorHandler(handler: UrlBuildErrorHandler): void {
    checkHook("urlBuildErrorHandler", handler);
    this.setUp("urlBuildErrorHandler", () => this.registry.urlBuildErrorHandlers.push(handler));
  }

  /**
   * Tells whether a rule of an endpoint takes values of all these names, as a variable or a default.
   *
   * @param endpoint The endpoint, such as `"blog.show"`.
   * @param names The names of the values.
   */
  isEndpointExpecting(endpoint: string, ...names: readonly string[]): boolean {
    return this.registry.routes.routesOf(endpoint).some((route) => names.every((name) => takesValue(route, name)));
  }

  /**
   * Opens a file of the app to read it.
   *
   * @param path The file, below the app's root.
   * @throws {SetupError} If the path leads out of the root.
   */
  openResource(path: string): Promise<FileHandle> {
    return open(locate(this.root, path), "r");
  }

  /**
   * Opens a file of the deployment.
   *
   * @param path The file, below {@link Flagon.instancePath}.
   * @param flags As for `open()` of `node:fs/promises`. Default: `"r"`, to read it.
   * @throws {SetupError} If the path leads out of that folder.
   */
  openInstanceResource(path: string, flags = "r"): Promise<FileHandle> {
    return open(locate(this.instancePath, path), flags);
  }

  /**
   * Runs the preprocessors and hooks that come before the view of the current request. For tests, in
   * `testRequestContext`.
   *
   * @returns The answer of a hook, or `undefined`.
   */
  async preprocessRequest(): Promise<unknown> {
    return preprocessRequest(getRequestContext("preprocessRequest"));
  }

  /**
   * Runs work in the background, with the context of the current request: the response does not wait for it. Its errors are logged.
   *
   * On shutdown the server waits for it, up to the setting `shutdownTimeout`.
   *
   * @param work A promise, or a function that is called once the response is on its way.
   */
  background(work: Promise<unknown> | (() => unknown)): void {
    checkWork(work);
    this.backgroundWork.add(work);
  }

  /**
   * Answers a web `Request`. Bun, Deno and Workers call it, and it needs no `this`.
   *
   * In a Worker, pass the bindings and the execution context: the binding `ASSETS` serves static files, and `waitUntil` keeps
   * background work alive.
   */
  readonly fetch = (request: Request, bindings?: unknown, execution?: unknown): Promise<Response> =>
    this.startProblem === null ? handleFetch(this, request, bindings, execution) : Promise.reject(this.startProblem);

  /**
   * Runs the development server.
   *
   * @param options The address; 127.0.0.1:5000 by default.
   * @returns The server, which listens soon after; nothing under the command line, where `flagon run` serves the app.
   * @throws {SetupError} If an option is unknown, or the port is no number from 0 to 65535.
   */
  run(options: RunOptions = {}): Server | undefined {
    checkServerOptions(this, options, "run");
    return isUnderCommandLine() ? undefined : runDevelopmentServer(this, options);
  }

  /**
   * Serves the app in production: with limits, timeouts, a log line for each request, and one or more processes, until a signal stops
   * it. Does nothing under the command line, where `flagon serve` serves the app.
   *
   * @param options The address, 127.0.0.1:8000 by default, and the number of workers.
   * @returns The server; nothing with several workers or under the command line.
   * @throws {ConfigError} If the secret key is short.
   * @throws {SetupError} If an option is unknown, or the port is no number from 0 to 65535.
   */
  serve(options: ServeOptions = {}): RunningServer | undefined {
    checkServerOptions(this, options, "serve");
    return isUnderCommandLine() ? undefined : serve(this, options);
  }

  /**
   * Adds the values that a function returns to the prompt of `flagon shell`, by name.
   *
   * @param provide A function that returns the values.
   */
  shellContextProcessor(provide: () => object): void {
    checkHook("shellContextProcessor", provide);
    this.registry.shellContext.push(provide);
  }

  /** Creates a client that sends requests to the app without a network. */
  testClient(): TestClient;
  testClient(...values: readonly object[]): TestClient {
    if (values.length > 0) {
      throw new SetupError(
        'app.testClient() takes no arguments. Options such as followRedirects belong to each request: client.get("/", { followRedirects: true }).',
      );
    }
    return new TestClient(this);
  }

  /** Creates a runner of the app's commands for tests. */
  testCommands(): CommandRunner {
    return new CommandRunner((words) => this.runCommand(words));
  }

  /**
   * Runs a command of the app's own, with the app's context.
   *
   * @param words The words that call it, then its arguments and options.
   * @returns The value that the command returns.
   * @throws {UsageError} If there is no such command, or it does not take the arguments.
   */
  async runCommand(words: readonly string[]): Promise<unknown> {
    const { command, rest } = findCommand(this.registry.commands, words);
    const values = parseArguments(command, rest);
    return this.appContext(async () => command.run(values));
  }

  /**
   * Runs a function with the context of a request, which is routed but not handled.
   *
   * @param target The path with its query.
   * @param options The method, `GET` by default, the headers and the body.
   * @param run The function.
   */
  testRequestContext<Result>(
    target: string,
    options: TestRequestOptions & { readonly method?: string },
    run: () => Result | Promise<Result>,
  ): Promise<Result> {
    return runInRequestContext(this, target, options, run);
  }

  /**
   * Runs a function with the app's context but without a request: for scripts and tests. The context ends with it.
   *
   * @param run The function. Its result is returned.
   */
  appContext<Result>(run: () => Promise<Result>): Promise<Result>;
  appContext<Result>(run: () => Result): Result;
  appContext(run: () => unknown): unknown {
    return runInAppContext(this, run);
  }
}

addForeignMethods(Flagon.prototype, Blueprint.prototype, Config.prototype);

function checkWork(work: unknown): void {
  if (typeof work !== "function" && !isPromise(work)) {
    throw new TypeError(
      `app.background() needs a promise or a function, but got ${describeGiven(work)}. Give the function itself: app.background(() => send()).`,
    );
  }
}

function locate(folder: string, path: string): string {
  const located = isAbsolute(path) ? null : safeJoin(folder, path);
  if (located === null) {
    throw new SetupError(`The file '${path}' is not below '${folder}'.`);
  }
  return located;
}
