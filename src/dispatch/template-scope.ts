import { ContextError } from "../base/errors";
import { refusePromise } from "../base/forgotten-await";
import { type Markup, toJsonMarkup } from "../base/html";
import { safeUrl } from "../base/safe-url";
import { createCsrfToken } from "../sessions/csrf";
import { type SignUrlOptions, signUrl } from "../signing/signed-url";
import { buildUrl, type UrlOptions } from "./build-url";
import { type AppContext, RequestContext } from "./context";
import { type FlashedMessage, type FlashOptions, takeFlashes } from "./flashes";

/** The names that every template has in scope, each computed only when a template uses it. */
class StandardScope {
  readonly #context: AppContext;

  constructor(context: AppContext) {
    this.#context = context;
  }

  get urlFor(): (endpoint: string, values?: Record<string, unknown>, options?: UrlOptions) => string {
    const context = this.#context;
    return (endpoint, values, options) => buildUrl(context.app, context, endpoint, values, options);
  }

  get signUrl(): (url: string, options: SignUrlOptions) => string {
    const { config } = this.#context.app;
    return (url, options) => signUrl(config, url, options);
  }

  /** Undefined without a request, so that a template can ask. */
  get request(): unknown {
    return this.#context instanceof RequestContext ? this.#context.request : undefined;
  }

  get session(): unknown {
    return this.#context instanceof RequestContext ? this.#context.session : undefined;
  }

  get g(): unknown {
    return this.#context.g;
  }

  get config(): unknown {
    return this.#context.app.config;
  }

  get getFlashedMessages(): (options?: FlashOptions) => readonly (FlashedMessage | unknown)[] {
    return (options) => takeFlashes(this.#getRequestContext("getFlashedMessages"), options);
  }

  get csrfToken(): () => string {
    return () => createCsrfToken(this.#getRequestContext("csrfToken").session, this.#context.app.config);
  }

  get cspNonce(): () => string {
    return () => this.#getRequestContext("cspNonce").cspNonce;
  }

  get safeUrl(): (url: unknown) => string {
    return safeUrl;
  }

  get tojson(): (value: unknown) => Markup {
    const { json } = this.#context.app;
    return (value) => toJsonMarkup(value, (plain) => json.stringify(plain));
  }

  #getRequestContext(name: string): RequestContext {
    if (this.#context instanceof RequestContext) {
      return this.#context;
    }
    throw new ContextError(`Working outside of request context.\n\nA template used '${name}' while no request is active.`);
  }
}

// A name that is not in scope is undefined: no template reaches members that all objects inherit.
Object.setPrototypeOf(StandardScope.prototype, null);
Reflect.deleteProperty(StandardScope.prototype, "constructor");

/** Creates the scope of a rendering: the standard names, the app's own, and those of context processors, the later over the earlier. */
export function createScope(context: AppContext): object {
  const scope = new StandardScope(context);
  const { templateGlobals, scope: appScope } = context.app.registry;
  define(scope, templateGlobals);
  const hooks = context instanceof RequestContext ? context.hooks : appScope.all;
  for (const processor of hooks.contextProcessor) {
    const values = processor();
    refusePromise(values, "result of a context processor");
    define(scope, values);
  }
  return scope;
}

function define(scope: object, values: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(values)) {
    Object.defineProperty(scope, name, { value: values[name], configurable: true, enumerable: true });
  }
}
