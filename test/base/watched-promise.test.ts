import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { defineForm, Flagon, html, request, type UploadedFile } from "flagon";
import { paginate } from "flagon/database";
import { Jobs, job } from "flagon/jobs";
import { hashPassword, verifyPassword } from "flagon/login";
import { Mail } from "flagon/mail";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { z } from "zod";
import { collectUnhandled } from "../support";

const unhandled = collectUnhandled();

const mail = new Mail({ from: "shop@example.com" });
const greet = job("greet", { data: z.object({ name: z.string() }) }, () => undefined);
const PostForm = defineForm({ title: z.string() });
const malformed = { body: '{"title"', headers: { "content-type": "application/json" } };

/** Creates an app with a view, and collects the lines of its log. */
function createApp(config: object, view: () => unknown) {
  const app = new Flagon(mkdtempSync(join(tmpdir(), "flagon-watch-")), { config: { secretKey: "a secret key for tests", ...config } });
  const lines: string[] = [];
  app.logger.level = "silent";
  vi.spyOn(app.logger, "child").mockImplementation(
    () => Object.assign(Object.create(app.logger), { error: (_: object, line: string) => lines.push(line) }) as never,
  );
  app.use(mail);
  app.use(new Jobs());
  app.post("/", view as () => string, { endpoint: "save" });
  return { app, lines };
}

async function send(view: () => unknown, options: object = malformed, config: object = { debug: true }) {
  unhandled.length = 0;
  const { app, lines } = createApp(config, view);
  const response = await app.testClient().post("/?page=0", options);
  const text = await response.text();
  for (let turns = 0; turns < 20; turns++) {
    await turn();
  }
  return { status: response.status, text, lines };
}

const upload = { files: { photo: new File(["x"], "a.txt") } };

/** Calls a function with the upload of the request. */
async function withUpload(use: (file: UploadedFile) => unknown): Promise<string> {
  const file = (await request.form()).get("photo");
  if (typeof file === "object" && file !== null) {
    use(file);
  }
  return "saved";
}

describe("a promise that nobody awaits", () => {
  it.each<[string, string, () => unknown, object]>([
    ["json()", "request.json()", () => void request.json(), malformed],
    ["json() with a schema", "request.json()", () => void request.json({ schema: z.object({ a: z.string() }) }), { json: {} }],
    ["json() of another type", "request.json()", () => void request.json(), { body: "a", headers: { "content-type": "text/plain" } }],
    ["text()", "request.text()", () => void request.text(), { body: "a", headers: { "content-type": "text/plain; charset=latin1" } }],
    ["bytes()", "request.bytes()", () => void request.bytes(), { body: "a", headers: { "content-encoding": "gzip" } }],
    ["form()", "request.form()", () => void request.form(), { body: "a", headers: { "content-type": "multipart/form-data" } }],
    ["files()", "request.files()", () => void request.files(), { body: "a", headers: { "content-type": "multipart/form-data" } }],
    ["form() with a schema", "request.form()", () => void request.form({ schema: z.object({ a: z.string() }) }), { form: {} }],
    [
      "a bound form",
      "validateOnSubmit()",
      () => void PostForm.validateOnSubmit(),
      { body: "a", headers: { "content-type": "multipart/form-data" } },
    ],
    ["a page", "paginate()", () => void paginate(async () => [], { count: false }), {}],
    ["a mail", "mail.send()", () => void mail.send({ to: "nobody", subject: "x", text: "y" }), {}],
    ["a later mail", "mail.sendLater()", () => void mail.sendLater({ to: "nobody", subject: "x", text: "y" }), {}],
    ["a job", "enqueue() of the job 'greet'", () => void greet.enqueue({ name: 3 as never }), {}],
    ["a hash", "hashPassword()", () => void hashPassword("x".repeat(5000)), {}],
    ["an upload", "upload.saveTo()", () => withUpload((file) => void file.saveTo("a", { folder: "/dev/null/x" })), upload],
  ])("and fails, of %s, is logged with the view, and leaves the process alone", async (_, call, view, options) => {
    const { lines, status } = await send(async () => {
      await view();
      return "done";
    }, options);
    await vi.waitFor(() => expect(lines.join("\n")).toContain(`The promise of ${call} in the view 'save' failed, and nobody awaited it:`));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("Write 'await' before the call.");
    expect(status).toBe(200);
    expect(unhandled).toEqual([]);
  });

  it.each<[string, () => unknown]>([
    ["json()", () => void request.json()],
    ["text()", () => void request.text()],
    ["form()", () => void request.form()],
    ["files()", () => void request.files()],
    ["a bound form", () => void PostForm.validateOnSubmit()],
  ])("leaves a process in production alone, of %s", async (_, view) => {
    const { status } = await send(
      () => {
        view();
        return "done";
      },
      { body: "\xff", headers: { "content-type": "multipart/form-data; charset=latin1" } },
      {},
    );
    expect(status).toBe(200);
    expect(unhandled).toEqual([]);
  });

  it("is logged for the answer of verifyPassword(), which would count as true", async () => {
    const view = () => {
      const answer: unknown = verifyPassword("scrypt:32768:8:1$a$b", "x");
      return answer ? "in" : "out";
    };
    const { lines } = await send(view, {}, {});
    expect(lines).toEqual([
      "The promise of verifyPassword() in the view 'save' was not awaited, so that its answer was not used: a promise counts as true. Write 'await' before the call.",
    ]);
  });

  it("is logged for fields of which nobody takes the value", async () => {
    const { lines } = await send(() => JSON.stringify({ ...request.form() }), { form: { title: "x" } });
    expect(lines).toEqual([expect.stringMatching(/^The promise of request\.form\(\) in the view 'save' was not awaited/)]);
  });

  it("is on the console of tests, whose log is silent, unless the app keeps its errors", async () => {
    const written = vi.spyOn(console, "error").mockImplementation(() => undefined);
    onTestFinished(() => written.mockRestore());
    const view = () => {
      const answer: unknown = verifyPassword("scrypt:32768:8:1$a$b", "x");
      return answer ? "in" : "out";
    };
    expect((await send(view, {}, { testing: true })).text).toBe("in");
    expect(written.mock.calls.flat().join(" ")).toContain("The promise of verifyPassword() in the view 'save' was not awaited");
    written.mockClear();
    await send(view, {}, { testing: true, propagateExceptions: false });
    expect(written).not.toHaveBeenCalled();
  });

  it("stays one outside of a request", async () => {
    await expect(mail.send({ to: "nobody", subject: "x", text: "y" })).rejects.toThrow("nobody");
    expect(await verifyPassword(null, "x")).toBe(false);
  });
});

