import { readdirSync } from "node:fs";
import { join } from "node:path";
import * as ts from "typescript";
import { describe, expect, it } from "vitest";
import { project } from "./pages";

const files = [
  join(project, "src/index.ts"),
  ...readdirSync(join(project, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => /^\w+\/index\.ts$/.test(file))
    .map((file) => join(project, "src", file)),
];

describe("the reference", () => {
  it("has a summary for each export of each entry point", () => {
    const program = ts.createProgram(files, {
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      lib: ["lib.es2023.d.ts", "lib.esnext.decorators.d.ts"],
      types: ["node"],
      experimentalDecorators: true,
      skipLibCheck: true,
    });
    const checker = program.getTypeChecker();
    const silent: string[] = [];
    for (const file of files) {
      const source = program.getSourceFile(file);
      const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
      for (const exported of module === undefined ? [] : checker.getExportsOfModule(module)) {
        const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
        const summary = ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim();
        if (summary === "" || /^(How|What|Who)\b/.test(summary)) {
          silent.push(`${file.slice(project.length + 1)} ${symbol.name}: ${summary.slice(0, 60)}`);
        }
      }
    }
    expect(silent).toEqual([]);
  });
});
