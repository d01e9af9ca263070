import { SetupError } from "../base/errors";
import type { Values } from "../config/config";
import { checkOptions, describe } from "../setup/call-checks";

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

/** The options. The type keeps the list complete. */
const names = Object.keys({
  name: true,
  templates: true,
  static: true,
  staticUrlPath: true,
  errors: true,
  config: true,
  instancePath: true,
} satisfies Record<keyof FlagonOptions, true>);

/**
 * Checks the arguments of the constructor.
 *
 * @throws {SetupError} If the root is not the path of a folder, or an option is unknown.
 */
export function checkAppOptions(root: unknown, options: unknown): void {
  if (typeof root !== "string") {
    const cure =
      typeof root === "object" && root !== null && "dirname" in root
        ? "Give new Flagon(import.meta.dirname)."
        : "Give new Flagon(__dirname), or import.meta.dirname in an ES module; the options are the second argument.";
    throw new SetupError(`The first argument of new Flagon() is the folder of the app, a text, but it is ${describe(root)}. ${cure}`);
  }
  if (root.startsWith("file:")) {
    throw new SetupError(`new Flagon() got the URL "${root}". It takes the path of a folder: import.meta.dirname.`);
  }
  if (typeof options !== "object" || options === null) {
    throw new SetupError(`The options of new Flagon() are not an object, but ${describe(options)}.`);
  }
  checkOptions(options, "new Flagon()", names);
}
