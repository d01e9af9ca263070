import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as flagon from "flagon";
import * as ts from "typescript";
import { describe, expect, it } from "vitest";

const project = join(__dirname, "..");
const program = ts.createProgram([join(project, "src/index.ts")], {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2023.d.ts", "lib.esnext.decorators.d.ts"],
  types: ["node"],
  strict: true,
  experimentalDecorators: true,
});
const checker = program.getTypeChecker();

function isUndocumented(symbol: ts.Symbol): boolean {
  return ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim() === "";
}

/** Lists the public members that the project itself declares for a class or an interface. */
function listMembers(symbol: ts.Symbol): ts.Symbol[] {
  const declaration = symbol.declarations?.find((node) => ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node));
  if (declaration === undefined || !(ts.isClassDeclaration(declaration) || ts.isInterfaceDeclaration(declaration))) {
    return [];
  }
  return declaration.members.flatMap((member) => {
    const isHidden = (ts.getCombinedModifierFlags(member) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) !== 0;
    const name = member.name;
    if (isHidden || name === undefined || ts.isPrivateIdentifier(name) || ts.isComputedPropertyName(name)) {
      return [];
    }
    const found = checker.getSymbolAtLocation(name);
    return found === undefined ? [] : [found];
  });
}

describe("the documentation", () => {
  it("describes every export and each of its members", () => {
    const index = program.getSourceFile(join(project, "src/index.ts"));
    const module = index === undefined ? undefined : checker.getSymbolAtLocation(index);
    const silent: string[] = [];
    for (const exported of module === undefined ? [] : checker.getExportsOfModule(module)) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      if (isUndocumented(symbol)) {
        silent.push(symbol.name);
      }
      silent.push(
        ...listMembers(symbol)
          .filter(isUndocumented)
          .map((member) => `${symbol.name}.${member.name}`),
      );
    }
    expect(silent).toEqual([]);
  });

  it("lists the code of each error, and no other", () => {
    const page = readFileSync(join(project, "docs/errors.md"), "utf8");
    const documented = [...page.matchAll(/^\| `([A-Z_]+)` \| `(\w+)` \|/gm)].map(([, code, name]) => `${code} ${name}`);
    const source = readFileSync(join(project, "src/base/errors.ts"), "utf8");
    const thrown = [...source.matchAll(/export class (\w+) extends FlagonError \{.*?code = "(\w+)"/gs)].map(
      ([, name, code]) => `${code} ${name}`,
    );
    expect(documented.sort()).toEqual(thrown.sort());
    expect(thrown.every((entry) => (entry.split(" ")[1] ?? "") in flagon)).toBe(true);
  });

  it("lists every setting with its default", () => {
    const page = readFileSync(join(project, "docs/configuration.md"), "utf8");
    const config = new flagon.Config({}, {});
    for (const [key, value] of Object.entries(config)) {
      expect(page, key).toContain(`| \`${key}\` | \`${JSON.stringify(value)}\` |`);
    }
  });
});
