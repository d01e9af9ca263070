import type { RequestListener } from "node:http";
import type { BackgroundWork } from "./background";
import type { Config } from "./config";
import type { DefaultHeaders } from "./default-headers";
import type { RequestSettings } from "./http/request-head";
import type { JsonProvider } from "./json-provider";
import type { Logger } from "./logging";
import type { NodeMiddleware } from "./node-middleware";
import type { Registry } from "./registry";
import type { SessionInterface } from "./session";
import type { Templates } from "./templating";

/** What a request needs to know of its app. */
export interface Application {
  /** The folder that the app's paths are relative to. */
  readonly root: string;
  /** The app's name. */
  readonly name: string;
  /** The configuration. */
  readonly config: Config;
  /** The routes, hooks and handlers. */
  readonly registry: Registry;
  /** The templates. */
  readonly templates: Templates;
  /** Opens and saves sessions. */
  readonly sessionInterface: SessionInterface;
  /** Reads and writes JSON. */
  readonly json: JsonProvider;
  /** What requests may send, and whom they may come by. */
  readonly requestSettings: RequestSettings;
  /** The headers of every response. */
  readonly defaultHeaders: DefaultHeaders;
  /** Where errors are reported. */
  readonly logger: Logger;
  /** What extensions keep, by their names. */
  readonly extensions: Readonly<Record<string, unknown>>;
  /** Work that no response waits for. */
  readonly backgroundWork: BackgroundWork;
  /** What answers below a path in place of the app, the longest path first. */
  readonly mounts: readonly Mount[];
  /** What stands in front of the app on a Node server. */
  readonly nodeMiddleware: readonly NodeMiddleware[];
}

/** Answers web requests: what Hono, Elysia and the servers of Bun and Deno call `fetch`. */
export type FetchHandler = (request: Request) => Response | Promise<Response>;

/** What answers below a path: another app, or a handler that knows nothing of Flagon. */
export interface Mount {
  /** The parts of the path, decoded. */
  readonly segments: readonly string[];
  /** What answers. */
  readonly target:
    | { readonly kind: "app"; readonly app: Application }
    | { readonly kind: "fetch"; readonly fetch: FetchHandler }
    | { readonly kind: "node"; readonly listener: RequestListener };
}
