import { existsSync } from "node:fs";
import type { RequestListener } from "node:http";
import { basename, resolve } from "node:path";
import { BackgroundWork } from "../base/background";
import { type ChannelBroker, MemoryChannels } from "../base/channels";
import { ConfigError, SetupError } from "../base/errors";
import { defaultJson, type JsonProvider } from "../base/json";
import { createLogger, type Logger } from "../base/logging";
import { isWorker } from "../base/platform";
import { logUnseen } from "../base/unseen-errors";
import { Config } from "../config/config";
import { findShortKey } from "../config/secret-keys";
import { runInAppContext } from "../dispatch/tear-down";
import type { RequestSettings } from "../http/request/request-head";
import { DefaultHeaders } from "../http/response/default-headers";
import type { ConverterFactory } from "../routing/converters";
import type { RouteInfo } from "../routing/route";
import type { FormMessages } from "../schemas/form-messages";
import { createListener } from "../server/node/listener";
import { CookieSessions } from "../sessions/cookie-sessions";
import type { SessionInterface } from "../sessions/session";
import type { Application, Mount, NodeMiddleware } from "../setup/application";
import { LifeCycle } from "../setup/life-cycle";
import { Registration } from "../setup/registration";
import { Registry } from "../setup/registry";
import { createRequestSettings } from "../setup/request-settings";
import { Scaffold } from "../setup/scaffold";
import { Templates } from "../templating/templates";
import { checkAppOptions, type FlagonOptions } from "./options";
import { findRoot } from "./root";

/** The state of an app: folders, settings, registry, templates, and the objects that requests share. `Flagon` adds the methods. */
export abstract class AppState extends Scaffold implements Application {
  /** The folder that the app's paths are relative to. */
  readonly root: string;
  /** The app's name. */
  readonly name: string;
  /** The configuration. */
  readonly config: Config;
  /**
   * Routes, hooks and handlers, as they were registered.
   *
   * @internal
   */
  readonly registry: Registry = new Registry();
  /**
   * The templates.
   *
   * @internal
   */
  readonly templates: Templates;
  /** The state of the extensions, by their names. */
  readonly extensions: Record<string, unknown> = Object.create(null);
  /** The folder of files that belong to one deployment. */
  readonly instancePath: string;
  /**
   * Background work: no response waits for it.
   *
   * @internal
   */
  readonly backgroundWork: BackgroundWork = new BackgroundWork((error) => logUnseen(this, error, "Background work failed."));
  /**
   * Starts and stops the resources of the app.
   *
   * @internal
   */
  readonly lifeCycle: LifeCycle = new LifeCycle(
    (run) => runInAppContext(this, run),
    (error, message) => this.logger.error(error === undefined ? {} : { err: error }, message),
    () => this.config.shutdownTimeout * 1000,
  );
  /** The messages of all forms, such as `germanMessages`, or a function that chooses them for each request. Default: English. */
  formMessages: FormMessages = {};
  /** Opens and saves sessions. Default: a signed cookie. */
  sessionInterface: SessionInterface = new CookieSessions();
  /** Carries the messages of `channel()`. Default: inside of this process. Set it to `new RedisChannels(client)` for several workers. */
  channels: ChannelBroker = new MemoryChannels();
  /** Reads and writes JSON: of requests, responses, templates and the test client. Default: JavaScript's own. */
  json: JsonProvider = defaultJson;
  readonly #registration: Registration;
  readonly #mounts: Mount[] = [];
  readonly #nodeMiddleware: NodeMiddleware[] = [];
  #defaultHeaders: DefaultHeaders | undefined;
  #requestSettings: RequestSettings | undefined;
  #logger: Logger | undefined;
  #handler: RequestListener | undefined;
  #startProblem: ConfigError | "none" | undefined;

  /**
   * @param root The folder that templates and static files are relative to: `__dirname`, or `import.meta.dirname`. The
   * working directory by default. A folder of compiled code (`dist`, `build` or `out` next to `package.json`) that has
   * neither templates nor static files stands for the folder of its sources, which has them.
   * @param options The folders and the settings.
   */
  constructor(root: string = process.cwd(), options: FlagonOptions = {}) {
    super();
    checkAppOptions(root, options);
    this.root = findRoot(resolve(root), [options.templates ?? "templates", options.static ?? "static"]);
    this.name = options.name ?? basename(this.root);
    this.instancePath = resolve(this.root, options.instancePath ?? "instance");
    this.config = new Config(options.config, process.env, this.root);
    this.templates = new Templates({
      isReloading: () => this.config.templatesAutoReload ?? this.config.debug,
      explain: (template, folders, found) => this.#explainTemplate(template, folders, found),
      warn: (message) => this.#warn(message),
    });
    this.templates.addFolder(resolve(this.root, options.templates ?? "templates"));
    this.registry.scope.errorFormat = options.errors;
    this.#registration = new Registration(this, this.registry.scope);
    if (isWorker()) {
      // This runs after the module that sets the app up, or after its first `await`.
      queueMicrotask(() => this.prepare());
    }
    const folder = options.static === undefined ? "static" : options.static;
    // A folder that the app names is served even if it is created later. The default folder is served only if it exists.
    if (folder !== null && (options.static !== undefined || existsSync(resolve(this.root, folder)))) {
      this.#registration.addStatic(folder, options.staticUrlPath ?? "/static");
    }
  }

