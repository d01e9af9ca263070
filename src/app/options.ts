import type { Values } from "../config/config";

/** Options of the `Flagon` constructor. */
export interface FlagonOptions {
  /** The name, for logs. Default: the name of the root folder. */
  name?: string;
  /** The folder of the templates, relative to the root. Default: `"templates"`. */
  templates?: string;
  /** The folder of the static files, relative to the root; `null` for none. Default: `"static"`. */
  static?: string | null;
  /** The path of the static files. Default: `"/static"`. */
  staticUrlPath?: string;
  /**
   * The format of errors: `"json"` sends problem details (RFC 9457) to every client that does not prefer HTML by name, `"html"`
   * only to clients that ask for JSON. Default: `"json"` for routes with `json` or `returns`, `"html"` for others.
   */
  errors?: "json" | "html";
  /** Settings, Flagon's own and the app's. */
  config?: Values;
  /** The folder of files that belong to one deployment, which is not part of the code. Default: `"instance"`. */
  instancePath?: string;
}
