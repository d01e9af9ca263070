import { basename, resolve } from "node:path";
import { RuleError, SetupError } from "../base/errors";
import { refusePromise } from "../base/forgotten-await";
import { type Command, type CommandOptions, createCommand, kebabCase } from "../commands/command-spec";
import { isErrorStatus } from "../http/exceptions/by-status";
import { createStaticFiles } from "../http/files/static-files";
import type { FlagonRequest } from "../http/request/request";
import { HostPattern } from "../routing/host-pattern";
import type { BlueprintOptions, RouteOptions } from "../routing/route-options";
import { Rule } from "../routing/rule";
import type { Application } from "./application";
import { checkBlueprintName, checkBlueprintOptions } from "./blueprint-checks";
import { type Controller, readController } from "./controller";
import type { ErrorClass, ViewDecoratorOptions, ViewWrapper } from "./hooks";
import { type AnyErrorHandler, type ErrorArea, type Hooks, Scope, type View } from "./registry";
import { readMaxLength, readTimes } from "./route-limits";
import { toMethods } from "./route-methods";
import { checkView } from "./route-schemas";

/** A host, with a port or without: names, IPv4 or IPv6 in brackets. */
const hostShape = /^(?:\[[\da-f:.]+\]|[a-z\d_-]+(?:\.[a-z\d_-]+)*\.?)(?::\d+)?$/i;

/** The parts of an endpoint besides its name and view. */
interface EndpointDetails {
  readonly label: string;
  readonly owner: object;
  readonly isCsrfExempt?: boolean;
  readonly decorators?: readonly ViewDecoratorOptions[];
  readonly extendValues?: (values: Record<string, unknown>) => void;
}

/** The defaults of all rules of an app or a blueprint. */
interface RuleDefaults {
  /** The prefix of the rules. */
  readonly prefix: string;
  /** The host, for rules that name none. */
  readonly host: string | null;
  /** The part of the host before the app's own, for rules that name none. */
  readonly subdomain: string | null;
  /** Values for the views, besides those of the rules' variables. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** Whether unsafe requests are checked for cross-site forgery. */
  readonly csrf: boolean;
}

/** The defaults of an app's own rules. */
const appDefaults: RuleDefaults = { prefix: "", host: null, subdomain: null, defaults: {}, csrf: true };

/**
 * Takes routes, hooks and handlers into an app.
 *
 * Apps and blueprints record no endpoint themselves: each of their set-up methods is a step that gets a registration.
 * An app has one registration, of its outermost scope, and runs its steps at once. A blueprint keeps its steps until it
 * is registered, and runs them on a child registration: prefix, host, defaults and scope of the child extend those of
 * its parent. So a blueprint can be registered twice, and two apps share nothing.
 */
export class Registration {
  readonly #defaults: RuleDefaults;

  /**
   * @param app The app.
   * @param scope The scope of the hooks and handlers.
   * @param defaults The defaults of the rules. Default: those of the app's own rules.
   */
  constructor(
    readonly app: Application,
    readonly scope: Scope,
    defaults: RuleDefaults = appDefaults,
  ) {
    this.#defaults = defaults;
  }

  /** The registration of the app itself, for hooks of the whole app. */
  get outermost(): Registration {
    return new Registration(this.app, this.app.registry.scope);
  }

  /** Makes an endpoint of a rule, for a function without a name. One that is taken gets a number. */
  nameView(rule: string, methods: readonly string[] = ["GET"]): string {
    const words = [...rule.replace(/<(?:[^<>]*:)?(\w+)>/g, "$1").matchAll(/[\p{L}\p{N}]+/gu)].join("_") || "index";
    const method = methods.map((name) => name.toUpperCase());
    const name = method.includes("GET") ? words : `${method[0]?.toLowerCase() ?? "get"}_${words}`;
    const { endpoints } = this.app.registry;
    let free = name;
    for (let number = 2; endpoints.has(this.scope.qualify(free)); number++) {
      free = `${name}_${number}`;
    }
    return free;
  }

