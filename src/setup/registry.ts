import { type BuildError, SetupError } from "../base/errors";
import type { Command } from "../commands/command-spec";
import type { FlagonRequest } from "../http/request/request";
import type { FlagonResponse } from "../http/response/response";
import type { WWWAuthenticate } from "../http/www-authenticate";
import type { HostPattern } from "../routing/host-pattern";
import type { Route } from "../routing/route";
import { RouteMap } from "../routing/route-map";
import type { BeforeRequestHook, ContextProcessor, TeardownHook, UrlDefaults, UrlValuePreprocessor, ViewDecoratorOptions } from "./hooks";

/** An after-request hook whose result is checked when it runs. */
export type AnyAfterRequestHook = (response: FlagonResponse, request: FlagonRequest) => unknown;
/** An error handler that is only called with errors of its kind. */
export type AnyErrorHandler = (error: unknown, request: FlagonRequest) => unknown;

/** Gives the URL that the app could not build, or `undefined` to leave it to the next. */
export type UrlBuildErrorHandler = (error: BuildError, endpoint: string, values: Readonly<Record<string, unknown>>) => string | undefined;

/** The hooks that concern the requests of a scope, from the outermost scope to the innermost. */
export interface Hooks {
  readonly beforeRequest: BeforeRequestHook[];
  readonly afterRequest: AnyAfterRequestHook[];
  readonly teardownRequest: TeardownHook[];
  readonly contextProcessor: ContextProcessor[];
  readonly urlValuePreprocessor: UrlValuePreprocessor[];
  readonly urlDefaults: UrlDefaults[];
}

/** The hooks of development tools around those of an app. They are not hooks of the app, and are not counted among them. */
export interface ToolHooks {
  /** Run before the app's before hooks. */
  readonly beforeHooks: BeforeRequestHook[];
  /** Run after the app's before hooks. */
  readonly beforeView: BeforeRequestHook[];
  /** Run before the app's after hooks. */
  readonly afterView: AnyAfterRequestHook[];
  /** Run after the app's after hooks. */
  readonly afterHooks: AnyAfterRequestHook[];
}

/** The hooks of a request that no scope concerns. */
export const noHooks: Hooks = createHooks();

/** The format of errors for clients that prefer none. */
export type ErrorFormat = "json" | "html";

/** The requests for which a blueprint states the format of errors, also where no route matches. */
export interface ErrorArea {
  /** Matches the paths below the prefix. */
  readonly paths: RegExp;
  /** The host of the blueprint, or `null` for any. */
  readonly host: HostPattern | null;
}

/** The scope of hooks and error handlers: an app, or one registration of a blueprint. */
export class Scope {
  /** The scopes around this one and itself, from the outermost to the innermost. */
  readonly chain: readonly Scope[];
  /** The hooks of this scope alone. */
  readonly own: Hooks = createHooks();
  /** The error handlers by status. */
  readonly byStatus: Map<number, AnyErrorHandler> = new Map();
  /** The error handlers by class. */
  readonly byClass: Map<unknown, AnyErrorHandler> = new Map();
  /** The format of errors that the app or blueprint states, or the one around it. */
  errorFormat: ErrorFormat | undefined;
  /** The requests for which a blueprint states a format of errors. `undefined` without a format, and for all paths of all hosts. */
  errorArea: ErrorArea | undefined;
  /** The hooks of development tools. Only the app's own scope has any. */
  readonly tools: ToolHooks;
  #all: Hooks | undefined;

  /**
   * @param name The name that endpoints begin with, dotted when nested; the empty string for the app.
   * @param parent The scope around it.
   */
  constructor(
    readonly name: string,
    parent?: Scope,
  ) {
    this.chain = [...(parent?.chain ?? []), this];
    this.tools = parent?.tools ?? { beforeHooks: [], beforeView: [], afterView: [], afterHooks: [] };
    this.errorFormat = parent?.errorFormat;
  }

  /** Returns an endpoint's full name. */
  qualify(endpoint: string): string {
    return this.name === "" ? endpoint : `${this.name}.${endpoint}`;
  }

