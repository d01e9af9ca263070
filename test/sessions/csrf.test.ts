import {
  Blueprint,
  blueprint,
  CsrfError,
  csrfExempt,
  defineForm,
  errorHandler,
  redirect,
  renderTemplateString,
  request,
  route,
} from "flagon";
import { parseHTML } from "linkedom";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { createApp } from "../support";

class Views {
  @route("/form")
  form() {
    return renderTemplateString("<%= csrfToken() %>");
  }
  @route("/act", { methods: ["GET", "POST", "PUT", "DELETE"] })
  act() {
    return "done";
  }
  @csrfExempt
  @route.post("/open")
  open() {
    return "done";
  }
}

/** What an old browser sends: neither `Sec-Fetch-Site` nor `Origin`. */
const old = { "sec-fetch-site": null };

describe("a request of an unsafe method", () => {
  const post = async (headers: Record<string, string | null>, config = {}) =>
    (
      await createApp({ config }, Views)
        .testClient()
        .post("/act", { headers: { ...old, ...headers } })
    ).status;

  it.each([
    [200, { "sec-fetch-site": "same-origin" }],
    [200, { "sec-fetch-site": "none" }],
    [403, { "sec-fetch-site": "cross-site" }],
    [403, { "sec-fetch-site": "same-site" }],
    [200, { origin: "http://localhost" }],
    [403, { origin: "https://localhost" }],
    [403, { origin: "http://localhost:8080" }],
    [403, { origin: "null" }],
    [403, { origin: "https://evil.example", cookie: "a=1" }],
    [200, {}],
    [403, { cookie: "a=1" }],
    [200, { "sec-fetch-site": "cross-site", origin: "https://other.example", authorization: "Bearer key" }],
    [403, { "sec-fetch-site": "cross-site", authorization: "Bearer key", cookie: "a=1" }],
    [403, { "sec-fetch-site": "cross-site", authorization: "Basic YTpi" }],
  ])("gets %i with %j", async (status, headers) => {
    expect(await post(headers)).toBe(status);
  });

  it("is accepted from trusted origins, and from anywhere if the check is off", async () => {
    const config = { csrfTrustedOrigins: ["https://admin.example"] };
    expect(await post({ origin: "https://admin.example", "sec-fetch-site": "cross-site" }, config)).toBe(200);
    expect(await post({ origin: "https://admin.example.evil" }, config)).toBe(403);
    expect(await post({ "sec-fetch-site": "cross-site" }, { csrf: false })).toBe(200);
  });

  it("is not checked for safe methods, exempt views and addresses that do not exist", async () => {
    const client = createApp({}, Views).testClient();
    const headers = { "sec-fetch-site": "cross-site" };
    expect((await client.get("/act", { headers })).status).toBe(200);
    expect((await client.post("/open", { headers })).status).toBe(200);
    expect((await client.post("/none", { headers })).status).toBe(404);
    expect((await client.put("/act", { headers })).status).toBe(403);
    expect((await client.delete("/act", { headers })).status).toBe(403);
  });

  it("is not checked for exempt routes and blueprints, without the blueprints inside of them", async () => {
    const app = createApp();
    const options = { methods: ["POST"] };
    app.route("/hook", () => "hook", { ...options, endpoint: "hook", csrf: false });
    const api = new Blueprint("api", { urlPrefix: "/api", csrf: false });
    const inner = new Blueprint("inner", { urlPrefix: "/inner" });
    inner.route("/act", () => "inner", { ...options, endpoint: "act" });
    api.register(inner);
    api.route("/act", () => "api", { ...options, endpoint: "act" });
    api.route("/checked", () => "api", { ...options, endpoint: "checked", csrf: true });
    app.register(api);
    @blueprint("class", { urlPrefix: "/class", csrf: false })
    class Hooks {
      @route.post("/act")
      act() {
        return "class";
      }
    }
    app.register(Hooks);
    app.route("/act", () => "app", { ...options, endpoint: "act" });
    const headers = { "sec-fetch-site": "cross-site" };
    const targets = ["/hook", "/api/act", "/class/act", "/api/checked", "/api/inner/act", "/act"];
    const statuses = await Promise.all(targets.map(async (target) => (await app.testClient().post(target, { headers })).status));
    expect(statuses).toEqual([200, 200, 200, 403, 403, 403]);
  });

  it("is refused with a CsrfError, which handlers can take", async () => {
    class Handler {
      @errorHandler(CsrfError)
      refused(error: CsrfError) {
        return error.description;
      }
    }
    const response = await createApp({}, Views, Handler)
      .testClient()
      .post("/act", { headers: { "sec-fetch-site": "cross-site" } });
    expect([response.status, await response.text()]).toEqual([403, expect.stringContaining("came from another site")]);
  });

  it("speaks of settings in the log alone, not to visitors", async () => {
    const app = createApp({}, Views);
    const logged = vi.spyOn(app.logger, "info");
    vi.spyOn(app.logger, "child").mockReturnValue(app.logger as never);
    const response = await app.testClient().post("/act", { headers: { origin: "https://other.example" } });
    expect(await response.text()).not.toContain("csrfTrustedOrigins");
    expect(logged).toHaveBeenCalledWith({ origin: "https://other.example" }, expect.stringContaining("csrfTrustedOrigins"));
  });
});

