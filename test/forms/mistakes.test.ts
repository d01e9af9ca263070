import { defineForm, FormError, renderTemplateString, request } from "flagon";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { createApp } from "../support";

describe("a form that is not awaited", () => {
  const PostForm = defineForm({ title: z.string() });

  it.each(["valid", "data", "errors", "formErrors", "raw", "submitted", "field", "render", "addError", "hidden"])(
    "says so when '%s' is read, in debug mode and in tests",
    async (name) => {
      for (const config of [{ testing: true }, { testing: false, debug: true, propagateExceptions: true }]) {
        const app = createApp({ config });
        app.logger.level = "silent";
        app.get("/", () => String(Reflect.get(PostForm.validateOnSubmit(), name)), { endpoint: "x" });
        const answer = app.testClient().get("/");
        await expect(answer).rejects.toThrow(`'${name}' of a form was read before the form was there`);
        await expect(answer).rejects.toBeInstanceOf(FormError);
      }
    },
  );

  it("says so in a template", async () => {
    const app = createApp();
    app.get("/", () => renderTemplateString("<%= it.form.render() %>", { form: PostForm.validateOnSubmit() }), { endpoint: "x" });
    await expect(app.testClient().get("/")).rejects.toThrow("Await it: const form = await PostForm.validateOnSubmit();");
  });

  it("is a plain promise in production, and when it is awaited", async () => {
    for (const testing of [false, true]) {
      const app = createApp({ config: { testing } });
      const seen: unknown[] = [];
      app.get(
        "/",
        async () => {
          const form = PostForm.validateOnSubmit();
          seen.push(testing ? [] : Object.getOwnPropertyNames(form), (await form).valid);
          return "x";
        },
        { endpoint: "x" },
      );
      expect((await app.testClient().get("/")).status).toBe(200);
      expect(seen).toEqual([[], false]);
    }
  });
});

describe("a form with a file and without enctype", () => {
  const schemas = { required: z.file(), optional: z.file().optional(), several: z.array(z.file()) };

  async function send(name: keyof typeof schemas, debug: boolean, form: Record<string, string>, files?: Record<string, File>) {
    const app = createApp({ config: { testing: false, debug } });
    const lines: string[] = [];
    app.logger.level = "silent";
    const UploadForm = defineForm({ photo: schemas[name] });
    app.post(
      "/",
      async () => {
        const bound = await UploadForm.validateOnSubmit();
        lines.push(...(bound.errors.photo ?? []));
        return bound.valid ? "valid" : "not valid";
      },
      { endpoint: "x" },
    );
    await app.testClient().post("/", { form, ...(files === undefined ? {} : { files }) });
    return lines.join(" ");
  }

  it.each(["required", "optional", "several"] as const)("is named to the developer: %s", async (name) => {
    expect(await send(name, true, { photo: "cat.png" })).toContain('the <form> lacks enctype="multipart/form-data"');
    expect(await send(name, false, { photo: "cat.png" })).not.toContain("enctype");
  });

  it("is not blamed where no file was chosen, or the file came", async () => {
    expect(await send("optional", true, { photo: "" })).toBe("");
    expect(await send("required", true, {}, { photo: new File(["x"], "cat.png") })).toBe("");
  });
});

it.each([
  ["application/json", '{"title":"x"}', " A route that takes JSON states its schema: { json: … }."],
  ["text/plain", "title=x", "multipart/form-data."],
])("a form says in the log that a body of the type %s is none", async (type, body, end) => {
  const app = createApp();
  const lines: string[] = [];
  const Post = defineForm({ title: z.string() });
  app.post(
    "/posts",
    async () => {
      vi.spyOn(request.log, "warn").mockImplementation((line: unknown) => void lines.push(String(line)));
      return (await Post.validateOnSubmit()).valid ? "valid" : "not valid";
    },
    { endpoint: "posts" },
  );
  const response = await app.testClient().post("/posts", { body, headers: { "content-type": type } });
  expect([response.status, await response.text()]).toEqual([422, "not valid"]);
  expect(lines).toEqual([expect.stringContaining(`The body of POST /posts is of the type '${type}', so every field of the form is empty`)]);
  expect(lines[0]?.endsWith(end)).toBe(true);
});
