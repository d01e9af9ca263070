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
  /** Settings, Flagon's own and the app's. */
  config?: Values;
  /** The folder of files that belong to one deployment, which is not part of the code. Default: `"instance"`. */
  instancePath?: string;
}
