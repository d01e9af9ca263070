import {
  defineForm,
  eventStream,
  Flagon,
  type FlagonOptions,
  makeResponse,
  redirect,
  request,
  sendFile,
  sendFromDirectory,
  viewDecorator,
} from "flagon";
import { Jobs } from "flagon/jobs";
import { LoginManager, loginUser } from "flagon/login";
import { Mail } from "flagon/mail";
import { createDocument, openapi } from "flagon/openapi";
import { MemoryStore, RedisStore, ServerSessions } from "flagon/sessions";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../support";

const info = { title: "Shop", version: "1" };
const describeRoute = (openapi: object) => createApp().get("/", () => "", { openapi: openapi as Record<string, unknown>, endpoint: "x" });

describe("an option that does not exist", () => {
  it.each<[string, () => unknown, string]>([
    [
      "an app",
      () => new Flagon(".", { templats: "x" } as FlagonOptions),
      "There is no option 'templats' of new Flagon(). Did you mean 'templates'?",
    ],
    [
      "a form",
      () => defineForm({ a: z.string() }, { csfr: false } as object),
      "There is no option 'csfr' of defineForm(). Did you mean 'csrf'?",
    ],
    [
      "a login manager",
      () => new LoginManager({ loadUser: () => null, loginVeiw: "x" } as never),
      "There is no option 'loginVeiw' of new LoginManager(). Did you mean 'loginView'?",
    ],
    ["sessions on the server", () => new ServerSessions(new MemoryStore(), { idleLifetme: 5 } as object), "Did you mean 'idleLifetime'?"],
    ["a store", () => new MemoryStore({ max: 5 } as object), "There is no option 'max' of new MemoryStore(). The options are: limit."],
    ["a store in Redis", () => new RedisStore({} as never, { prefx: "a" } as object), "Did you mean 'prefix'?"],
    ["jobs", () => new Jobs({ concurency: 5 } as object), "There is no option 'concurency' of new Jobs(). Did you mean 'concurrency'?"],
    [
      "mails",
      () => new Mail({ from: "a@example.com", transprt: "x" } as never),
      "There is no option 'transprt' of new Mail(). Did you mean 'transport'?",
    ],
    ["a decorator", () => viewDecorator((next) => next(), { requireLogin: true } as object), "Did you mean 'requiresLogin'?"],
    [
      "the document",
      () => createDocument(createApp(), { info, tgs: [] } as never),
      "There is no option 'tgs' of openapi(). Did you mean 'tags'?",
    ],
    [
      "its information",
      () => openapi({ info: { ...info, descripton: "x" } }),
      "There is no option 'descripton' of 'info' of openapi(). Did you mean 'description'?",
    ],
    [
      "a response",
      () => describeRoute({ responses: { 404: { descripton: "x" } } }),
      "There is no option 'descripton' of the response 404 of the route of x. Did you mean 'description'?",
    ],
    [
      "the responses",
      () => describeRoute({ responses: { notFound: "x" } }),
      'has a response \'notFound\', which is no status: write 404, "4XX" or "default".',
    ],
  ])("is refused at set-up: of %s", (_, set, message) => {
    expect(set).toThrow(message);
  });

  it.each<[string, () => unknown, string]>([
    [
      "a cookie",
      () => makeResponse("").setCookie("a", "b", { httponly: true } as object),
      "There is no option 'httponly' of setCookie(). Did you mean 'httpOnly'?",
    ],
    [
      "a removed cookie",
      () => makeResponse("").deleteCookie("a", { pth: "/" } as object),
      "There is no option 'pth' of deleteCookie(). Did you mean 'path'?",
    ],
    [
      "a redirect",
      () => redirect("/", { extrnal: true } as object),
      "There is no option 'extrnal' of redirect(). Did you mean 'external'?",
    ],
    ["a redirect with a status", () => redirect("/", 302, { extrnal: true } as object), "Did you mean 'external'?"],
    ["a file", () => sendFile(__filename, { attachment: true } as object), "There is no option 'attachment' of sendFile()."],
    [
      "a file of a folder",
      () => sendFromDirectory(".", "x", { maxage: 5 } as object),
      "There is no option 'maxage' of sendFromDirectory(). Did you mean 'maxAge'?",
    ],
    ["a stream of events", () => eventStream((async function* () {})(), { hartbeat: 5 } as object), "Did you mean 'heartbeat'?"],
    ["a body", () => request.json({ shema: z.any() } as object), "There is no option 'shema' of request.json(). Did you mean 'schema'?"],
    [
      "a form of a request",
      () => request.form({ shema: z.any() } as never),
      "There is no option 'shema' of request.form(). Did you mean 'schema'?",
    ],
    [
      "a bound form",
      () => defineForm({ a: z.string() }).validateOnSubmit({ inital: {} } as object),
      "There is no option 'inital' of validateOnSubmit(). Did you mean 'initial'?",
    ],
    [
      "a login",
      () => loginUser({ id: 1 } as never, { rember: true } as object),
      "There is no option 'rember' of loginUser(). Did you mean 'remember'?",
    ],
  ])("is refused when it is given: of %s", async (_, give, message) => {
    const app = createApp();
    app.post("/", async () => JSON.stringify(await give()), { endpoint: "x" });
    await expect(app.testClient().post("/")).rejects.toThrow(message);
  });

  it("may be one of the document's own, which begin with x-", () => {
    expect(() =>
      describeRoute({ responses: { 404: { description: "Gone.", "x-own": 1 }, "x-own": {}, "5XX": "Broken.", default: "Other." } }),
    ).not.toThrow();
    expect(() => openapi({ info: { ...info, "x-logo": "a" }, docs: null })).not.toThrow();
  });
});