  /** Every hook that concerns the requests of this scope, in the order in which they run. Computed at the first request. */
  get all(): Hooks {
    if (this.#all === undefined) {
      const inward = this.chain.map((scope) => scope.own);
      const outward = [...inward].reverse();
      const { afterHooks, afterView, beforeHooks, beforeView } = this.tools;
      this.#all = {
        beforeRequest: [...beforeHooks, ...inward.flatMap((hooks) => hooks.beforeRequest), ...beforeView],
        contextProcessor: inward.flatMap((hooks) => hooks.contextProcessor),
        urlValuePreprocessor: inward.flatMap((hooks) => hooks.urlValuePreprocessor),
        urlDefaults: inward.flatMap((hooks) => hooks.urlDefaults),
        afterRequest: [...afterView, ...outward.flatMap((hooks) => [...hooks.afterRequest].reverse()), ...afterHooks],
        teardownRequest: outward.flatMap((hooks) => [...hooks.teardownRequest].reverse()),
      };
    }
    return this.#all;
  }
}

/** A view with its name. */
export interface Endpoint {
  /** The name by which URLs are built. */
  readonly name: string;
  /** The scope whose hooks concern it. */
  readonly scope: Scope;
  /** Answers for the values of the rule's variables. */
  readonly view: View;
  /** The name of the view in the app's code, such as `"Blog.show"`. */
  readonly label: string;
  /** The function that is the view, or the controller whose method it is. */
  readonly owner: object;
  /** Whether requests from other sites are accepted. */
  readonly isCsrfExempt: boolean;
  /** The options of the decorators of its view. */
  readonly decorators?: readonly ViewDecoratorOptions[];
  /** Adds to the values from which a URL is built. */
  readonly extendValues?: (values: Record<string, unknown>) => void;
}

/** Answers for the values of a rule's variables. */
export type View = (values: Record<string, unknown>, request: FlagonRequest) => unknown;

/** A page of an extension on the development server. */
export interface DevelopmentPage {
  /** Returns the HTML for a target, `undefined` if there is no such page. */
  answer(target: string): string | undefined;
  /** Returns a count in two words for the toolbar, or `null` for none. */
  describe(): string | null;
}

/** A method that a decorator of an extension is on. */
export interface ExtensionRecord {
  /** The decorator. */
  readonly extension: string;
  /** Class and method. */
  readonly name: string;
  /** The object whose method it is. */
  readonly instance: object;
  /** The decorator's own record. */
  readonly value: unknown;
  /** Calls the method. */
  readonly run: (...values: readonly unknown[]) => unknown;
}

/** A problem of an app in production, with its cure. */
export interface Finding {
  /** The problem. */
  readonly problem: string;
  /** The cure. */
  readonly cure: string;
  /** Whether it is told without failing a check: the app runs as it is meant to. Default: `false`. */
  readonly isWarning?: boolean;
}

/** The routes, hooks and handlers of an app. */
export class Registry {
  /** The rules. */
  readonly routes: RouteMap<Endpoint> = new RouteMap();
  /** The endpoints by name. */
  readonly endpoints: Map<string, Endpoint> = new Map();
  /** The app's own scope. */
  readonly scope: Scope = new Scope("");
  /** The scopes of blueprints, by name. */
  readonly blueprints: Map<string, Scope> = new Map();
  /** The functions that templates call by name. */
  readonly templateGlobals: Record<string, unknown> = {};
  /** The functions whose results `flagon shell` knows by name. */
  readonly shellContext: (() => object)[] = [];
  /** The jobs of extensions, which workers know as well. */
  readonly extensionJobs: object[] = [];
  /** The pages of extensions on the development server, by path. */
  readonly developmentPages: Map<string, DevelopmentPage> = new Map();
  /** The methods of controllers that decorators of extensions are on. */
  readonly extensionRecords: ExtensionRecord[] = [];
  /** The checks of extensions for `flagon check --deploy`. */
  readonly deploymentChecks: (() => Promise<readonly Finding[]>)[] = [];
  /** The checks of extensions that `flagon run` makes after its start. */
  readonly developmentChecks: (() => Promise<readonly Finding[]>)[] = [];
  /** The folders of static files that the app names, as it writes them, with their paths. */
  readonly staticFolders: Map<string, string> = new Map();
  /** The endpoints of static files, with their folders. */
  readonly staticEndpoints: Map<string, string> = new Map();
  /** The app's own commands. */
  readonly commands: Command[] = [];
  /** The hooks that run when the app's context ends, after a request or without one. */
  readonly teardownAppContext: TeardownHook[] = [];
  /** The challenges of each 401 that has none of its own (RFC 9110, section 15.5.2). */
  challenges: readonly WWWAuthenticate[] = [];
  /** The handlers for a URL that cannot be built. */
  readonly urlBuildErrorHandlers: UrlBuildErrorHandler[] = [];
  readonly #byMethod = new Map<object, Map<string, string>>();
  #isClosed = false;
  #isJsonOnly: boolean | undefined;
  #jsonForms: readonly RegExp[] | undefined;