  /**
   * Compiles the router and the templates that were given: before the first request, while the runtime allows it.
   *
   * @internal
   */
  protected prepare(): void {
    this.registry.routes.build();
    this.templates.prepare();
  }

  /** The converters of rules, by name; set your own before the rules that use them. */
  get converters(): Map<string, ConverterFactory> {
    return this.registry.routes.converters;
  }

  /** All routes, in the order of registration. */
  get routes(): readonly RouteInfo[] {
    return this.registry.routes.routes;
  }

  /** The logger of errors and of the app's own messages: pino, one JSON line each. It is silent while `config.testing`. */
  get logger(): Logger {
    const { debug, testing } = this.config;
    this.#logger ??= createLogger({ name: this.name, level: testing ? "silent" : debug ? "debug" : "info", isReadable: debug });
    return this.#logger;
  }

  /**
   * The headers of responses that do not set them.
   *
   * @internal
   */
  get defaultHeaders(): DefaultHeaders {
    this.#defaultHeaders ??= new DefaultHeaders(this.config);
    return this.#defaultHeaders;
  }

  /**
   * The limits of requests and the trusted proxies, by the settings at the time of the first request.
   *
   * @internal
   */
  get requestSettings(): RequestSettings {
    this.#requestSettings ??= createRequestSettings(this.config, this.json, (requestId) => this.logger.child({ requestId }));
    return this.#requestSettings;
  }

  /**
   * The apps and handlers that are mounted below a path, the longest path first.
   *
   * @internal
   */
  get mounts(): readonly Mount[] {
    return this.#mounts;
  }

  /**
   * The Connect middleware in front of the app.
   *
   * @internal
   */
  get nodeMiddleware(): readonly NodeMiddleware[] {
    return this.#nodeMiddleware;
  }

  /** The names of the registered blueprints, dotted when nested, in the order of registration. */
  get blueprints(): readonly string[] {
    return [...this.registry.blueprints.keys()];
  }

  /**
   * The listener for a `node:http` server: `createServer(app.handler)`.
   *
   * @throws {ConfigError} If a setting has a wrong value, or a secret key is shorter than 16 characters in production (`NODE_ENV`).
   */
  get handler(): RequestListener {
    if (this.startProblem !== null) {
      throw this.startProblem;
    }
    this.#handler ??= createListener(this);
    return this.#handler;
  }

  /**
   * The error that keeps the app from answering: a wrong setting, or a key too short for production, by `NODE_ENV`. Or `null`.
   *
   * @internal
   */
  protected get startProblem(): ConfigError | null {
    this.#startProblem ??= findStartProblem(this.config);
    return this.#startProblem === "none" ? null : this.#startProblem;
  }

  /**
   * Adds a mount, and keeps the longest path first.
   *
   * @internal
   */
  protected addMount(mount: Mount): void {
    this.#mounts.push(mount);
    this.#mounts.sort((left, right) => right.segments.length - left.segments.length);
  }

  /**
   * Adds Connect middleware, which runs after the middleware that is there.
   *
   * @internal
   */
  protected addNodeMiddleware(middleware: NodeMiddleware): void {
    this.#nodeMiddleware.push(middleware);
  }

  /** @internal */
  protected override setUp(method: string, step: (registration: Registration) => void): void {
    if (this.registry.isClosed) {
      throw new SetupError(
        `The setup method '${method}' can no longer be called on the app '${this.name}'. It has handled its first request, so the change would not apply consistently.\nRegister everything before the app starts serving.`,
      );
    }
    step(this.#registration);
  }

  /** Warns the developer. The log is silent in tests. */
  #warn(message: string): void {
    if (this.config.testing) {
      process.emitWarning(message, { code: "FLAGON_TEMPLATE" });
    } else {
      this.logger.warn(message);
    }
  }

  #explainTemplate(template: string, folders: readonly string[], found: readonly string[]): void {
    if (this.config.explainTemplateLoading) {
      this.logger.info({ template, folders, found }, `Looked for the template '${template}': ${found[0] ?? "it is in no folder"}.`);
    }
  }
}

function findStartProblem(config: Config): ConfigError | "none" {
  try {
    config.check();
  } catch (error) {
    if (error instanceof ConfigError) {
      return error;
    }
    throw error;
  }
  const isProduction = process.env.NODE_ENV === "production" && !config.debug && !config.testing;
  const problem = isProduction ? findShortKey(config) : undefined;
  return problem === undefined ? "none" : new ConfigError(problem);
}
