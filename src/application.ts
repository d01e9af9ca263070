import type { Config } from "./config";
import type { DefaultHeaders } from "./default-headers";
import type { RequestLimits } from "./http/request";
import type { Logger } from "./logging";
import type { Registry } from "./registry";
import type { SessionInterface } from "./sessions";
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
  /** What requests may send. */
  readonly limits: Readonly<RequestLimits>;
  /** The headers of every response. */
  readonly defaultHeaders: DefaultHeaders;
  /** Where errors are reported. */
  readonly logger: Logger;
}