  /** Whether the app has handled a request, so that nothing more can be set up. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether all routes but those of static files send errors as JSON. */
  get isJsonOnly(): boolean {
    if (this.#isJsonOnly === undefined || !this.#isClosed) {
      const routes = this.routes.routes.filter(({ endpoint }) => endpoint.extendValues === undefined);
      this.#isJsonOnly = routes.length > 0 && routes.every((route) => findErrorFormat(route) === "json");
    }
    return this.#isJsonOnly;
  }

  /** Whether the app sends errors as JSON where no route and no blueprint says otherwise. */
  get speaksJson(): boolean {
    return this.scope.errorFormat === "json" || this.isJsonOnly;
  }

  /** Tells whether a path has the form of a rule that sends errors as JSON, if not its types: `/rates/abc` of `/rates/<int:id>`. */
  isLikeJson(path: string): boolean {
    if (this.#jsonForms === undefined || !this.#isClosed) {
      this.#jsonForms = this.routes.routes
        .filter((route) => /^\/\w.*</.test(route.rule.source) && findErrorFormat(route) === "json")
        .map(({ rule }) => new RegExp(`^${toForm(rule.source)}/?$`));
    }
    return this.#jsonForms.some((form) => form.test(path));
  }

  /** Ends the set-up, and builds the router. */
  close(): void {
    this.routes.build();
    this.#isClosed = true;
  }

  /**
   * Adds an endpoint, unless the very same one is there.
   *
   * @throws {SetupError} If another one has its name.
   */
  addEndpoint(endpoint: Endpoint): Endpoint {
    const other = this.endpoints.get(endpoint.name);
    if (other === undefined) {
      this.endpoints.set(endpoint.name, endpoint);
      return endpoint;
    }
    if (other.owner !== endpoint.owner || other.label !== endpoint.label || other.scope !== endpoint.scope) {
      throw new SetupError(
        `Two views have the endpoint '${endpoint.name}': ${other.label} and ${endpoint.label}.\nPut @blueprint("name") on one of the controllers, or give one of the routes another name: { endpoint: "…" }.`,
      );
    }
    return other;
  }

  /** Notes the endpoint of a controller's method, so that URLs can be built by method. */
  noteMethod(constructor: object, method: string, endpoint: string): void {
    const methods = this.#byMethod.get(constructor) ?? new Map<string, string>();
    this.#byMethod.set(constructor, methods);
    if (!methods.has(method)) {
      methods.set(method, endpoint);
    }
  }

  /** Finds the endpoints of a controller's methods. */
  findMethods(constructor: object): ReadonlyMap<string, string> | undefined {
    return this.#byMethod.get(constructor);
  }
}

/** Returns the format of the errors of a route: as its app or blueprint states it, or JSON for routes that take or return JSON. */
export function findErrorFormat({ endpoint, schemas }: Route<Endpoint>): ErrorFormat {
  return endpoint.scope.errorFormat ?? (schemas.json !== undefined || schemas.returns !== undefined ? "json" : "html");
}

/** Writes a rule as an expression in which each variable stands for any segment. */
function toForm(rule: string): string {
  const parts = rule.split(/<[^<>]*>/).map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return parts.join("[^/]+").replace(/\/$/, "");
}

function createHooks(): Hooks {
  return { beforeRequest: [], afterRequest: [], teardownRequest: [], contextProcessor: [], urlValuePreprocessor: [], urlDefaults: [] };
}
