import { describe, expect, it } from "vitest";
import { explainForeignName } from "../../src/base/foreign-names";

describe("the message of an error of JavaScript", () => {
  it.each<[message: string, cure: string]>([
    ["jsonify is not defined", "There is no 'jsonify' in Flagon. Return the object itself, or json(value, status)."],
    ["(0 , flagon_1.jsonify) is not a function", "There is no 'jsonify' in Flagon."],
    ["(0, import_flagon.url_for) is not a function", "Use urlFor()."],
    ["(0 , import_flagon.Controller) is not a function", "Use a class with @route, or @blueprint."],
    [
      "(0 , flagon_1.loginRequired) is not a function",
      'The package "flagon" has no export \'loginRequired\'. It is one of "flagon/login".',
    ],
    ["(0 , flagon_1.renderTemplat) is not a function", "Did you mean 'renderTemplate'?"],
    ["flagon_1.default is not a constructor", 'import { Flagon } from "flagon"'],
    ["import_flagon.default is not a constructor", 'import { Flagon } from "flagon"'],
    ["Flagon is not a constructor", 'const { Flagon } = require("flagon")'],
    ["The requested module 'flagon' does not provide an export named 'default'", 'import { Flagon } from "flagon"'],
    ["The requested module 'flagon' does not provide an export named 'render_template'", "Use renderTemplate()."],
    ["The requested module 'flagon' does not provide an export named 'Blueprnt'", "Did you mean 'Blueprint'?"],
    ["__dirname is not defined in ES module scope", "new Flagon(import.meta.dirname)."],
    ["Router is not a function", "Use new Blueprint(name, { urlPrefix })."],
    ["urlFor is not defined", 'Import it: import { urlFor } from "flagon".'],
    ["requireUser is not defined", 'Import it: import { requireUser } from "flagon/login".'],
    ["req is not defined", 'import { request } from "flagon"'],
    ["flagon_1.request.cookies.get is not a function", "request.cookies is an object"],
    ["(intermediate value).g.get is not a function", "g is an object"],
    ["app.config.get is not a function", "A setting is a member: app.config.name."],
    [
      `Package subpath './jons' is not defined by "exports" in /x/node_modules/flagon/package.json`,
      'The package has no \'jons\'. Its parts are "flagon", and "flagon/database"',
    ],
  ])("about a habit of another framework has a cure: %s", (message, cure) => {
    const readable = message.replace("(intermediate value).", "");
    expect(explainForeignName(readable)).toContain(cure);
  });

  it.each([
    "own.urlFor is not a function",
    "books.get is not a function",
    "x is not defined",
    "Cannot read properties of undefined (reading 'a')",
    "The requested module './posts' does not provide an export named 'jsonify'",
    `Package subpath './x' is not defined by "exports" in /x/node_modules/other/package.json`,
  ])("about the app's own names has none: %s", (message) => {
    expect(explainForeignName(message)).toBeUndefined();
  });
});
