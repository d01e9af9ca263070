import { didYouMean } from "./suggestion";

/** The functions and values of Flask, its extensions and Express, by their names there, and the cure of each. */
const foreign: Readonly<Record<string, string>> = {
  jsonify: "Return the object itself, or json(value, status)",
  url_for: "Use urlFor()",
  render_template: "Use renderTemplate()",
  render_template_string: "Use renderTemplateString()",
  stream_template: "Use streamTemplate()",
  make_response: "Use makeResponse()",
  send_file: "Use sendFile()",
  send_from_directory: "Use sendFromDirectory()",
  get_flashed_messages: "Use getFlashedMessages()",
  after_this_request: "Use afterThisRequest()",
  copy_current_request_context: "Use copyCurrentRequestContext()",
  stream_with_context: "Return the generator itself: it keeps the context",
  has_request_context: "Use hasRequestContext()",
  has_app_context: "Use hasAppContext()",
  current_app: "Use currentApp",
  secure_filename: "Use secureFilename()",
  Flask: "Use new Flagon(__dirname)",
  express: "Use new Flagon(__dirname)",
  Router: "Use new Blueprint(name, { urlPrefix })",
  Response: "Use makeResponse() or new FlagonResponse()",
  generate_password_hash: 'Use hashPassword() of "flagon/login"',
  check_password_hash: 'Use verifyPassword() of "flagon/login"',
  login_required: 'Use @loginRequired of "flagon/login"',
  login_user: 'Use loginUser() of "flagon/login"',
  logout_user: 'Use logoutUser() of "flagon/login"',
  current_user: 'Use currentUser of "flagon/login"',
  FlaskForm: "Use defineForm()",
  Controller: "Use a class with @route, or @blueprint",
  Get: "Use @route.get()",
  Post: "Use @route.post()",
  Injectable: "Give the object to the constructor: app.register(new Books(repository))",
  next: "A hook returns nothing to go on, and a value to answer",
};

/** The members of `request.cookies` and `g` elsewhere: here both are plain objects. */
const ofRecords: readonly (readonly [pattern: RegExp, cure: string])[] = [
  [
    /(?:^|\.)cookies\.(?:get|has|getAll|require)$/,
    "request.cookies is an object: request.cookies.name, and a name with other characters is request.cookies[name]",
  ],
  [/(?:^|\.)cookies\.(?:set|delete)$/, "Cookies are set on a response: response.setCookie(name, value)"],
  [/(?:^|[.(])g\.(?:get|set|pop|has|setdefault)$/, "g is an object: g.name = value, and g.name is undefined without a value"],
  [/(?:^|\.)config\.(?:get|set)$/, "A setting is a member: app.config.name"],
];

/** The exports that apps use most, for a name that was not imported. */
const exported: ReadonlySet<string> = new Set(
  (
    "abort afterThisRequest beforeRequest afterRequest Blueprint blueprint channel cspNonce currentApp defineForm errorHandler escape eventStream Flagon " +
    "flash g getFlashedMessages html json makeResponse Markup redirect redirectBack renderTemplate renderTemplateAsync renderTemplateString request route " +
    "sendFile sendFromDirectory secureFilename session signToken readToken streamTemplate urlFor viewDecorator"
  ).split(" "),
);
const exportedByLogin: ReadonlySet<string> = new Set(
  "LoginManager loginUser logoutUser currentUser loginRequired requireUser hashPassword verifyPassword".split(" "),
);

/** The entry points of the package besides "flagon". */
const entryPoints = ["database", "jobs", "login", "mail", "openapi", "sessions"];

/**
 * Finds the cure for the message of an error of JavaScript about a name that an app has from Flask or Express, or did not import.
 *
 * @param message The message, such as `"jsonify is not defined"`.
 * @returns The cure as a sentence, or `undefined`.
 */
export function explainForeignName(message: string): string | undefined {
  if (/^__(?:dir|file)name is not defined in ES module scope/.test(message)) {
    return "An ES module has import.meta.dirname in its place: new Flagon(import.meta.dirname).";
  }
  if (
    /^(?:The requested module 'flagon' does not provide an export named 'default'|(?:import_)?flagon\w*\.default is not a constructor|Flagon is not a constructor)/.test(
      message,
    )
  ) {
    return 'The class is an export by its name: import { Flagon } from "flagon", or const { Flagon } = require("flagon").';
  }
  const path = /^Package subpath '\.\/([^']+)' is not defined by "exports" in .*[\\/]flagon[\\/]package\.json/.exec(message)?.[1];
  if (path !== undefined) {
    return `The package has no '${path}'. Its parts are "flagon", and "flagon/${entryPoints.join('", "flagon/')}".${didYouMean(path, entryPoints)}`;
  }
  const called = /^\(?(?:0 ?, ?)?([\w$.]+)\)? is not (?:a function|a constructor|iterable)/.exec(message)?.[1];
  if (called !== undefined) {
    const record = ofRecords.find(([pattern]) => pattern.test(called));
    if (record !== undefined) {
      return `${record[1]}.`;
    }
    const name = called.slice(called.lastIndexOf(".") + 1);
    return /^(?:import_)?flagon(?:_\d+)?\.\w+$/.test(called) ? explainExport(name) : explainName(name, called.includes("."));
  }
  const required = /^The requested module 'flagon' does not provide an export named '([\w$]+)'/.exec(message)?.[1];
  if (required !== undefined) {
    return explainExport(required);
  }
  const missing = /^([\w$]+) is not defined$/.exec(message)?.[1];
  return missing === undefined ? undefined : explainName(missing, false);
}

/** Explains a name that the package does not export. */
function explainExport(name: string): string {
  const hint = exportedByLogin.has(name) ? ` It is one of "flagon/login".` : didYouMean(name, exported);
  return explainName(name, true) ?? `The package "flagon" has no export '${name}'.${hint}`;
}

/** Explains a name. A member may be one of an object of the app's own, so that only names of Flask and Express count. */
function explainName(name: string, isMember: boolean): string | undefined {
  if (Object.hasOwn(foreign, name)) {
    return `There is no '${name}' in Flagon. ${foreign[name]}.`;
  }
  if (!isMember && (name === "res" || name === "req")) {
    return name === "req"
      ? 'The request is an import: import { request } from "flagon".'
      : "A view returns its answer: text, an object, or makeResponse(value, status).";
  }
  if (!isMember && (exported.has(name) || exportedByLogin.has(name))) {
    return `Import it: import { ${name} } from "${exported.has(name) ? "flagon" : "flagon/login"}".`;
  }
  return undefined;
}
