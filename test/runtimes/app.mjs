/* One app, run by each runtime through the interface of the web; prints what it answers. */

import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import {
  defineForm,
  eventStream,
  Flagon,
  flash,
  getFlashedMessages,
  redirect,
  renderTemplateString,
  request,
  route,
  session,
  urlFor,
} from "../../dist/index.mjs";

const Signing = defineForm({ name: z.string().min(1), age: z.number().optional() });

class Views {
  async page({ name }) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return renderTemplateString("<p><%= it.name %> <%= request.path %> <%= urlFor('page', { name: 'x y' }) %></p>", { name });
  }
  async form() {
    const form = await Signing.validateOnSubmit();
    if (form.valid) {
      session.set("name", form.data.name);
      flash("Signed.");
      return redirect(urlFor("who"));
    }
    return form.field("name");
  }
  who() {
    return { name: session.get("name") ?? null, flashes: getFlashedMessages(), host: request.host };
  }
  async *stream() {
    yield "one ";
    await null;
    yield request.path;
  }
  events() {
    return eventStream((send, end) => {
      send(request.path);
      const timer = setTimeout(() => {
        send({ data: 2 });
        end();
      }, 5);
      return () => clearTimeout(timer);
    });
  }
  async upload() {
    const files = (await request.files()).get("file") ?? [];
    return Promise.all(
      files.map(async (file) =>
        createHash("sha1")
          .update(await file.bytes())
          .digest("hex"),
      ),
    );
  }
  async echo() {
    return [await request.json(), request.headers.get("content-type")];
  }
}

// What `@route` does in TypeScript, written out for runtimes that take JavaScript alone.
const decorate = (rule, name, options) =>
  route(rule, options)(Views.prototype, name, Object.getOwnPropertyDescriptor(Views.prototype, name));
decorate("/page/<name>", "page");
decorate("/form", "form", { methods: ["GET", "POST"] });
decorate("/who", "who");
decorate("/stream", "stream");
decorate("/events", "events");
decorate("/upload", "upload", { methods: ["POST"] });
decorate("/echo", "echo", { methods: ["POST"] });

const folder = mkdtempSync(join(tmpdir(), "flagon-"));
writeFileSync(join(folder, "large.txt"), "0123456789".repeat(50_000));
const app = new Flagon(".", { static: folder, config: { secretKey: "a key for tests" } });
app.register(Views);

const answers = [];
async function ask(path, init) {
  const response = await app.fetch(new Request(`http://localhost${path}`, init));
  answers.push([response.status, response.headers.get("content-type"), response.headers.get("location"), await response.text()]);
  return response;
}

await ask("/page/A%20%3C");
await ask("/form", { method: "POST", body: new URLSearchParams({ name: "" }) });
const signed = await ask("/form", { method: "POST", body: new URLSearchParams({ name: "Bo", age: "4" }) });
await ask("/who", { headers: { cookie: signed.headers.get("set-cookie").split(";")[0] } });
await ask("/stream");
await ask("/echo", { method: "POST", body: '{"a":[1]}', headers: { "content-type": "application/json" } });
await ask("/none", { headers: { accept: "application/json" } });
await ask("/form", { method: "POST", body: "x", headers: { "sec-fetch-site": "cross-site" } });
await Promise.all([1, 2, 3].map((n) => app.fetch(new Request(`http://localhost/page/${n}`)).then((response) => response.text()))).then(
  (pages) => answers.push(pages),
);

// Files by a server as each runtime has it, since that is what sends them.
async function listen() {
  if (typeof Bun !== "undefined") {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: app.fetch });
    return { port: server.port, close: () => server.stop(true) };
  }
  const server = createServer(app.handler);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: server.address().port, close: () => server.close() };
}
const server = await listen();
for (const headers of [{}, { range: "bytes=3-5" }, { range: "bytes=-4" }]) {
  const response = await fetch(`http://127.0.0.1:${server.port}/static/large.txt`, { headers });
  const text = await response.text();
  const names = /filename/.test(response.headers.get("content-disposition") ?? "");
  answers.push([response.status, response.headers.get("content-range"), text.length, text.slice(0, 4), names]);
}
const events = await fetch(`http://127.0.0.1:${server.port}/events`);
answers.push([events.headers.get("content-type"), await events.text()]);
const form = new FormData();
for (const letter of "ab") {
  form.append("file", new File([letter.repeat(3_000_000)], letter));
}
answers.push(await (await fetch(`http://127.0.0.1:${server.port}/upload`, { method: "POST", body: form })).json());
await server.close();
rmSync(folder, { recursive: true });
console.log(JSON.stringify(answers));