describe("a promise that is used as its value", () => {
  it.each<[string, () => unknown, string]>([
    ["a member", () => (request.json() as never as { title: string }).title, "'title' was read of the promise of request.json()"],
    [
      "a member that is taken apart",
      () => {
        const { title } = request.json() as never;
        return title;
      },
      "'title' was read of the promise of request.json(), before the value was there. Await it: const value = await request.json();",
    ],
    ["a field", () => (request.form() as never as FormData).get("title"), "'get' was read of the promise of request.form()"],
    ["a length", () => String((request.text() as never as string).length), "'length' was read of the promise of request.text()"],
    ["text", () => `Hello ${request.text() as never}`, "The promise of request.text() was used as its value"],
    ["JSON", () => JSON.parse(request.text() as never), "The promise of request.text() was used as its value"],
    ["a list", () => [...(request.form() as never as FormData)].join(), "The promise of request.form() was used as its value"],
    ["a page", () => String((paginate(async () => [], { count: false, page: 1 }) as never as { items: [] }).items), "'items' was read"],
    ["markup", () => html`<b>${request.text()}</b>`, "is a promise"],
  ])("is refused: as %s", async (_, view, message) => {
    unhandled.length = 0;
    const { app } = createApp({ testing: true }, view);
    await expect(app.testClient().post("/", malformed)).rejects.toThrow(message);
    await turn();
    expect(unhandled).toEqual([]);
  });
});

describe("a promise that is awaited", () => {
  it.each<[string, () => unknown, string]>([
    ["await", async () => await request.text(), "body"],
    ["await later", async () => later(request.text()), "body"],
    ["then()", () => request.text().then((text) => text), "body"],
    ["catch()", () => request.json().catch(() => "caught"), "caught"],
    ["finally()", () => request.text().finally(() => undefined), "body"],
    ["Promise.all()", async () => (await Promise.all([request.text(), 1]))[0], "body"],
    ["Promise.race()", () => Promise.race([request.text()]), "body"],
    ["a return", () => request.text(), "body"],
    ["a return of an async function", async () => request.text(), "body"],
    ["await in try", async () => request.json().then(String, (error: Error) => error.name), "BadRequest"],
  ])("has its value, and no line in the log: by %s", async (_, view, expected) => {
    const { lines, text } = await send(view, { body: "body", headers: { "content-type": "application/json" } });
    expect(text).toBe(expected);
    expect(lines).toEqual([]);
    expect(unhandled).toEqual([]);
  });

  it("is a promise for every check", async () => {
    const { text } = await send(
      async () => {
        const promise = request.text();
        const is = [promise instanceof Promise, Object.prototype.toString.call(promise), JSON.stringify(promise), typeof promise.then];
        await promise;
        return is;
      },
      { body: "x" },
    );
    expect(JSON.parse(text)).toEqual([true, "[object Promise]", "{}", "function"]);
  });
});

async function later<Value>(promise: Promise<Value>): Promise<Value> {
  await turn();
  return promise;
}
