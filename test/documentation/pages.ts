import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** The root of this project. */
export const project = join(__dirname, "../..");

/** A fenced block of a page. */
interface Block {
  /** The language, such as `ts`. */
  readonly language: string;
  /** The words after the language, with their values: `file=app.ts`, `refused`. */
  readonly words: ReadonlyMap<string, string>;
  readonly code: string;
  /** The code of a comment above the block, `<!-- before … -->`, which readers do not see. */
  readonly before: string;
  /** The text between the block before and this one. */
  readonly text: string;
  /** The line of the fence, from 1. */
  readonly line: number;
}

/** A page of the documentation. */
export interface Page {
  /** The path below the project. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

/** Lists the pages: the README, and all of docs but the site's own files. */
export function readPages(): Page[] {
  const docs = readdirSync(join(project, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md") && !file.startsWith("site/"))
    .map((file) => join(project, "docs", file));
  return [join(project, "README.md"), ...docs]
    .map((file) => {
      const text = readFileSync(file, "utf8");
      return { path: relative(project, file), text, blocks: parseBlocks(text) };
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

function parseBlocks(text: string): Block[] {
  const blocks: Block[] = [];
  let end = 0;
  for (const match of text.matchAll(/^( *)```(\w+)([^\n]*)\n(.*?)^ *```$/gms)) {
    const [whole, indent = "", language = "", info = "", code = ""] = match;
    const between = text.slice(end, match.index);
    end = match.index + whole.length;
    const words = new Map<string, string>();
    for (const word of info.trim().split(/\s+/).filter(Boolean)) {
      const [key = "", value = ""] = word.split("=", 2);
      words.set(key, value);
    }
    blocks.push({
      language,
      words,
      code: code.replace(new RegExp(`^${indent}`, "gm"), ""),
      before: /<!-- before\n(.*?)-->\s*$/s.exec(between)?.[1] ?? "",
      text: between,
      line: text.slice(0, match.index).split("\n").length,
    });
  }
  return blocks;
}

/** The files of a page at a point, and the console block there. */
export interface State {
  readonly page: string;
  readonly name: string;
  readonly files: ReadonlyMap<string, string>;
  readonly session: string | undefined;
  readonly line: number;
  /** The names of what its blocks need beyond this project's packages, such as `prisma`. */
  readonly needs: ReadonlySet<string>;
}

/**
 * Lists the states of the project that a page builds: one at each console block, and one at the end.
 *
 * The chapters of the tutorial build one project, so each begins with the files of the one before.
 */
export function listStates(pages: readonly Page[]): State[] {
  const states: State[] = [];
  let chapter = new Map<string, string>();
  for (const page of pages) {
    const isChapter = /^docs\/tutorial\/\d/.test(page.path);
    const files = isChapter ? new Map(chapter) : new Map<string, string>();
    const needs = new Set(page.blocks.flatMap(({ words }) => (words.has("file") ? (words.get("needs") ?? []) : [])));
    const name = page.path.replace(/\.md$/, "").replaceAll("/", "-");
    const add = (session: string | undefined, line: number) =>
      states.push({ page: page.path, name: `${name}-${states.length}`, files: new Map(files), session, line, needs });
    for (const block of page.blocks) {
      const file = block.words.get("file");
      if (file !== undefined && !block.words.has("part")) {
        files.set(file, block.before + block.code);
      }
      if (block.language === "console") {
        add(block.code, block.line);
      }
    }
    if (files.size > 0) {
      add(undefined, page.text.split("\n").length);
    }
    chapter = isChapter ? files : chapter;
  }
  return states;
}

/** A request of a console block, and the answer that the page shows. */
export interface Exchange {
  readonly command: string;
  readonly method: string;
  readonly target: string;
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
  readonly withHead: boolean;
  readonly expected: string;
}

/** Reads the `curl` commands of a console block. Other commands are for the reader alone. */
export function parseSession(session: string): Exchange[] {
  const exchanges: Exchange[] = [];
  for (const part of session.split(/^\$ /m).slice(1)) {
    const [, command = "", expected = ""] = /^((?:.*\\\n)*.*)\n?(.*)$/s.exec(part) ?? [];
    const [line = "", ...rest] = command.includes("\\\n") ? [command] : part.split("\n");
    const answer = command.includes("\\\n") ? expected : rest.join("\n");
    const words = [...line.replaceAll("\\\n", " ").matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? "");
    if (words[0] === "curl") {
      exchanges.push(parseCurl(line, words.slice(1), answer));
    }
  }
  return exchanges;
}

function parseCurl(command: string, words: readonly string[], expected: string): Exchange {
  let [method, target, body, withHead]: [string | undefined, string, string | undefined, boolean] = [undefined, "", undefined, false];
  const headers: Record<string, string> = {};
  const rest = [...words];
  while (rest.length > 0) {
    const word = rest.shift() ?? "";
    if (word === "-X") {
      method = rest.shift();
    } else if (word === "-d" || word === "--json") {
      const value = rest.shift() ?? "";
      body = body === undefined ? value : `${body}&${value}`;
      headers["content-type"] ??= word === "-d" ? "application/x-www-form-urlencoded" : "application/json";
      headers.accept ??= word === "-d" ? "*/*" : "application/json";
    } else if (word === "-H") {
      const [, key = "", value = ""] = /^([^:]+):\s*(.*)$/.exec(rest.shift() ?? "") ?? [];
      headers[key.toLowerCase()] = value;
    } else if (word === "-i") {
      withHead = true;
    } else if (word.startsWith("-")) {
      throw new Error(`The option ${word} of '${command}' is not known here.`);
    } else {
      target = word.replace(/^(https?:\/\/)?(localhost|127\.0\.0\.1):\d+/, "") || "/";
    }
  }
  return { command, method: method ?? (body === undefined ? "GET" : "POST"), target, headers, body, withHead, expected: expected.trim() };
}
