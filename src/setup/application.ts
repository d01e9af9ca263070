import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { BackgroundWork } from "../base/background";
import type { ChannelBroker } from "../base/channels";
import type { JsonProvider } from "../base/json";
import type { Logger } from "../base/logging";
import type { Config } from "../config/config";
import type { RequestSettings } from "../http/request/request-head";
import type { DefaultHeaders } from "../http/response/default-headers";
import type { FormMessages } from "../schemas/form-messages";
import type { SessionInterface } from "../sessions/session";
import type { Templates } from "../templating/templates";
import type { LifeCycle } from "./life-cycle";
import type { Registry } from "./registry";

/** The parts of an app that its requests use. */
export interface Application {
  /** The folder that the app's paths are relative to. */
  readonly root: string;
  /** The folder of files that belong to one deployment. */
  readonly instancePath: string;
  /** The app's name. */
  readonly name: string;
  /** The configuration. */
  readonly config: Config;
  /**
   * The routes, hooks and handlers.
   *
   * @internal
   */
  readonly registry: Registry;
  /**
   * The templates.
   *
   * @internal
   */
  readonly templates: Templates;
  /** The messages of all forms. */
  readonly formMessages: FormMessages;
  /** Opens and saves sessions. */
  readonly sessionInterface: SessionInterface;
  /** Carries the messages of channels. */
  readonly channels: ChannelBroker;
  /** Reads and writes JSON. */
  readonly json: JsonProvider;
  /**
   * The limits of requests, and the trusted proxies.
   *
   * @internal
   */
  readonly requestSettings: RequestSettings;
  /**
   * The headers of every response.
   *
   * @internal
   */
  readonly defaultHeaders: DefaultHeaders;
  /** The logger of errors and of the app's own lines. */
  readonly logger: Logger;
  /** The state of the extensions, by their names. */
  readonly extensions: Readonly<Record<string, unknown>>;
  /**
   * Background work: no response waits for it.
   *
   * @internal
   */
  readonly backgroundWork: BackgroundWork;
  /**
   * Starts and stops the resources of the app.
   *
   * @internal
   */
  readonly lifeCycle: LifeCycle;
  /**
   * The apps and handlers that are mounted below a path, the longest path first.
   *
   * @internal
   */
  readonly mounts: readonly Mount[];
  /**
   * The Connect middleware in front of the app.
   *
   * @internal
   */
  readonly nodeMiddleware: readonly NodeMiddleware[];
}

/** Answers web requests, as an app of Hono or Elysia does. */
export type FetchHandler = (request: Request) => Response | Promise<Response>;

/** An app or a handler that answers below a path. */
export interface Mount {
  /** The parts of the path, decoded. */
  readonly segments: readonly string[];
  /** The app or the handler. */
  readonly target:
    | { readonly kind: "app"; readonly app: Application }
    | { readonly kind: "fetch"; readonly fetch: FetchHandler }
    | { readonly kind: "node"; readonly listener: RequestListener };
}

/** The type of a method, whose parameters are compared both ways: middleware typed for Express fits too. */
interface Middleware {
  handle(request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): void;
}

/** Connect middleware, such as helmet: it answers, or calls `next`, with an error if it failed. */
export type NodeMiddleware = Middleware["handle"];
