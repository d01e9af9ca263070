import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FlagonError } from "../base/errors";
import type { TemplateMode } from "./given-templates";
import { toFunctionCode } from "./template-compiler";

/** The text of a module of compiled templates. */
export interface TemplatesModule {
  /** The JavaScript of an ES module. */
  readonly code: string;
  /** The number of templates. */
  readonly count: number;
}

const extension = ".eta";
const modes: readonly TemplateMode[] = ["sync", "async", "stream"];

/**
 * Compiles the templates of folders into an ES module, for runtimes that read no files and make no code of text.
 *
 * @param folders The folders. Of templates with one name, that of the first folder is taken.
 * @throws {TemplateError} If a template is malformed.
 * @throws {FlagonError} If a folder does not exist.
 */
export function writeTemplatesModule(folders: readonly string[]): TemplatesModule {
  const sources = new Map<string, string>();
  for (const folder of folders) {
    if (!existsSync(folder)) {
      throw new FlagonError(`There is no folder '${folder}'. Name the folders of the templates: flagon build templates`);
    }
    for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(extension))
      .sort()) {
      const name = file.slice(0, -extension.length).replaceAll("\\", "/");
      sources.set(name, sources.get(name) ?? readFileSync(join(folder, file), "utf8"));
    }
  }
  const members = [...sources].map(([name, source]) => `  ${JSON.stringify(name)}: ${writeTemplate(name, source)}`);
  return { code: `// Written by flagon build.\nexport default {\n${members.join(",\n")}\n};\n`, count: sources.size };
}

function writeTemplate(name: string, source: string): string {
  const functions: string[] = [];
  let failure: unknown;
  for (const mode of modes) {
    try {
      functions.push(`    ${mode}: ${toFunctionCode(source, name, mode)}`);
    } catch (error) {
      failure = error;
    }
  }
  // A template that awaits renders in two of the three ways. One that renders in none is malformed.
  if (functions.length === 0) {
    throw failure;
  }
  return `{\n    source: ${JSON.stringify(source)},\n${functions.join(",\n")}\n  }`;
}
