import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as ts from "typescript";
import { describe, expect, it } from "vitest";
import { compile, type Source } from "./compile";
import { checker, exported, isOwn } from "./exports";
import { project } from "./pages";
import { complete } from "./preamble";

/** The names that examples use without a declaration, by the line that declares them. */
const ambient = `
import { EventEmitter } from "node:events";
import { desc, eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/libsql";
import { drizzle as drizzlePostgres } from "drizzle-orm/node-postgres";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { afterCommit, atomic, Database, openLibsql, openPostgres, paginate, recordQueries, refuseDuplicates } from "flagon/database";
import { Jobs, job, schedule } from "flagon/jobs";
import { Mail } from "flagon/mail";
import { createDocument, openapi } from "flagon/openapi";
import { createClient } from "redis";
const users = sqliteTable("users", { id: integer().primaryKey(), name: text().notNull(), email: text().notNull(), passwordHash: text().notNull(), isAdmin: integer({ mode: "boolean" }).notNull() });
const posts = sqliteTable("posts", { id: integer().primaryKey(), title: text().notNull() });
const schema = { users, posts };
const database = new Database(drizzle(openLibsql(), { schema }));
const db = drizzle(openLibsql(), { schema });
const mail = new Mail({ from: "shop@example.com" });
const redis = createClient();
const emitter = new EventEmitter();
const sent = await defineForm({ name: z.string(), email: z.string(), passwordHash: z.string(), isAdmin: z.boolean() }).validateOnSubmit();
const form = sent.valid ? sent : abort(400);
class Blog { @route("/posts/<int:id>") show({ id }: { id: number }) { return String(id); } }
type Post = typeof posts.$inferSelect;
class Accounts { @route("/confirm/<int:id>") confirm({ id }: { id: number }) { return String(id); } }
declare const user: typeof users.$inferSelect;
declare const post: Post;
declare const id: number;
declare const password: string;
declare const token: string;
`;

/** Flagon makes these. An app gets them, and calls no constructor. */
const made: ReadonlySet<string> = new Set(
  "Accepts CommandRunner Config CookieJar EntityTags FlagonRequest FlagonResponse FormValues Job Page RequestHead RequestHeaders ResponseHeaders Scaffold Session TestClient UploadedFile ValidationFailed".split(
    " ",
  ),
);

function takesOptions(parameters: readonly ts.ParameterDeclaration[]): boolean {
  return parameters.some((parameter) => {
    const type = checker.getNonNullableType(checker.getTypeAtLocation(parameter));
    return /Options$|Info$/.test((type.aliasSymbol ?? type.symbol)?.name ?? "") || ts.isObjectBindingPattern(parameter.name);
  });
}

function isDecorator(type: ts.Type): boolean {
  return /Decorator|^Atomic$/.test((type.aliasSymbol ?? type.symbol)?.name ?? "");
}

/**
 * Tells whether a symbol needs an example: a decorator, a function or a class of more than one parameter or with options.
 *
 * Errors need none: an app throws most of them by `abort()`, and reads the others.
 */
function needsExample(symbol: ts.Symbol): boolean {
  return (symbol.declarations ?? []).filter(isOwn).some((node) => {
    if (ts.isFunctionDeclaration(node)) {
      const result = checker.getSignatureFromDeclaration(node)?.getReturnType();
      return node.parameters.length > 1 || takesOptions(node.parameters) || (result !== undefined && isDecorator(result));
    }
    if (ts.isVariableDeclaration(node)) {
      return isDecorator(checker.getTypeAtLocation(node));
    }
    if (ts.isClassDeclaration(node) && !made.has(symbol.name)) {
      const isError = checker.getTypeAtLocation(node).getProperty("stack") !== undefined;
      const constructors = node.members.filter(ts.isConstructorDeclaration);
      return !isError && constructors.some(({ parameters }) => parameters.length > 1 || takesOptions(parameters));
    }
    return false;
  });
}

/** Lists the fenced blocks in the comments of the sources. */
function listExamples(): { readonly where: string; readonly code: string }[] {
  const files = readdirSync(join(project, "src"), { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  return files.flatMap((file) => {
    const text = readFileSync(join(project, "src", file), "utf8");
    return [...text.matchAll(/^ *\* ```ts\n((?: *\*.*\n)*?) *\* ```$/gm)].map(({ 1: code = "", index }) => ({
      where: `src/${file}:${text.slice(0, index).split("\n").length}`,
      code: code.replace(/^ *\* ?/gm, ""),
    }));
  });
}

function toSource({ code, where }: { readonly code: string; readonly where: string }, index: number): Source {
  const isDeclared = (line: string): boolean => {
    const [, kind, name = ""] = /^(?:declare )?(const|class) (\w+)/.exec(line) ?? [];
    return kind !== undefined && new RegExp(`(?:const|class|let) (?:\\{[^}]*\\b|\\[[^\\]]*\\b)?${name}\\b`).test(code);
  };
  const before = ambient.split("\n").filter((line) => !isDeclared(line));
  return { path: join(project, "test/documentation", `example-${index}.mts`), where, code: complete(before.join("\n"), code) };
}

describe("the examples of the reference", () => {
  it("stand at each decorator, and at functions and classes with several parameters or with options", () => {
    const silent = exported
      .filter(({ symbol }) => needsExample(symbol) && !symbol.getJsDocTags(checker).some(({ name }) => name === "example"))
      .map(({ file, symbol }) => `${file} ${symbol.name}`);
    expect(silent).toEqual([]);
  });

  it("compile", () => {
    const types: Source = {
      path: join(project, "test/documentation/example-types.mts"),
      where: "the types of examples",
      code: 'declare module "flagon/login" { interface LoginTypes { user: { id: number; name: string; email: string; passwordHash: string; isAdmin: boolean } } }\nexport {};\n',
    };
    const templates: Source = {
      path: join(project, "test/documentation/templates.mts"),
      where: "the templates of examples",
      code: 'import type { Flagon } from "flagon";\ndeclare const templates: Parameters<Flagon["addTemplates"]>[0];\nexport default templates;\n',
    };
    const examples = listExamples();
    expect(examples.length).toBeGreaterThan(70);
    expect(compile([...examples.map(toSource), types, templates], project)).toEqual([]);
  }, 120_000);
});
