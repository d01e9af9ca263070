import { SetupError } from "../base/errors";
import { findSlip } from "../base/suggestion";
import { settingNames, type Values } from "../config/config";
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

/** The options of apps of Flask and Express, and the cure of each. */
const ofFlask: Readonly<Record<string, string>> = {
  template_folder: "The folder of the templates is 'templates'.",
  templateFolder: "The folder of the templates is 'templates'.",
  views: "The folder of the templates is 'templates'.",
  static_folder: "The folder of the static files is 'static'.",
  staticFolder: "The folder of the static files is 'static'.",
  public: "The folder of the static files is 'static': { static: \"public\" }.",
  import_name: "The first argument is the folder of the app: new Flagon(__dirname).",
  instance_relative_config: 'Load the file: app.config.loadFile(join(app.instancePath, "settings.json")).',
  port: "It belongs to the server: app.run({ port: 3000 }), or npx flagon run --port 3000.",
  host: 'It belongs to the server: app.run({ host: "0.0.0.0" }), or npx flagon run --host 0.0.0.0.',
  logger: "The logger of an app is app.logger.",
};

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
  for (const name in options) {
    const setting = names.includes(name) ? undefined : settingNames.includes(name) ? name : findSlip(name, settingNames);
    const cure = Object.hasOwn(ofFlask, name)
      ? ofFlask[name]
      : setting !== undefined && findSlip(name, names) === undefined
        ? `'${setting}' is a setting: new Flagon(root, { config: { ${setting}: … } }).`
        : undefined;
    if (cure !== undefined) {
      throw new SetupError(`There is no option '${name}' of new Flagon(). The options are: ${names.join(", ")}. ${cure}`);
    }
  }
  checkOptions(options, "new Flagon()", names);
}