  /** Adds a route for a view. */
  addRoute(source: string, name: string, view: View, options: RouteOptions, details: EndpointDetails): void {
    const { config, registry } = this.app;
    if (name === "" || name.includes(".")) {
      throw new SetupError(
        `'${name}' cannot be the name of an endpoint: it is empty, or has a dot, which separates a blueprint from its endpoints.`,
      );
    }
    const methods = toMethods(options, details.label);
    const mergeSlashes = options.mergeSlashes ?? config.mergeSlashes;
    const { rule, host } = explaining(details.label, () => ({
      rule: this.#createRule(source, mergeSlashes),
      host: this.#createHost(options),
    }));
    const isCsrfExempt = details.isCsrfExempt === true || !(options.csrf ?? this.#defaults.csrf);
    const endpoint = registry.addEndpoint({ ...details, name: this.scope.qualify(name), scope: this.scope, view, isCsrfExempt });
    registry.routes.add({
      rule,
      host,
      endpoint,
      methods,
      defaults: { ...this.#defaults.defaults, ...options.defaults },
      strictSlashes: options.strictSlashes ?? config.strictSlashes,
      mergeSlashes,
      automaticOptions: options.provideAutomaticOptions ?? (config.provideAutomaticOptions && !methods.has("OPTIONS")),
      isAlias: options.alias ?? false,
      isBuildOnly: options.buildOnly ?? false,
      schemas: options,
      maxContentLength: readMaxLength(options.maxContentLength, details.label),
      ...readTimes(options, details.label),
    });
  }

  /** Adds a hook. */
  addHook<Kind extends keyof Hooks>(kind: Kind, hook: Hooks[Kind][number]): void {
    const hooks: Hooks[Kind][number][] = this.scope.own[kind];
    hooks.push(hook);
  }

  /** Adds an error handler; one for the same status or class is replaced. */
  addErrorHandler(of: number | ErrorClass, handler: AnyErrorHandler): void {
    if (typeof of === "number") {
      if (!isErrorStatus(of)) {
        throw new SetupError(`There is no error with the status ${of}, so nothing can handle it.`);
      }
      this.scope.byStatus.set(of, handler);
    } else if (typeof of === "function") {
      this.scope.byClass.set(of, handler);
    } else {
      throw new SetupError("An error handler is for a status code or an error class, not for an instance of one.");
    }
  }

  /** Adds a command; those of a blueprint begin with its name. */
  addCommand(usage: string, run: Command["run"], options: CommandOptions): void {
    const { commands } = this.app.registry;
    const command = createCommand([...this.scope.name.split(".").filter(Boolean), usage].join(" "), run, options);
    const name = command.words.join(" ");
    if (commands.some(({ words }) => words.join(" ") === name)) {
      throw new SetupError(`There are two commands '${name}'. Give one of them another name.`);
    }
    commands.push(command);
  }

  /** Adds a function that every template of the app can call. */
  addTemplateGlobal(name: string, value: unknown): void {
    this.app.registry.templateGlobals[name] = value;
  }

  /** Adds a folder of templates. */
  addTemplates(folder: string): void {
    this.app.templates.addFolder(resolve(this.app.root, folder));
  }

  /** Serves a folder of static files. */
  addStatic(folder: string, urlPath: string): void {
    const { config, root } = this.app;
    const path = resolve(root, folder);
    const { extendValues, view } = createStaticFiles(path, config);
    this.app.registry.staticFolders.set(folder, path);
    this.app.registry.staticEndpoints.set(this.scope.qualify("static"), path);
    const details = { label: `the static files of '${folder}'`, owner: view, extendValues };
    this.addRoute(`${urlPath.replace(/\/$/, "")}/<path:filename>`, "static", view, {}, details);
  }

  /** Creates the registration of a blueprint inside this one. */
  createChild(name: string, options: BlueprintOptions): Registration {
    checkBlueprintName(name);
    checkBlueprintOptions(options, name);
    const { blueprints } = this.app.registry;
    const full = this.scope.qualify(name);
    if (blueprints.has(full)) {
      throw new SetupError(`A blueprint '${full}' is registered already. Register it under another name: { name: "…" }.`);
    }
    const scope = new Scope(full, this.scope);
    blueprints.set(full, scope);
    const prefix = joinRules(this.#defaults.prefix, options.urlPrefix ?? "");
    if (prefix !== "" && !prefix.startsWith("/")) {
      throw new SetupError(`The urlPrefix '${prefix}' of the blueprint '${full}' begins with no slash. Write urlPrefix: "/${prefix}".`);
    }
    const child = new Registration(this.app, scope, {
      prefix,
      host: options.host ?? this.#defaults.host,
      subdomain: joinLabels(options.subdomain, this.#defaults.subdomain),
      defaults: { ...this.#defaults.defaults, ...options.urlDefaults },
      csrf: options.csrf ?? true,
    });
    if (options.errors !== undefined) {
      scope.errorFormat = options.errors;
      scope.errorArea = createErrorArea(prefix, child.#createHost({}));
    }
    if (options.templates !== undefined) {
      child.addTemplates(options.templates);
    }
    if (options.static !== undefined && options.static !== null) {
      child.addStatic(options.static, options.staticUrlPath ?? `/${basename(options.static)}`);
    }
    return child;
  }

  /** Adds everything that a controller's decorators recorded. */
  addController(target: object, options: Partial<BlueprintOptions> & { readonly name?: string }): void {
    const controller = readController(target);
    const { blueprint } = controller;
    if (blueprint !== undefined) {
      const child = this.createChild(options.name ?? blueprint.name, { ...blueprint.options, ...options });
      child.#addRecords(controller);
    } else if (Object.keys(options).length > 0) {
      this.createChild(options.name ?? controller.name, options).#addRecords(controller);
    } else {
      this.#addRecords(controller);
    }
  }

  #addRecords(controller: Controller): void {
    for (const record of controller.records) {
      switch (record.kind) {
        case "route":
          this.#addView(controller, record.method, record.rule, record.options);
          break;
        case "errorHandler":
          this.addErrorHandler(record.of, controller.bind(record.method));
          break;
        case "templateGlobal":
          this.addTemplateGlobal(record.name ?? record.method, controller.bind(record.method));
          break;
        case "contextProcessor": {
          const process = controller.bind(record.method);
          this.addHook("contextProcessor", () => toValues(process(), `${controller.name}.${record.method}`));
          break;
        }
        case "command":
          this.addCommand(record.usage ?? kebabCase(record.method), controller.bind(record.method), record.options);
          break;
        case "beforeRequest":
          this.addHook("beforeRequest", controller.bindDecorated(record.method));
          break;
        case "afterRequest":
        case "teardownRequest":
        case "urlValuePreprocessor":
        case "urlDefaults":
          this.addHook(record.kind, controller.bind(record.method));
          break;
        case "extension":
          this.app.registry.extensionRecords.push({
            extension: record.extension,
            name: `${controller.name}.${record.method}`,
            instance: controller.instance,
            value: record.value,
            run: controller.bind(record.method),
          });
          break;
        case "viewDecorator":
        case "csrfExempt":
        case "blueprint":
          break;
      }
    }
  }

  #addView(controller: Controller, method: string, rule: string, options: RouteOptions): void {
    const name = options.endpoint ?? method;
    const label = `${controller.name}.${method}`;
    const bound = controller.bind(method);
    const view = wrapView(
      checkView((values) => bound(values), options, label, this.app),
      controller.listWrappers(method),
    );
    this.addRoute(rule, name, view, options, {
      label,
      owner: controller.instance,
      isCsrfExempt: controller.isCsrfExempt(method),
      decorators: controller.listDetails(method),
    });
    for (const constructor of [...controller.lineage].reverse()) {
      this.app.registry.noteMethod(constructor, method, this.scope.qualify(name));
    }
  }

  #createRule(source: string, mergeSlashes: boolean): Rule {
    const { converters } = this.app.registry.routes;
    const { prefix } = this.#defaults;
    const rule = source === "" || source.startsWith("/") ? joinRules(prefix, source) : source;
    return new Rule(mergeSlashes ? rule.replace(/\/{2,}/g, "/") : rule, converters);
  }

  #createHost(options: RouteOptions): HostPattern | null {
    const { serverName } = this.app.config;
    const host = options.host ?? this.#defaults.host;
    const subdomain = joinLabels(options.subdomain, this.#defaults.subdomain);
    if (host === null && subdomain !== null && serverName === null) {
      throw new SetupError(`The subdomain '${subdomain}' is one of no host. Set the configuration's serverName, such as "example.com".`);
    }
    if ((options.host ?? null) !== null && (options.subdomain ?? null) !== null) {
      throw new SetupError(`A rule has a host or a subdomain, not both: '${options.host}' and '${options.subdomain}'.`);
    }
    const source = host ?? (subdomain === null ? null : `${subdomain}.${serverName}`);
    if (source !== null && !hostShape.test(source.replace(/<[^>]*>/g, "x"))) {
      throw new SetupError(
        `'${source}' is no host. Write it without a scheme and a path, such as "api.example.com" or "<tenant>.example.com:8080".`,
      );
    }
    return source === null ? null : new HostPattern(source, this.app.registry.routes.converters);
  }
}

/** Adds the name of the view to an error about its rule. */
function explaining<Result>(label: string, create: () => Result): Result {
  try {
    return create();
  } catch (error) {
    const place = `It is a rule of ${label}.`;
    if (error instanceof RuleError) {
      throw new RuleError(error.reason, error.rule, error.index, place);
    }
    throw error instanceof SetupError ? new SetupError(`${error.message}\n\n${place}`, { cause: error }) : error;
  }
}

/** Widens the type of a handler, so that one list can hold all handlers. It is only called with errors of its kind. */
export function toAnyHandler(handler: (error: never, request: FlagonRequest) => unknown): AnyErrorHandler {
  return (error, request) => Reflect.apply(handler, undefined, [error, request]);
}

/** Puts wrappers around a view, the first of them innermost. */
export function wrapView(view: View, wrappers: readonly ViewWrapper[]): View {
  return wrappers.reduce<View>((inner, wrap) => (values, request) => wrap((changed) => inner(changed ?? values, request), values), view);
}

/** Joins subdomains: that of an inner blueprint comes first. */
function joinLabels(inner: string | undefined, outer: string | null): string | null {
  return inner === undefined ? outer : outer === null ? inner : `${inner}.${outer}`;
}

/** Joins a prefix and a rule by one slash. The empty rule is the prefix itself, without a slash at its end. */
function joinRules(prefix: string, rule: string): string {
  const start = prefix.replace(/\/+$/, "");
  if (rule === "") {
    return start === "" ? prefix.slice(0, 1) : start;
  }
  return prefix === "" ? rule : `${start}/${rule.replace(/^\//, "")}`;
}

/** Returns an expression for the paths below a prefix, whose variables stand for any segment, or `undefined` for an empty prefix. */
function toPathPattern(prefix: string): RegExp | undefined {
  const path = prefix.replace(/\/{2,}/g, "/").replace(/\/$/, "");
  const segments = path.split(/<[^<>]*>/).map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return path === "" ? undefined : new RegExp(`^${segments.join("[^/]+")}(?:/|$)`);
}

/** Returns the requests below a prefix and for a host, or `undefined` if those are all. */
function createErrorArea(prefix: string, host: HostPattern | null): ErrorArea | undefined {
  const paths = toPathPattern(prefix);
  return paths === undefined && host === null ? undefined : { paths: paths ?? /^/, host };
}

function toValues(values: unknown, label: string): Readonly<Record<string, unknown>> {
  refusePromise(values, `result of the context processor ${label}`, SetupError);
  if (typeof values !== "object" || values === null) {
    throw new SetupError(`The context processor ${label} must return an object.`);
  }
  return Object.fromEntries(Object.entries(values));
}
