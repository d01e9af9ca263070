import { readFileSync } from "node:fs";
import { join } from "node:path";
import MiniSearch from "minisearch";
import { describe, expect, it } from "vitest";
import { searchOptions } from "../../docs/site/.vitepress/search.mjs";
import { project, readPages } from "./pages";

interface Section {
  readonly id: string;
  readonly title: string;
  readonly titles: readonly string[];
  readonly text: string;
}

/** Lists the sections of a page, as the site indexes them: each heading with the headings above it and its text. */
function listSections(path: string, text: string): Section[] {
  const above: string[] = [];
  const parts = text.replaceAll(/^( *)```.*?^ *```$/gms, (block) => block.replaceAll(/^#/gm, " #")).split(/^(?=#{1,6} )/m);
  return parts.flatMap((part, index) => {
    const [, marks = "", title = ""] = /^(#{1,6}) (.*)$/m.exec(part) ?? [];
    if (marks === "") {
      return [];
    }
    above.splice(marks.length - 1, above.length, title);
    const body = part.slice(part.indexOf("\n") + 1).replaceAll(/\]\([^)]*\)/g, "]");
    return [
      {
        id: `/${path.replace(/\.md$/, "")}#${index}`,
        title: title.replaceAll(/[`*]/g, ""),
        titles: above.slice(0, marks.length - 1),
        text: body,
      },
    ];
  });
}

const sections = readPages()
  .filter(({ path }) => path !== "README.md")
  .flatMap(({ path, text }) => listSections(path, text));
const index = new MiniSearch<Section>({
  fields: ["title", "titles", "text"],
  storeFields: ["title"],
  searchOptions: { ...searchOptions, boost: { title: 4, text: 2, titles: 1 } },
});
index.addAll(sections);

/** Questions as people type them, with the page that answers. */
const questions: readonly (readonly [string, string])[] = [
  ["how do I get the client IP behind a proxy", "deploying"],
  ["flask g equivalent", "context"],
  ["req.body undefined", "requests"],
  ["CORS error in the browser", "cors"],
  ["how to return a 404", "error-pages"],
  ["upload max size", "uploads"],
  ["secure flag of cookies", "configuration"],
  ["deploy on a VPS", "deploying"],
  ["websocket", "patterns/web-sockets"],
  ["rate limiting", "patterns/rate-limit"],
  ["admin panel", "extensions"],
  ["cron job", "background-work"],
  ["enable https locally", "command-line"],
  ["how to structure a big app", "patterns/layout"],
  ["multiple databases", "questions"],
  ["soft delete", "questions"],
  ["run code at startup", "questions"],
  ["too many redirects", "questions"],
  ["multiple submit buttons", "questions"],
  ["mysql", "questions"],
  ["set content type", "responses"],
  ["role based access", "sessions-and-login"],
  ["cannot set headers after they are sent", "questions"],
  ["get current url in template", "questions"],
  ["uuid primary key", "questions"],
  ["license", "questions"],
  ["catch all exceptions", "error-pages"],
  ["partial update", "apis"],
  ["how to write an extension", "extensions"],
  ["memory leak", "performance"],
  ["how to test a login", "testing"],
  ["share the session with flask", "from-flask"],
  ["experimentalDecorators error", "installation"],
  ["hot reload of templates", "templates"],
  ["file download", "responses"],
  ["stream a response", "streaming"],
  ["pretty JSON", "responses"],
  ["trailing slash", "routing"],
  ["redirect to login with next", "sessions-and-login"],
  ["set response header", "responses"],
  ["custom 404 page", "error-pages"],
  ["log to file", "logging"],
  ["env variables", "configuration"],
  ["i18n translation", "patterns/languages"],
  ["graphql", "extensions"],
  ["use prisma", "patterns/prisma"],
  ["react vite", "static-files"],
  ["instance folder", "configuration"],
  ["12 factor config", "configuration"],
  ["lazy loading", "patterns/layout"],
  ["url processors", "hooks"],
  ["view decorators", "hooks"],
  ["before_first_request", "hooks"],
  ["application factory", "patterns/layout"],
  ["streaming templates", "templates"],
  ["mock a service in tests", "testing"],
  ["typeorm", "patterns/any-database"],
  ["mongodb", "patterns/any-database"],
  ["sequelize", "patterns/any-database"],
  ["cache results in redis", "patterns/caching"],
  ["cache a page", "performance"],
  ["memoize", "patterns/caching"],
  ["socket.io", "patterns/web-sockets"],
  ["basic auth", "sessions-and-login"],
  ["jwt", "sessions-and-login"],
  ["google login", "patterns/passport"],
  ["two factor authentication", "patterns/two-factor"],
  ["bcrypt argon2", "sessions-and-login"],
  ["csrf token with fetch", "patterns/javascript"],
  ["axios post 403", "csrf"],
  ["session not saved", "sessions-and-login"],
  ["log out everywhere", "sessions-and-login"],
  ["remember me", "sessions-and-login"],
  ["EADDRINUSE", "installation"],
  ["cannot find module", "installation"],
  ["jest", "testing"],
  ["eslint prettier", "installation"],
  ["debug in vscode", "debugging"],
  ["source maps", "deploying"],
  ["list all routes", "debugging"],
  ["regex in route", "routing"],
  ["optional url parameter", "routing"],
  ["catch-all route", "routing"],
  ["query string array", "requests"],
  ["PATCH partial update", "apis"],
  ["resize image", "extensions"],
  ["generate pdf", "responses"],
  ["email attachment", "mail"],
  ["full text search", "extensions"],
  ["template macro", "templates"],
  ["template inheritance", "templates"],
  ["conditional class in template", "templates"],
  ["render markdown", "templates"],
  ["api versioning", "blueprints"],
  ["stripe webhook raw body", "requests"],
  ["proxy a request to another server", "requests"],
  ["http2", "deploying"],
  ["pm2", "deploying"],
  ["502 bad gateway", "deploying"],
  ["letsencrypt certificate", "deploying"],
  ["opentelemetry tracing", "extensions"],
  ["log the user id", "logging"],
  ["disable access log", "logging"],
  ["maintenance mode", "extensions"],
  ["feature flags", "configuration"],
  ["path alias", "installation"],
  ["windows", "installation"],
  ["yaml config", "configuration"],
  ["coverage", "testing"],
  ["fixtures", "testing"],
  ["fastify", "from-others"],
  ["koa", "from-others"],
  ["hono", "from-others"],
  ["django", "from-others"],
  ["pass data to javascript", "patterns/javascript"],
  ["download a csv", "patterns/csv"],
  ["seed data", "database"],
  ["rollback a migration", "database"],
];

describe("the search of the site", () => {
  it.each(questions)("finds a page among the first five: %s → %s", (question, page) => {
    const found = index.search(question).map(({ id }) => String(id).replace(/^\/docs\/|#.*$/g, ""));
    expect([...new Set(found)].slice(0, 5)).toContain(page);
  });

  it("is that of the configuration, whose functions stand alone", () => {
    expect(readFileSync(join(project, "docs/site/.vitepress/config.mts"), "utf8")).toContain("miniSearch: { searchOptions }");
    for (const option of Object.values(searchOptions)) {
      const copy: (text: string) => unknown = new Function(`return ${option.toString()}`)();
      expect(copy("/docs/routing")).toEqual(option("/docs/routing"));
    }
  });
});
