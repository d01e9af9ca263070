import { readdirSync } from "node:fs";
import { join } from "node:path";
import * as ts from "typescript";
import { project } from "./pages";

const files = [
  join(project, "src/index.ts"),
  ...readdirSync(join(project, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => /^\w+\/index\.ts$/.test(file))
    .map((file) => join(project, "src", file)),
];
const program = ts.createProgram(files, {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2023.d.ts", "lib.esnext.decorators.d.ts"],
  types: ["node"],
  experimentalDecorators: true,
  skipLibCheck: true,
});
/** The types of the sources. */
export const checker = program.getTypeChecker();

/** Lists what each entry point exports. */
export const exported = files.flatMap((file) => {
  const source = program.getSourceFile(file);
  const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
  const symbols = module === undefined ? [] : checker.getExportsOfModule(module);
  return symbols.map((symbol) => ({
    file: file.slice(join(project, "src/").length),
    symbol: symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
  }));
});

/** Tells whether a declaration is in the sources of this project. */
export function isOwn(node: ts.Node): boolean {
  return node.getSourceFile().fileName.startsWith(join(project, "src"));
}
