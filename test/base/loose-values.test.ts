import { runInNewContext } from "node:vm";
import { defineForm, Flagon, makeResponse, request, session, signToken } from "flagon";
import { Jobs } from "flagon/jobs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../support";

/** Passes a value as code without the compiler's checks does. */
function loose<Type>(value: unknown): Type {
  return value as Type;
}

describe("checks of values let pass", () => {
  it("options of cookies that are null, and values that have a text", async () => {
    const app = createApp();
    app.get("/", () => {
      const response = makeResponse("x");
      response.setCookie("a", "b", loose({ expires: null, maxAge: null }));
      response.setCookie("home", loose(new URL("https://example.com/")));
      return response;
    });
    expect((await app.testClient().get("/")).headers.getSetCookie()).toEqual(["a=b; Path=/", "home=https%3A%2F%2Fexample.com%2F; Path=/"]);
  });

  it("methods of the session as callbacks", async () => {
    const app = createApp();
    app.get("/", () => {
      session.set("a", 1);
      const read = session.get.bind(session);
      return ["a", "b"].map(loose<(key: string) => unknown>(read)).map((value) => value ?? null);
    });
    expect(await (await app.testClient().get("/")).json()).toEqual([1, null]);
  });

  it("hashes of URLs and of eval() in a policy", () => {
    const contentSecurityPolicy = { scriptSrc: ["'url-sha256-AAAA'", "'eval-sha384-AAAA'"] };
    expect(() => new Flagon(__dirname, { static: null, config: { contentSecurityPolicy } })).not.toThrow();
  });

  it("objects of another realm in a token", () => {
    const app = createApp();
    const data: unknown = runInNewContext("({})");
    expect(app.appContext(() => signToken({ data }, { purpose: "x", expiresIn: 60 }))).toMatch(/\./);
  });

  it("members of an app's own errors that are named as those of Postgres", () => {
    const app = createApp();
    const error = Object.assign(new Error("late"), { severity: "high", detail: { order: 5 }, where: "checkout" });
    app.logger.error({ err: error }, "x");
    expect(Object.keys(error)).toEqual(["severity", "detail", "where"]);
  });

  it("options of BullMQ's own connection", () => {
    const app = createApp();
    const jobs = new Jobs({ engine: { host: "127.0.0.1", port: 6379 } });
    app.use(jobs);
    expect(jobs.kind).toBe("redis");
  });

  it("attributes of components, lists and nothing", async () => {
    const PostForm = defineForm({ title: z.string() }, { csrf: false });
    const app = createApp();
    app.get("/", async () => {
      const form = await PostForm.validateOnSubmit();
      return `${form.render({ class: loose(["a"]), ref: "r", loading: undefined })}${form.renderErrors(loose("captcha"))}${request.path}`;
    });
    expect(await (await app.testClient().get("/")).text()).toContain('class="a" ref="r"');
  });
});
