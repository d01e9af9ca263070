import { Flagon, flash, getFlashedMessages, redirect, request, session } from "flagon";
import { handle } from "hono/aws-lambda";
import serverless from "serverless-http";
import { describe, expect, it } from "vitest";

interface Answer {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly cookies?: readonly string[];
  readonly body: string;
}

type Call = (event: object) => Promise<Answer>;

function createApp(): Flagon {
  const app = new Flagon(".", { static: null, config: { secretKey: "a key for tests", testing: true, propagateExceptions: false } });
  app.get("/who", () => ({ name: session.get("name"), said: getFlashedMessages(), tag: request.headers.get("x-tag") }));
  app.post("/name", async () => {
    session.set("name", (await request.form()).getText("name"));
    flash("Saved.");
    return redirect("/who");
  });
  app.post("/json", async () => ({ got: await request.json() }));
  app.post("/upload", async () => {
    const [file] = (await request.files()).get("file") ?? [];
    return { name: file?.filename, text: await file?.text() };
  });
  return app;
}

/** The event of an HTTP API of API Gateway, version 2. */
function createEvent(method: string, path: string, headers: Record<string, string> = {}, body?: string, cookies?: readonly string[]) {
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: path,
    rawQueryString: "",
    headers: { host: "app.example.com", ...(body === undefined ? {} : { "content-length": String(body.length) }), ...headers },
    cookies,
    requestContext: { http: { method, path, protocol: "HTTP/1.1", sourceIp: "192.0.2.1", userAgent: "x" }, domainName: "app.example.com" },
    body,
    isBase64Encoded: false,
  };
}

const adapters: readonly (readonly [string, (app: Flagon) => Call])[] = [
  [
    "serverless-http around app.handler",
    (app) => {
      const call = serverless(app.handler);
      return async (event) => (await call(event, {})) as Answer;
    },
  ],
  [
    "Hono's adapter around app.fetch",
    (app) => {
      const call = handle(app as never);
      return async (event) => (await call(event as never)) as Answer;
    },
  ],
];

const form = { "content-type": "application/x-www-form-urlencoded" };

describe.each(adapters)("a function of AWS Lambda, by %s", (_, adapt) => {
  it("reads headers, cookies and forms, and keeps the session", async () => {
    const call = adapt(createApp());
    const saved = await call(createEvent("POST", "/name", form, "name=Ann"));
    expect(saved.statusCode).toBe(303);
    const cookie = (saved.cookies?.[0] ?? saved.headers["set-cookie"] ?? "").split(";")[0] ?? "";
    const who = await call(createEvent("GET", "/who", { cookie, "x-tag": "a" }, undefined, [cookie]));
    expect(JSON.parse(who.body)).toEqual({ name: "Ann", said: ["Saved."], tag: "a" });
  });

  it("reads JSON and uploads", async () => {
    const call = adapt(createApp());
    const json = await call(createEvent("POST", "/json", { "content-type": "application/json" }, '{"a":[1]}'));
    expect(JSON.parse(json.body)).toEqual({ got: { a: [1] } });
    const upload = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello\r\n--x--\r\n';
    const uploaded = await call(createEvent("POST", "/upload", { "content-type": "multipart/form-data; boundary=x" }, upload));
    expect(JSON.parse(uploaded.body)).toEqual({ name: "a.txt", text: "hello" });
  });

  it("refuses a form from another site, and a malformed JSON body", async () => {
    const call = adapt(createApp());
    const crossSite = { ...form, "sec-fetch-site": "cross-site" };
    expect((await call(createEvent("POST", "/name", crossSite, "name=Ann"))).statusCode).toBe(403);
    expect((await call(createEvent("POST", "/json", form, "a=1"))).statusCode).toBe(415);
  });
});
