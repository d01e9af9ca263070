import { defineConfig } from "vitepress";
import llmstxt from "vitepress-plugin-llms";
import { searchOptions } from "./search.mts";

/** The elements that pages use. Other angle brackets are text, such as the <int> of a rule. */
const known = /^<(?:!--|\/?(?:a|br|code|details|kbd|sub|summary|sup)\b)/;
const toText = (html: string) => html.replaceAll("<", "&lt;").replaceAll("{{", "&#123;&#123;");
const page = (text: string, name: string) => ({ text, link: /^[A-Z]|^bench|^reference/.test(name) ? `/${name}` : `/docs/${name}` });

export default defineConfig({
  title: "Flagon",
  description: "A TypeScript web framework that works like Flask.",
  lang: "en",
  srcDir: "pages",
  outDir: "dist",
  cacheDir: "cache",
  additionalConfig: false,
  cleanUrls: true,
  lastUpdated: false,
  markdown: {
    languageAlias: { console: "shellsession", eta: "html" },
    config(md) {
      // An indented block holds commands: it looks like a fenced one.
      md.renderer.rules.code_block = (tokens, index, options, env, renderer) => {
        const token = tokens[index];
        if (token !== undefined) {
          token.info = "sh";
        }
        return md.renderer.rules.fence?.(tokens, index, options, env, renderer) ?? "";
      };
      for (const rule of ["html_inline", "html_block"] as const) {
        md.renderer.rules[rule] = (tokens, index) => {
          const content = tokens[index]?.content ?? "";
          return known.test(content) ? content : toText(content);
        };
      }
    },
  },
  vite: {
    plugins: [llmstxt({ ignoreFiles: ["reference/**", "bench/**"], injectLLMHint: false })],
    build: { chunkSizeWarningLimit: 5000 },
  },
  themeConfig: {
    search: { provider: "local", options: { miniSearch: { searchOptions } } },
    nav: [page("Quickstart", "quickstart"), page("Guides", ""), page("Reference", "reference/flagon"), page("Changelog", "CHANGELOG")],
    outline: [2, 3],
    sidebar: [
      {
        text: "Start",
        items: [
          page("Installation", "installation"),
          page("Quickstart", "quickstart"),
          page("Tutorial", "tutorial/"),
          page("Why Flagon", "why"),
          page("Questions", "questions"),
        ],
      },
      {
        text: "Tutorial",
        collapsed: true,
        items: [
          page("1. One page", "tutorial/01-one-page"),
          page("2. Posts", "tutorial/02-posts"),
          page("3. Pages", "tutorial/03-pages"),
          page("4. Database", "tutorial/04-database"),
          page("5. Write", "tutorial/05-write"),
          page("6. Edit and delete", "tutorial/06-edit"),
          page("7. Accounts", "tutorial/07-accounts"),
          page("8. Authors", "tutorial/08-authors"),
          page("9. Comments", "tutorial/09-comments"),
          page("10. Tags and pages", "tutorial/10-tags"),
          page("11. Pictures", "tutorial/11-pictures"),
          page("12. JSON and a feed", "tutorial/12-feed"),
          page("13. Mail", "tutorial/13-mail"),
          page("14. New password", "tutorial/14-password"),
          page("15. Jobs", "tutorial/15-jobs"),
          page("16. Tests", "tutorial/16-tests"),
          page("17. Deploy", "tutorial/17-deploy"),
        ],
      },
      {
        text: "Guides",
        items: [
          page("Routing", "routing"),
          page("Requests", "requests"),
          page("Responses", "responses"),
          page("Templates", "templates"),
          page("Static files", "static-files"),
          page("Forms", "forms"),
          page("Uploads", "uploads"),
          page("JSON APIs", "apis"),
          page("Sessions and login", "sessions-and-login"),
          page("CSRF protection", "csrf"),
          page("CORS", "cors"),
          page("Blueprints", "blueprints"),
          page("Hooks and signals", "hooks"),
          page("Context", "context"),
          page("Error pages", "error-pages"),
          page("Configuration", "configuration"),
          page("Logging", "logging"),
          page("Testing", "testing"),
          page("Command line", "command-line"),
          page("Background work", "background-work"),
          page("Life cycle and tokens", "lifecycle-and-tokens"),
          page("Database", "database"),
          page("Jobs", "jobs"),
          page("Runtimes", "runtimes"),
          page("Mail", "mail"),
          page("Streaming", "streaming"),
          page("Extensions", "extensions"),
          page("Types", "types"),
        ],
      },
      {
        text: "Run it",
        items: [
          page("Debugging", "debugging"),
          page("Security", "security"),
          page("Performance", "performance"),
          page("Deploying", "deploying"),
        ],
      },
      {
        text: "Patterns",
        collapsed: true,
        items: [
          page("All patterns", "patterns/"),
          page("Layout and factories", "patterns/layout"),
          page("Monorepo", "patterns/monorepo"),
          page("Tenants by host", "patterns/tenants"),
          page("Languages (i18n)", "patterns/languages"),
          page("Docker", "patterns/docker"),
          page("Prisma", "patterns/prisma"),
          page("Kysely", "patterns/kysely"),
          page("Any other database", "patterns/any-database"),
          page("Caching", "patterns/caching"),
          page("Pagination", "patterns/pagination"),
          page("Single-page app", "patterns/single-page-app"),
          page("JavaScript: fetch and JSON", "patterns/javascript"),
          page("htmx", "patterns/htmx"),
          page("Live updates", "patterns/live-updates"),
          page("Web sockets", "patterns/web-sockets"),
          page("Method override", "patterns/method-override"),
          page("Object storage", "patterns/object-storage"),
          page("CSV", "patterns/csv"),
          page("Passport", "patterns/passport"),
          page("Password reset", "patterns/password-reset"),
          page("Signed link in a mail", "patterns/signed-link"),
          page("Two-factor authentication", "patterns/two-factor"),
          page("Rate limit", "patterns/rate-limit"),
          page("Prometheus", "patterns/prometheus"),
          page("Sentry", "patterns/sentry"),
          page("Playwright", "patterns/playwright"),
        ],
      },
      {
        text: "Coming from",
        items: [
          page("Flask", "flask"),
          page("A live Flask app", "from-flask"),
          page("Express", "from-express"),
          page("Nest", "from-nest"),
          page("Fastify, Koa, Hono, Django", "from-others"),
        ],
      },
      {
        text: "Reference",
        items: [
          page("flagon", "reference/flagon"),
          page("flagon/login", "reference/login"),
          page("flagon/sessions", "reference/sessions"),
          page("flagon/openapi", "reference/openapi"),
          page("flagon/database", "reference/database"),
          page("flagon/jobs", "reference/jobs"),
          page("flagon/mail", "reference/mail"),
          page("Error codes", "errors"),
          page("Settings", "configuration"),
        ],
      },
      {
        text: "Project",
        collapsed: true,
        items: [
          page("Changelog", "CHANGELOG"),
          page("Upgrading", "upgrading"),
          page("Support", "support"),
          page("Contributing", "CONTRIBUTING"),
          page("Security policy", "SECURITY"),
          page("Architecture", "ARCHITECTURE"),
          page("Decisions", "decisions/"),
          page("Benchmarks", "bench/RESULTS"),
        ],
      },
    ],
  },
});
