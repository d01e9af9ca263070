import { expect, it } from "vitest";
import { createProject, flagon } from "../cli-project";

it.each<[name: string, file: string, code: string, cure: string]>([
  [
    "an app of Express",
    "express.cjs",
    "module.exports = Object.assign(() => undefined, { handle() {}, listen() {} });",
    "exports an app of Express, and no Flagon app.",
  ],
  [
    "a class",
    "class.cjs",
    "module.exports = class Blog {};",
    "exports the class 'Blog', and no Flagon app. Export the app: const app = new Flagon(__dirname); app.register(Blog);",
  ],
  [
    "a decorator in JavaScript",
    "decorated.mjs",
    'import { route } from "flagon";\nclass A {\n  @route("/")\n  index() {}\n}',
    "JavaScript takes no decorators. Name the file 'decorated.mts'",
  ],
  [
    "an import of Flask",
    "flask.mjs",
    'import { Flagon, jsonify } from "flagon";\nexport default new Flagon(".");',
    "There is no 'jsonify' in Flagon.",
  ],
  ["a default import", "default.mjs", 'import Flagon from "flagon";\nexport default new Flagon(".");', 'import { Flagon } from "flagon"'],
  [
    "__dirname in an ES module",
    "folder.mjs",
    'import { Flagon } from "flagon";\nexport default new Flagon(__dirname);',
    "new Flagon(import.meta.dirname).",
  ],
])("a file without an app says the cure: %s", async (_, file, code, cure) => {
  const result = await flagon(createProject({ [file]: code }), ["--app", file, "routes"]);
  expect(result.code).not.toBe(0);
  expect(result.stderr).toContain(cure);
});
