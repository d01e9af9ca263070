import { existsSync } from "node:fs";
import type { RequestListener, Server } from "node:http";
import { basename, resolve } from "node:path";
import type { Application } from "./application";
import { type RegisterOptions, registerOn } from "./blueprint";
import { Config, type Settings } from "./config";
import { AppContext, contexts } from "./context";
import { DefaultHeaders } from "./default-headers";
import { SetupError } from "./errors";
import type { RequestLimits } from "./http/request";
import { createLogger, type Logger } from "./logging";
import { Registration } from "./registration";
import { type Endpoint, Registry } from "./registry";
import type { ConverterFactory } from "./routing/converters";
import type { Route } from "./routing/route-map";
import { Scaffold } from "./scaffold";
import { type RunOptions, runDevelopmentServer } from "./server/development";
import { handleFetch } from "./server/fetch";
import { createListener } from "./server/node";
import { CookieSessions, type SessionInterface } from "./sessions";
import { Templates } from "./templating";
import { runInRequestContext, TestClient, type TestRequestOptions } from "./testing";

/** How an app is set up. */
export interface FlagonOptions {
  /** The name, for logs. Default: the name of the root folder. */
  name?: string;
  /** The folder of the templates, relative to the root. Default: `"templates"`. */
  templates?: string;
  /** The folder of the static files, relative to the root; `null` for none. Default: `"static"`. */
  static?: string | null;
  /** The path of the static files. Default: `"/static"`. */
  staticUrlPath?: string;
  /** Settings, Flagon's own and the app's. */
  config?: Partial<Settings> & Readonly<Record<string, unknown>>;
}

/** Something that adds to an app. */
export interface Extension {
  /** The name under which `app.extensions` keeps what `install` returns. */
  readonly name: string;
  /** Adds to the app: routes, hooks, settings. What it returns is its state. */
  install(app: Flagon): unknown;
}

/**
 * A web app: routes, hooks, templates and settings under one roof.
 *
 * @example
 * ```ts
 * const app = new Flagon(__dirname);
 * app.register(Blog);
 * if (require.main === module) app.run();
 * ```
 */
export class Flagon extends Scaffold implements Application {
  /** The folder that the app's paths are relative to. */
  readonly root: string;
  /** The app's name. */
  readonly name: string;
  /** The configuration. */
  readonly config: Config;
  /** Routes, hooks and handlers, as they were registered. */
  readonly registry: Registry = new Registry();
  /** The templates. */
  readonly templates: Templates;
  /** What extensions keep, by their names. */
  readonly extensions: Record<string, unknown> = Object.create(null);
  /** Opens and saves sessions. Default: a signed cookie. */
  sessionInterface: SessionInterface = new CookieSessions();
  readonly #registration: Registration;
  #defaultHeaders: DefaultHeaders | undefined;
  #limits: Readonly<RequestLimits> | undefined;
  #logger: Logger | undefined;
  #handler: RequestListener | undefined;

  /**
   * @param root The folder that templates and static files are relative to: `__dirname`, or `import.meta.dirname`.
   * The working directory by default.
   * @param options The folders and the settings.
   */
  constructor(root: string = process.cwd(), options: FlagonOptions = {}) {
    super();
    this.root = resolve(root);
    this.name = options.name ?? basename(this.root);
    this.config = new Config(options.config);
    this.templates = new Templates(() => this.config.debug);
    this.templates.addFolder(resolve(this.root, options.templates ?? "templates"));
    this.#registration = new Registration(this, this.registry.scope, "");
    const folder = options.static === undefined ? "static" : options.static;
    // A folder that somebody names is served even if it comes into being later; the usual one only if it is there.
    if (folder !== null && (options.static !== undefined || existsSync(resolve(this.root, folder)))) {
      this.#registration.addStatic(folder, options.staticUrlPath ?? "/static");
    }
  }

