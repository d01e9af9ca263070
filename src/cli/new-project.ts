import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { FlagonError } from "../base/errors";

/** The kinds of projects that can be made. */
export const kinds = ["minimal", "site", "api"] as const;

/** One of {@link kinds}. */
export type ProjectKind = (typeof kinds)[number];

/**
 * Writes a project that runs, tests and type-checks at once.
 *
 * @returns The names of the files.
 * @throws {FlagonError} If the folder is there and not empty.
 */
export function createProject(folder: string, kind: ProjectKind, version: string): string[] {
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new FlagonError(`The folder '${folder}' is not empty. Choose another one.`);
  }
  const files = { ...shared(basename(folder), version, Object.keys(projects[kind])), ...projects[kind] };
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return Object.keys(files);
}

function shared(name: string, version: string, files: readonly string[]): Record<string, string> {
  // What the app reads lies beside what is built, where the app looks for it.
  const folders = ["templates", "static"].filter((folder) => files.some((file) => file.startsWith(`${folder}/`)));
  const copy = folders.map((folder) => `fs.cpSync('${folder}','dist/${folder}',{recursive:true})`).join(";");
  return {
    "package.json": `${JSON.stringify(
      {
        name: name.toLowerCase().replace(/[^a-z\d-]+/g, "-"),
        private: true,
        scripts: {
          dev: "flagon run",
          start: "flagon serve --app dist/app.js",
          build: copy === "" ? "tsc" : `tsc && node -e "${copy}"`,
          check: "tsc --noEmit",
          test: "vitest run",
        },
        dependencies: { flagon: version, zod: "^4.0.0" },
        devDependencies: { "@types/node": "^20.0.0", "ts-node": "^10.9.2", typescript: "~6.0.0", vitest: "^4.0.0" },
      },
      null,
      2,
    )}\n`,
    "tsconfig.json": `${JSON.stringify(
      {
        compilerOptions: {
          target: "es2022",
          module: "nodenext",
          types: ["node"],
          strict: true,
          experimentalDecorators: true,
          skipLibCheck: true,
          rootDir: ".",
          outDir: "dist",
        },
        include: ["app.ts"],
      },
      null,
      2,
    )}\n`,
    ".gitignore": "node_modules/\ndist/\n.flagon/\n.env\n",
  };
}

const minimal = `import { Flagon, route } from "flagon";

class Hello {
  @route("/")
  index() {
    return "Hello, world!";
  }

  @route("/hello/<name>")
  greet({ name }: { name: string }) {
    return { hello: name };
  }
}

const app = new Flagon(__dirname);
app.register(Hello);
export default app;
`;

const minimalTest = `import { expect, it } from "vitest";
import app from "./app";

it("says hello", async () => {
  const client = app.testClient();
  expect(await (await client.get("/")).text()).toBe("Hello, world!");
  expect(await (await client.get("/hello/Ann")).json()).toEqual({ hello: "Ann" });
});
`;

const site = `import { defineForm, Flagon, flash, redirect, renderTemplate, route, urlFor } from "flagon";
import { z } from "zod";

const EntryForm = defineForm({
  name: z.string().trim().min(1).max(60),
  message: z.string().trim().min(1).max(500).meta({ type: "textarea" }),
});

class GuestBook {
  readonly #entries: { name: string; message: string }[] = [];

  @route("/", { methods: ["GET", "POST"] })
  async index() {
    const form = await EntryForm.validateOnSubmit();
    if (form.valid) {
      this.#entries.unshift(form.data);
      flash("Thank you.");
      return redirect(urlFor(GuestBook, "index"));
    }
    return renderTemplate("index", { form, entries: this.#entries });
  }
}

const app = new Flagon(__dirname);
app.register(GuestBook);
export default app;
`;