describe("the token", () => {
  async function load() {
    const client = createApp({}, Views).testClient();
    const token = async () => (await client.get("/form")).text();
    return { client, token };
  }

  it("proves an old browser's form, by field or by header", async () => {
    const { client, token } = await load();
    const first = await token();
    expect((await client.post("/act", { headers: old, form: { csrf_token: first } })).status).toBe(200);
    expect((await client.post("/act", { headers: { ...old, "x-csrf-token": first } })).status).toBe(200);
    expect((await client.post("/act", { headers: { ...old, "x-csrftoken": first }, json: {} })).status).toBe(200);
  });

  it("differs each time, and stays valid with the other tokens of its session", async () => {
    const { client, token } = await load();
    const tokens = [await token(), await token(), await token()];
    expect(new Set(tokens).size).toBe(3);
    for (const one of tokens) {
      expect((await client.post("/act", { headers: old, form: { csrf_token: one } })).status).toBe(200);
    }
  });

  it("is refused when it is missing, changed, too old, or of another session", async () => {
    const { client, token } = await load();
    const good = await token();
    const post = async (value: string) => {
      const response = await client.post("/act", { headers: old, form: { csrf_token: value } });
      return `${response.status} ${/<p>(.*?)\. Load/.exec(await response.text())?.[1]}`;
    };
    expect(await post("")).toBe("403 The CSRF token is missing");
    expect(await post(`${good}x`)).toBe("403 The CSRF token is invalid");
    expect(await post("a.b.c")).toBe("403 The CSRF token is invalid");
    const other = await load();
    expect(await post(await other.token())).toBe("403 The CSRF tokens do not match");
    const lone = await other.client.post("/act", { headers: { ...old, cookie: "a=1" }, form: { csrf_token: good } });
    expect(await lone.text()).toContain("The CSRF session token is missing");
    vi.useFakeTimers({ now: Date.now() + 3_602_000, toFake: ["Date"] });
    try {
      expect(await post(good)).toBe("403 The CSRF token has expired");
    } finally {
      vi.useRealTimers();
    }
  });

  it("shows the form again if it is wrong: with the input, a fresh token, and nothing done", async () => {
    const Note = defineForm({ text: z.string(), secret: z.string().meta({ type: "password" }) });
    const done: string[] = [];
    class Notes {
      @route("/notes/<int:id>", { methods: ["GET", "POST"] })
      async edit({ id }: { id: number }) {
        if (request.method === "POST") {
          done.push(`posted ${id}`);
        }
        const form = await Note.validateOnSubmit();
        if (form.valid) {
          done.push(form.data.text);
          return redirect("/done");
        }
        return form.render();
      }
    }
    const client = createApp({}, Notes).testClient();
    await client.get("/notes/3");
    const response = await client.post("/notes/3", { headers: old, form: { text: "Hello <you>", secret: "s", csrf_token: "wrong" } });
    const { document } = parseHTML(await response.text());
    expect(response.status).toBe(422);
    expect(document.querySelector(".field-errors li")?.textContent).toBe("The CSRF token is invalid. Load the form again, then send it.");
    expect(document.querySelector("[name=text]")?.getAttribute("value")).toBe("Hello <you>");
    expect(document.querySelector("[name=secret]")?.getAttribute("value")).toBeNull();
    expect(done).toEqual([]);
    const token = document.querySelector("[name=csrf_token]")?.getAttribute("value") ?? "";
    const sent = await client.post("/notes/3", { headers: old, form: { text: "Hello", secret: "s", csrf_token: token } });
    expect([sent.status, done]).toEqual([303, ["posted 3", "Hello"]]);
    // From another site there is nothing to show.
    expect((await client.post("/notes/3", { headers: { "sec-fetch-site": "cross-site" }, form: { text: "x" } })).status).toBe(403);
  });

  it("is void when the session is regenerated", async () => {
    const { client, token } = await load();
    const good = await token();
    await client.session((session) => {
      session.set("user", 1);
      session.regenerate();
    });
    expect((await client.post("/act", { headers: old, form: { csrf_token: good } })).status).toBe(403);
  });
});