  /** The converters of rules, by name; set your own before the rules that use them. */
  get converters(): Map<string, ConverterFactory> {
    return this.registry.routes.converters;
  }

  /** All routes, in the order of registration. */
  get routes(): readonly Route<Endpoint>[] {
    return this.registry.routes.routes;
  }

  /** Where errors and the app's own messages are written: pino, one JSON line each. Silent while `config.testing`. */
  get logger(): Logger {
    const { debug, testing } = this.config;
    this.#logger ??= createLogger({ name: this.name, level: testing ? "silent" : debug ? "debug" : "info", isReadable: debug });
    return this.#logger;
  }

  /** The headers of responses that do not set them. */
  get defaultHeaders(): DefaultHeaders {
    this.#defaultHeaders ??= new DefaultHeaders(this.config);
    return this.#defaultHeaders;
  }

  /** What requests may send, by the settings as they were at the first request. */
  get limits(): Readonly<RequestLimits> {
    const { config } = this;
    this.#limits ??= {
      body: config.maxContentLength,
      multipart: config.maxMultipartLength,
      jsonDepth: config.maxJsonDepth,
      parts: config.maxFormParts,
      files: config.maxFormFiles,
      fieldSize: config.maxFieldSize,
      fieldsSize: config.maxFormMemorySize,
      spoolSize: config.uploadSpoolSize,
    };
    return this.#limits;
  }

  /** The listener for a `node:http` server: `createServer(app.handler)`. */
  get handler(): RequestListener {
    this.#handler ??= createListener(this);
    return this.#handler;
  }

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
   * @throws {SetupError} If one of its name is there.
   */
  use(extension: Extension): void {
    if (extension.name in this.extensions) {
      throw new SetupError(`The extension '${extension.name}' is installed already.`);
    }
    this.extensions[extension.name] = undefined;
    this.extensions[extension.name] = extension.install(this);
  }

  /**
   * Does work that no response waits for, with the context of the request that asks for it; its errors are logged.
   *
   * A signal to stop lets it finish.
   *
   * @param work A promise, or a function that is called once the response is on its way.
   */
  background(work: Promise<unknown> | (() => unknown)): void {
    const finish = async (): Promise<void> => {
      try {
        await (typeof work === "function" ? work() : work);
      } catch (error) {
        this.logger.error({ err: error }, "Background work failed.");
      }
    };
    if (typeof work === "function") {
      setImmediate(finish);
    } else {
      void finish();
    }
  }

  /** Answers a web `Request`: what Bun, Deno and Workers call. It needs no `this`. */
  readonly fetch = (request: Request): Promise<Response> => handleFetch(this, request);

  /**
   * Runs the development server.
   *
   * @param options The address; 127.0.0.1:5000 by default.
   * @returns The server, which listens soon after.
   */
  run(options: RunOptions = {}): Server {
    return runDevelopmentServer(this, options);
  }

  /** Creates a client that sends requests to the app without a network. */
  testClient(): TestClient {
    return new TestClient(this);
  }

  /**
   * Runs a function with the context of a request, which is routed but not handled.
   *
   * @param target The path with its query.
   * @param options What the request sends; its `method` is `GET` by default.
   * @param run The function.
   */
  testRequestContext<Result>(
    target: string,
    options: TestRequestOptions & { readonly method?: string },
    run: () => Result | Promise<Result>,
  ): Promise<Result> {
    return runInRequestContext(this, target, options, run);
  }

  /** Runs a function with the app's context but without a request: for scripts and tests. */
  appContext<Result>(run: () => Result): Result {
    return contexts.run(new AppContext(this), run);
  }

  protected override setUp(method: string, step: (registration: Registration) => void): void {
    if (this.registry.isClosed) {
      throw new SetupError(
        `The setup method '${method}' can no longer be called on the app '${this.name}'. It has handled its first request, so the change would not apply consistently.\nRegister everything before the app starts serving.`,
      );
    }
    step(this.#registration);
  }
}