const siteTest = `import { expect, it } from "vitest";
import app from "./app";

it("takes entries, and shows them escaped", async () => {
  app.config.secretKey ??= "a key for tests";
  const client = app.testClient();
  const page = await client.post("/", { form: { name: "Ann", message: "<b>" }, followRedirects: true });
  expect(await page.text()).toContain("&lt;b&gt;");
  expect((await client.post("/", { form: { name: "", message: "x" } })).status).toBe(422);
});
`;

const layout = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title><%= it.title %></title>
<link rel="stylesheet" href="<%= urlFor("static", { filename: "style.css" }) %>">
</head>
<body>
<% for (const message of getFlashedMessages()) { %><p role="status"><%= message %></p><% } %>
<%= it.body %>
</body>
</html>
`;

const index = `<% layout("layout", { title: "Guest book" }) %>
<h1>Guest book</h1>
<%= it.form.render({ submit: "Sign" }) %>
<% for (const entry of it.entries) { %>
<article><h2><%= entry.name %></h2><p><%= entry.message %></p></article>
<% } %>
`;

const style = `body {
  font: 1rem/1.5 system-ui, sans-serif;
  max-width: 40rem;
  margin: 3rem auto;
  padding: 0 1rem;
}
.field-errors {
  color: #a61b1b;
}
`;

const api = `import { abort, blueprint, Flagon, makeResponse, route } from "flagon";
import { openapi } from "flagon/openapi";
import { z } from "zod";

const NewItem = z.object({ name: z.string().trim().min(1), price: z.number().min(0) }).meta({ id: "NewItem" });
const Item = NewItem.extend({ id: z.int() }).meta({ id: "Item" });

@blueprint("items", { urlPrefix: "/api" })
class Items {
  readonly #items = new Map<number, z.output<typeof Item>>();

  @route.get("/items", { returns: z.array(Item) })
  list() {
    return [...this.#items.values()];
  }

  @route.post("/items", { json: NewItem, returns: Item, status: 201 })
  create({ json }: { json: z.output<typeof NewItem> }) {
    const item = { ...json, id: this.#items.size + 1 };
    this.#items.set(item.id, item);
    return item;
  }

  @route.get("/items/<int:id>", { returns: Item })
  show({ id }: { id: number }) {
    return this.#items.get(id) ?? abort(404);
  }

  @route.delete("/items/<int:id>", { openapi: { responses: { 204: { description: "It is gone." } } } })
  remove({ id }: { id: number }) {
    return this.#items.delete(id) ? makeResponse("", 204) : abort(404);
  }
}

const app = new Flagon(__dirname, { static: null });
// For a page to try it: npm install swagger-ui-dist, and leave docs out.
app.use(openapi({ info: { title: "Items", version: "1" }, docs: null }));
app.register(Items);
export default app;
`;

const apiTest = `import { expect, it } from "vitest";
import app from "./app";

it("keeps items", async () => {
  const client = app.testClient();
  const made = await client.post("/api/items", { json: { name: "Tea", price: 3 } });
  expect([made.status, await made.json()]).toEqual([201, { id: 1, name: "Tea", price: 3 }]);
  expect((await client.post("/api/items", { json: { name: "" } })).status).toBe(422);
  expect((await client.get("/api/items/2")).status).toBe(404);
});
`;

const vitestConfig = `import { defineConfig } from "vitest/config";

export default defineConfig({ test: { include: ["*.test.ts"] } });
`;

const projects: Readonly<Record<ProjectKind, Readonly<Record<string, string>>>> = {
  minimal: { "app.ts": minimal, "app.test.ts": minimalTest, "vitest.config.mts": vitestConfig },
  site: {
    "app.ts": site,
    "app.test.ts": siteTest,
    "vitest.config.mts": vitestConfig,
    "templates/layout.eta": layout,
    "templates/index.eta": index,
    "static/style.css": style,
  },
  api: { "app.ts": api, "app.test.ts": apiTest, "vitest.config.mts": vitestConfig },
};
