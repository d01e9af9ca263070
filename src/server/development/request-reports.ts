import type { Channel } from "node:diagnostics_channel";
import { isSecretName, maskSecrets, maskTarget, secretMask } from "../../base/secret-names";
import { signals } from "../../base/signals";
import { findRequestContext, type RequestContext } from "../../dispatch/context";
import type { FlagonResponse } from "../../http/response/response";
import type { Application } from "../../setup/application";
import type { Hooks, Scope } from "../../setup/registry";

/** The report of one request, for the developer. */
export interface RequestReport {
  readonly id: number;
  readonly method: string;
  readonly target: string;
  /** The time of the request, in milliseconds since the Unix epoch. */
  readonly time: number;
  status: number;
  /** Milliseconds until the response was ready. */
  duration: number;
  rule: string | null;
  endpoint: string | null;
  view: string | null;
  /** The steps of the request, each with its time in milliseconds. */
  phases: (readonly [name: string, duration: number])[];
  /** The number of hooks of each kind. */
  hooks: Record<string, number>;
  readonly templates: { readonly name: string; duration: number }[];
  readonly queries: { readonly sql: string; readonly parameters: string; readonly duration: number | null }[];
  readonly log: { readonly level: string; readonly message: string }[];
  /** The entries of extensions, with the paths of their pages. */
  links: (readonly [text: string, path: string])[];
  /** The values of the session, by name, as JSON. `null`: the session was not used. */
  session: (readonly [name: string, value: string])[] | null;
}

/** A report that is being written. */
interface Draft extends RequestReport {
  readonly start: number;
  mark: number;
}

const kept = 50;
const longest = 2000;

/** Watches the requests of an app, and keeps the reports of the latest ones. */
export class RequestReports {
  readonly #app: Application;
  readonly #reports = new Map<number, RequestReport>();
  readonly #drafts = new WeakMap<RequestContext, Draft>();
  readonly #subscriptions: (readonly [Channel, (message: unknown) => void])[] = [];
  #count = 0;

  /** @param app The app, before its first request. */
  constructor(app: Application) {
    this.#app = app;
    const { afterHooks, afterView, beforeHooks, beforeView } = app.registry.scope.tools;
    beforeHooks.push(() => this.#endPhase("Routing, session, checks"));
    beforeView.push(() => this.#endPhase("Hooks before"));
    afterView.push(() => this.#endPhase("View"));
    afterHooks.push(() => this.#endPhase("Hooks after"));
    this.#subscribe(signals.requestStarted, (context) => this.#begin(context));
    this.#subscribe(signals.requestFinished, (context, { response }) => this.#finish(context, response));
    this.#subscribe(signals.templateRendering, (context, { template }) => {
      this.#drafts.get(context)?.templates.push({ name: nameOf(template), duration: -performance.now() });
    });
    this.#subscribe(signals.templateRendered, (context, { template }) => {
      const open = this.#drafts.get(context)?.templates.findLast(({ name, duration }) => name === nameOf(template) && duration < 0);
      if (open !== undefined) {
        open.duration += performance.now();
      }
    });
    this.#subscribe(signals.query, (context, { sql, parameters, duration }) => {
      this.#drafts.get(context)?.queries.push({
        sql: String(sql),
        parameters: parameters === undefined ? "" : shorten(JSON.stringify(parameters, writeBigInt)),
        duration: typeof duration === "number" ? duration : null,
      });
    });
    this.#subscribe(signals.logged, (context, { level, message }) => {
      this.#drafts.get(context)?.log.push({ level: String(level), message: shorten(String(message)) });
    });
  }

  /** The latest requests, the last first. */
  get latest(): readonly RequestReport[] {
    return [...this.#reports.values()].reverse();
  }

  /** Returns the number of the report of a request. */
  idOf(context: RequestContext): number | undefined {
    return this.#drafts.get(context)?.id;
  }

  /** Stops watching. */
  close(): void {
    for (const [channel, listener] of this.#subscriptions) {
      channel.unsubscribe(listener);
    }
  }

  /** Subscribes to the signals of the app's requests. */
  #subscribe(channel: Channel, listener: (context: RequestContext, message: Readonly<Record<string, unknown>>) => void): void {
    const onMessage = (message: unknown): void => {
      const context = findRequestContext();
      if (context?.app === this.#app && typeof message === "object" && message !== null) {
        listener(context, { ...message });
      }
    };
    channel.subscribe(onMessage);
    this.#subscriptions.push([channel, onMessage]);
  }

  #begin(context: RequestContext): void {
    const now = performance.now();
    this.#count++;
    this.#drafts.set(context, {
      id: this.#count,
      method: context.request.method,
      target: maskTarget(context.request.target, context.request.viewArgs),
      time: Date.now(),
      start: now,
      mark: now,
      status: 0,
      duration: 0,
      rule: null,
      endpoint: null,
      view: null,
      phases: [],
      hooks: {},
      templates: [],
      queries: [],
      log: [],
      links: [],
      session: null,
    });
  }

  #endPhase(name: string): undefined {
    const context = findRequestContext();
    const draft = context === undefined ? undefined : this.#drafts.get(context);
    if (draft !== undefined) {
      const now = performance.now();
      draft.phases.push([name, now - draft.mark]);
      draft.mark = now;
    }
    return undefined;
  }

  #finish(context: RequestContext, response: unknown): void {
    const draft = this.#drafts.get(context);
    if (draft === undefined) {
      return;
    }
    const { endpoint, request, usedSession } = context;
    const { chain } = endpoint?.scope ?? this.#app.registry.scope;
    this.#endPhase("Session saved");
    draft.duration = performance.now() - draft.start;
    draft.status = isResponse(response) ? response.status : 0;
    draft.rule = request.rule ?? null;
    draft.endpoint = endpoint?.name ?? null;
    draft.view = endpoint?.label ?? null;
    draft.links = [...this.#app.registry.developmentPages].flatMap(([path, page]): [string, string][] => {
      const text = page.describe();
      return text === null ? [] : [[text, path]];
    });
    draft.hooks = {
      before: count(chain, "beforeRequest"),
      after: count(chain, "afterRequest"),
      teardown: count(chain, "teardownRequest"),
    };
    draft.session =
      usedSession === undefined
        ? null
        : Object.entries(usedSession.toObject()).map(([name, value]) => [
            name,
            isSecretName(name) ? secretMask : shorten(JSON.stringify(maskSecrets(value), writeBigInt) ?? ""),
          ]);
    const { start: _start, mark: _mark, ...report } = draft;
    this.#reports.set(draft.id, report);
    this.#reports.delete(draft.id - kept);
  }
}

/** Counts the hooks of one kind in a list of scopes. */
function count(chain: readonly Scope[], kind: keyof Hooks): number {
  return chain.reduce((total, { own }) => total + own[kind].length, 0);
}

function isResponse(value: unknown): value is FlagonResponse {
  return typeof value === "object" && value !== null && "status" in value;
}

function nameOf(template: unknown): string {
  return Array.isArray(template) ? template.join(" or ") : typeof template === "string" ? template : "of a text";
}

function shorten(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

function writeBigInt(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
