import { createServer } from "node:http";
import { blueprint, defineForm, eventStream, Flagon, flash, json, redirect, renderTemplate, request, route, session, urlFor } from "flagon";
import { z } from "zod";
import { findRow, kinds, listFortunes, openPool, tables, updateRows } from "./databases.mjs";
import { announce, eventInterval, otherRoutes, rows, secret, staticFolder } from "./shared.mjs";

const PostForm = defineForm({ title: z.string().min(3).max(80).trim(), body: z.string().min(10).max(2000).trim() });
const NewPost = z.object({ title: z.string().min(3).max(80), tags: z.array(z.string()).max(5), rating: z.int().min(1).max(5) });

class Views {
  @route("/")
  index() {
    return "Hello, world!";
  }

  @route("/users/<int:id>")
  user({ id }: { id: number }) {
    return { id, name: "Ann", roles: ["admin", "author"] };
  }

  @route("/page")
  page() {
    return renderTemplate("page", { rows });
  }

  @route("/enter")
  enter() {
    session.set("user", "Ann");
    flash("Saved <1>.");
    return "";
  }

  @route("/dashboard")
  dashboard() {
    return renderTemplate("dashboard");
  }

  @route("/form", { methods: ["GET", "POST"] })
  async form() {
    const form = await PostForm.validateOnSubmit();
    if (form.valid) {
      flash(`Saved ${form.data.title}.`);
      return redirect(urlFor(Views, "dashboard"));
    }
    return renderTemplate("form", { form });
  }

  @route.post("/api/posts", { json: NewPost })
  create({ json: post }: { json: z.output<typeof NewPost> }) {
    return json({ id: 1, ...post }, 201);
  }

  @route("/events")
  events() {
    return eventStream((send) => {
      let id = 0;
      const tell = () => send({ data: String(id++) });
      tell();
      const timer = setInterval(tell, eventInterval);
      return () => clearInterval(timer);
    });
  }

  @route.post("/upload", { maxContentLength: 20_000_000 })
  async upload() {
    const [file] = (await request.files()).get("file") ?? [];
    return { filename: file?.filename, size: file?.size };
  }
}

/** The views of one kind of database. */
function createRows(kind: "libsql" | "postgres") {
  const { atomic, database } = openDatabase(kind);
  const known = tables[kind];

  @blueprint(kind)
  class Rows {
    @route(`/api/${kind}/rows/<int:id>`)
    row({ id }: { id: number }) {
      return findRow(database.current, known, id);
    }

    @route(`/fortunes/${kind}`)
    async fortunes() {
      return renderTemplate("fortunes", { rows: await listFortunes(database.current, known) });
    }

    @route.post(`/api/${kind}/updates`)
    update() {
      return atomic(() => updateRows(database.current, known));
    }
  }
  return Rows;
}

function openDatabase(kind: "libsql" | "postgres") {
  const { Database, openLibsql } = require("flagon/database");
  const drizzle = require(kind === "postgres" ? "drizzle-orm/node-postgres" : "drizzle-orm/libsql").drizzle;
  const database = new Database(drizzle(kind === "postgres" ? openPool() : openLibsql(process.env.BENCH_LIBSQL)));
  return { database, atomic: (work: () => Promise<unknown>) => database.atomic(work) };
}

const app = new Flagon(__dirname, { templates: "views/flagon", static: staticFolder, config: { secretKey: secret } });
for (let index = 0; index < otherRoutes; index++) {
  app.route(`/things${index}/<int:id>`, () => ({ index }), { endpoint: `thing${index}` });
}
app.register(Views);
for (const kind of kinds) {
  app.register(createRows(kind));
}

if (typeof Bun === "undefined") {
  const server = createServer(app.handler);
  server.listen(0, "127.0.0.1", () => announce(server));
} else {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", idleTimeout: 30, fetch: app.fetch });
  console.log(`listening ${server.port}`);
}
