import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { UsageError } from "../base/errors";
import { writeTemplatesModule } from "../templating/templates-module";

/**
 * Writes the module of the templates in folders, with a declaration of its type.
 *
 * @param root The folder that paths are relative to.
 * @param folders The folders of templates; `templates` if there is none.
 * @param out The module. Default: the name of the first folder, with the extension `.mjs`.
 * @returns A line about the written file.
 * @throws {UsageError} If the name of the module does not end with `.mjs`.
 */
export function buildTemplates(root: string, folders: readonly string[], out?: string): string {
  const named = folders.length === 0 ? ["templates"] : folders;
  const target = out ?? `${(named[0] ?? "").replace(/[\\/]+$/, "")}.mjs`;
  if (!target.endsWith(".mjs")) {
    throw new UsageError(`The module '${target}' must end with '.mjs', since it is an ES module.`);
  }
  const { code, count } = writeTemplatesModule(named.map((folder) => resolve(root, folder)));
  writeFileSync(resolve(root, target), code);
  writeFileSync(
    resolve(root, target.replace(/\.mjs$/, ".d.mts")),
    'import type { GivenTemplates } from "flagon";\ndeclare const templates: GivenTemplates;\nexport default templates;\n',
  );
  return `${count} ${count === 1 ? "template is" : "templates are"} in ${target}. Give them to the app: app.addTemplates(templates)`;
}
