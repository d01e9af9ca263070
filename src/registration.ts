import { basename, join, resolve } from "node:path";
import type { Application } from "./application";
import { type Controller, readController } from "./controller";
import type { BlueprintOptions, ErrorClass, RouteOptions, ViewWrapper } from "./decorators";
import { FlagonError, SetupError } from "./errors";
import { ContentHashes } from "./http/content-hash";
import { isErrorStatus } from "./http/exceptions";
import { createDirectoryResponse } from "./http/send-file";
import { type AnyErrorHandler, type Hooks, Scope, type View } from "./registry";
import { Rule } from "./routing/rule";

/** What an endpoint says of itself beside its rule. */
interface EndpointDetails {
  readonly label: string;
  readonly isCsrfExempt?: boolean;
  readonly extendValues?: (values: Record<string, unknown>) => void;
}

/** The place where routes, hooks and handlers go: the app itself, or one registration of a blueprint. */
export class Registration {
  /**
   * @param app The app.
   * @param scope What hooks and handlers concern.
   * @param prefix What rules begin with.
   */
  constructor(
    readonly app: Application,
    readonly scope: Scope,
    readonly prefix: string,
  ) {}

  /** Adds a route for a view. */
  addRoute(source: string, name: string, view: View, options: RouteOptions, details: EndpointDetails): void {
    const { registry } = this.app;
    if (name === "" || name.includes(".")) {
      throw new SetupError(
        `'${name}' cannot be the name of an endpoint: it is empty or has a dot, which stands between a blueprint and its endpoints.`,
      );
    }
    const methods = new Set((options.methods ?? ["GET"]).map((method) => method.toUpperCase()));
    const endpoint = registry.addEndpoint({ name: this.scope.qualify(name), scope: this.scope, view, isCsrfExempt: false, ...details });
    registry.routes.add({
      rule: this.#createRule(source, details.label),
      endpoint,
      methods,
      defaults: options.defaults ?? {},
      strictSlashes: options.strictSlashes ?? true,
      automaticOptions: options.provideAutomaticOptions ?? !methods.has("OPTIONS"),
      maxContentLength: options.maxContentLength,
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
    const directory = resolve(root, folder);
    const hashes = new ContentHashes();
    const view: View = ({ filename }, request) => {
      const name = String(filename);
      const version = request.query.get("v");
      const isCurrent = version !== null && version === hashes.find(join(directory, name));
      return createDirectoryResponse(
        request,
        directory,
        name,
        isCurrent ? { maxAge: 31_536_000, immutable: true } : { maxAge: config.sendFileMaxAge },
      );
    };
    const extendValues = (values: Record<string, unknown>): void => {
      const hash = typeof values.filename === "string" ? hashes.find(join(directory, values.filename)) : undefined;
      if (hash !== undefined) {
        values.v ??= hash;
      }
    };
    this.addRoute(
      `${urlPath.replace(/\/$/, "")}/<path:filename>`,
      "static",
      view,
      {},
      { label: `the static files of '${folder}'`, extendValues },
    );
  }

  /** Creates the place of a blueprint inside this one. */
  createChild(name: string, options: BlueprintOptions): Registration {
    if (name === "" || name.includes(".")) {
      throw new SetupError(
        `'${name}' cannot be the name of a blueprint: it is empty or has a dot, which stands between a blueprint and its endpoints.`,
      );
    }
    const { blueprints } = this.app.registry;
    const full = this.scope.qualify(name);
    if (blueprints.has(full)) {
      throw new SetupError(`A blueprint '${full}' is registered already. Register it under another name: { name: "…" }.`);
    }
    const scope = new Scope(full, this.scope);
    blueprints.set(full, scope);
    const child = new Registration(this.app, scope, joinRules(this.prefix, options.urlPrefix ?? ""));
    if (options.templates !== undefined) {
      child.addTemplates(options.templates);
    }
    if (options.static !== undefined) {
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
    } else if (options.urlPrefix !== undefined || options.name !== undefined) {
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
        case "beforeRequest":
        case "afterRequest":
        case "teardownRequest":
        case "urlValuePreprocessor":
        case "urlDefaults":
          this.addHook(record.kind, controller.bind(record.method));
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
    const view = wrapView((values) => bound(values), controller.listWrappers(method));
    this.addRoute(rule, name, view, options, { label, isCsrfExempt: controller.isCsrfExempt(method) });
    for (const constructor of [...controller.lineage].reverse()) {
      this.app.registry.noteMethod(constructor, method, this.scope.qualify(name));
    }
  }

  #createRule(source: string, label: string): Rule {
    try {
      if (!source.startsWith("/")) {
        return new Rule(source, this.app.registry.routes.converters);
      }
      return new Rule(joinRules(this.prefix, source), this.app.registry.routes.converters);
    } catch (error) {
      if (error instanceof FlagonError) {
        error.message += `\n\nIt is a rule of ${label}.`;
      }
      throw error;
    }
  }
}

/** Puts wrappers around a view, the first of them innermost. */
function wrapView(view: View, wrappers: readonly ViewWrapper[]): View {
  return wrappers.reduce<View>((inner, wrap) => (values, request) => wrap((changed) => inner(changed ?? values, request), values), view);
}

function joinRules(prefix: string, rule: string): string {
  if (prefix === "" || rule === "") {
    return prefix + rule;
  }
  return `${prefix.replace(/\/$/, "")}/${rule.replace(/^\//, "")}`;
}

function toValues(values: unknown, label: string): Readonly<Record<string, unknown>> {
  if (typeof values !== "object" || values === null || values instanceof Promise) {
    throw new SetupError(`The context processor ${label} has to return an object, at once.`);
  }
  return Object.fromEntries(Object.entries(values));
}
