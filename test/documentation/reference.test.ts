import * as ts from "typescript";
import { describe, expect, it } from "vitest";
import { checker, exported, isOwn } from "./exports";

/** A function of the public interface: its name, and the declaration that has its comment. */
interface Callable {
  readonly name: string;
  readonly node: ts.SignatureDeclaration;
}

function isPublic(member: ts.ClassElement | ts.TypeElement): boolean {
  const isHidden = (ts.getCombinedModifierFlags(member) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) !== 0;
  const tags = ts.getJSDocTags(member).map((tag) => tag.tagName.text);
  return !isHidden && !tags.includes("internal") && member.name !== undefined && ts.isIdentifier(member.name);
}

/** Tells whether a method is explained where its class's interface is, such as those of a session store. */
function isInherited(node: ts.ClassDeclaration | ts.InterfaceDeclaration, name: string): boolean {
  return (node.heritageClauses ?? []).some(({ types }) =>
    types.some((type) => {
      const member = checker.getTypeAtLocation(type).getProperty(name);
      return member?.declarations?.some((declaration) => isOwn(declaration) && ts.getJSDocCommentsAndTags(declaration).length > 0);
    }),
  );
}

function hasBody(node: ts.SignatureDeclaration): boolean {
  return "body" in node && node.body !== undefined;
}

/** Lists the functions that a symbol stands for: itself, or the methods and the constructor of its class or interface. */
function listCallables(name: string, symbol: ts.Symbol): Callable[] {
  return (symbol.declarations ?? []).filter(isOwn).flatMap((node): Callable[] => {
    if (ts.isFunctionDeclaration(node)) {
      return [{ name, node }];
    }
    if (ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node)) {
      const members: readonly (ts.ClassElement | ts.TypeElement)[] = node.members;
      return members.flatMap((member): Callable[] => {
        if ((ts.isMethodDeclaration(member) || ts.isMethodSignature(member)) && isPublic(member)) {
          return isInherited(node, member.name.getText()) ? [] : [{ name: `${name}.${member.name.getText()}`, node: member }];
        }
        return ts.isConstructorDeclaration(member) ? [{ name: `new ${name}`, node: member }] : [];
      });
    }
    return [];
  });
}

const callables = exported
  .flatMap(({ file, symbol }) => listCallables(symbol.name, symbol).map(({ name, node }) => ({ name: `${file} ${name}`, node })))
  // The implementation of overloads is not public.
  .filter(({ name, node }, _index, all) => !hasBody(node) || all.every((other) => other.name !== name || hasBody(other.node)));

/** The comment of a function. Overloads share the one of the first that has one. */
function listTags({ name, node }: Callable): readonly ts.JSDocTag[] {
  const all = callables.filter((other) => other.name === name && other.node.parent === node.parent);
  return all.flatMap((other) => ts.getJSDocTags(other.node));
}

/** Names of parameters that say all, beside the summary of their method: `get(name)`, `set(name, value)`. */
const plain =
  /^(?:name|key|value|values|text|app|request|response|session|config|user|headers|message|listener|callback|db|run|statement)$/;

/** Tells whether a parameter needs no explanation: an options object whose members are explained, or a plain name. */
function isEvident({ node }: Callable, parameter: ts.ParameterDeclaration): boolean {
  const type = checker.getNonNullableType(checker.getTypeAtLocation(parameter));
  const symbol = type.aliasSymbol ?? type.symbol;
  const isOptions = /Options$/.test(symbol?.name ?? "") && (symbol.declarations ?? []).some(isOwn);
  const isMethod = !ts.isFunctionDeclaration(node) && !ts.isConstructorDeclaration(node);
  return isOptions || (isMethod && plain.test(parameter.name.getText()));
}

describe("the reference", () => {
  it("has a summary for each export of each entry point", () => {
    const silent = exported.flatMap(({ file, symbol }) => {
      const summary = ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim();
      return summary === "" || /^(How|What|Who)\b/.test(summary) ? [`${file} ${symbol.name}: ${summary.slice(0, 60)}`] : [];
    });
    expect(silent).toEqual([]);
  });

  it("explains each parameter of each function", () => {
    // The reference shows the overloads of a function, and not its implementation.
    const isHidden = ({ name, node }: Callable): boolean =>
      "body" in node &&
      node.body !== undefined &&
      callables.some((other) => other.name === name && other.node !== node && other.node.parent === node.parent);
    const silent = callables
      .filter((callable) => !isHidden(callable))
      .flatMap((callable) => {
        const explained = new Set(
          listTags(callable)
            .filter(ts.isJSDocParameterTag)
            .filter(({ comment }) => ts.getTextOfJSDocComment(comment)?.trim())
            .map((tag) => tag.name.getText()),
        );
        return callable.node.parameters
          .filter((parameter) => !isEvident(callable, parameter))
          .map(({ name }) => (ts.isIdentifier(name) ? name.text : "options"))
          .filter((name) => name !== "this" && !explained.has(name))
          .map((name) => `${callable.name}(${name})`);
      });
    expect(silent).toEqual([]);
  });

  it("explains each property of the options that functions take", () => {
    const silent = exported.flatMap(({ file, symbol }) =>
      (symbol.declarations ?? [])
        .filter((node): node is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(node) && isOwn(node))
        .flatMap(({ members }) => [...members].filter((member) => member.name !== undefined && isPublic(member)))
        .filter((member) => {
          const found = member.name === undefined ? undefined : checker.getSymbolAtLocation(member.name);
          return found !== undefined && ts.displayPartsToString(found.getDocumentationComment(checker)).trim() === "";
        })
        .map((member) => `${file} ${symbol.name}.${member.name?.getText()}`),
    );
    expect(silent).toEqual([]);
  });

  it("names the errors that a function throws", () => {
    const errors = new Set(exported.map(({ symbol }) => symbol.name).filter((name) => /Error$|Exception$/.test(name)));
    const silent = callables.flatMap((callable) => {
      const named = listTags(callable)
        .filter((tag) => tag.tagName.text === "throws")
        .map((tag) => tag.getText())
        .join("\n");
      const thrown = new Set<string>();
      const visit = (node: ts.Node) => {
        if (ts.isThrowStatement(node) && ts.isNewExpression(node.expression) && ts.isIdentifier(node.expression.expression)) {
          thrown.add(node.expression.expression.text);
        }
        // What a function inside throws is not thrown by the one around it.
        if (!ts.isFunctionLike(node) || node === callable.node) {
          ts.forEachChild(node, visit);
        }
      };
      visit(callable.node);
      return [...thrown].filter((error) => errors.has(error) && !named.includes(error)).map((error) => `${callable.name} ${error}`);
    });
    expect(silent).toEqual([]);
  });
});
