import {
  abort,
  beforeRequest,
  blueprint,
  defineForm,
  errorHandler,
  eventStream,
  Flagon,
  flash,
  g,
  getFlashedMessages,
  html,
  NotFound,
  redirect,
  renderTemplate,
  renderTemplateString,
  request,
  route,
  session,
  streamTemplate,
  urlFor,
} from "flagon";
import { z } from "zod";

/* The app that each compiler and runtime has to run: one view for each part of Flagon. */

declare module "flagon" {
  interface Globals {
    path: string;
  }
  interface SessionData {
    name: string;
  }
}

const Sign = defineForm({ name: z.string().min(1), age: z.int().optional() });
const greeting = "<b><%= it.name %></b>";

class Pages {
  @beforeRequest
  remember() {
    g.path = request.path;
  }
  @route("/")
  index() {
    return html`<a href="${urlFor(Pages, "show", { id: 1 })}">1</a>`;
  }
  @route("/posts/<int:id>")
  show({ id }: { id: number }) {
    return { next: id + 1 };
  }
  @route("/docs/")
  docs() {
    return "docs";
  }
  @route("/sign", { methods: ["GET", "POST"] })
  async sign() {
    const form = await Sign.validateOnSubmit();
    if (form.valid) {
      session.set("name", form.data.name);
      flash(`Hello ${form.data.name}.`);
      return redirect(urlFor(Pages, "who"));
    }
    return html`<form method="post">${form.render()}</form>`;
  }
  @route("/who")
  who() {
    return { name: session.get("name") ?? null, said: getFlashedMessages() };
  }
  @route.post("/json", { json: z.object({ count: z.number() }) })
  count({ json }: { json: { count: number } }) {
    return { doubled: json.count * 2 };
  }
  @route.post("/upload")
  async upload() {
    const [file] = (await request.files()).get("file") ?? [];
    return file === undefined ? abort(400) : { name: file.filename, text: await file.text() };
  }
  @route("/later")
  async later() {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return `${g.path} ${request.path}`;
  }
  @route("/stream")
  async *stream() {
    yield "one ";
    await Promise.resolve();
    yield request.path;
  }
  @route("/events")
  events() {
    return eventStream(
      (async function* () {
        yield { data: "one" };
        yield { data: request.path };
      })(),
    );
  }
  @route("/page")
  page() {
    return renderTemplate("page", { name: "<Ann>" });
  }
  @route("/streamed")
  streamed() {
    return streamTemplate("page", { name: "Bo" });
  }
  @route("/text")
  text() {
    return renderTemplateString(greeting, { name: "<Ann>" });
  }
  @route("/fail")
  fail(): never {
    throw new RangeError("too far");
  }
  @route("/crash")
  crash(): never {
    throw new TypeError("not handled");
  }
  @errorHandler(RangeError)
  range(error: RangeError) {
    return error.message;
  }
  @errorHandler(NotFound)
  missing() {
    return "nothing here";
  }
}

@blueprint("admin", { urlPrefix: "/admin" })
class Admin {
  @route("/<name>")
  show({ name }: { name: string }) {
    return { name, url: urlFor(".show", { name: "x y" }) };
  }
}

/** Creates the app. Its root is the working directory. */
export function createApp(): Flagon {
  const app = new Flagon(process.cwd(), {
    name: "feature",
    static: "static",
    config: { secretKey: "a key that is long enough for tests" },
  });
  app.addTemplates({ greeting });
  app.register(Pages);
  app.register(Admin);
  app.get("/function/<int:n>", ({ n }) => ({ n }));
  return app;
}
