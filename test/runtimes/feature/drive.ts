/** Sends a request to the app, and follows no redirect. */
export type Ask = (path: string, init?: RequestInit) => Promise<Response>;

type Check = (ask: Ask) => Promise<unknown>;

const form = (values: Record<string, string>): RequestInit => ({ method: "POST", body: new URLSearchParams(values) });
const json = (value: unknown): RequestInit => ({
  method: "POST",
  body: JSON.stringify(value),
  headers: { "content-type": "application/json" },
});
const read = async (answer: Promise<Response>): Promise<string> => (await answer).text();

/** One check for each part of Flagon, with its expected value. */
const checks: Record<string, readonly [Check, unknown]> = {
  "urlFor by a method": [(ask) => read(ask("/")), '<a href="/posts/1">1</a>'],
  converters: [async (ask) => [await read(ask("/posts/3")), (await ask("/posts/x")).status], ['{"next":4}', 404]],
  "a function view": [(ask) => read(ask("/function/7")), '{"n":7}'],
  "a blueprint": [(ask) => read(ask("/admin/Ann")), '{"name":"Ann","url":"/admin/x%20y"}'],
  "a slash": [async (ask) => (await ask("/docs?a=1")).headers.get("location"), "/docs/?a=1"],
  "methods that are not allowed": [async (ask) => (await ask("/posts/3", { method: "DELETE" })).headers.get("allow"), "GET, HEAD, OPTIONS"],
  "a form": [
    async (ask) => {
      const refused = await ask("/sign", form({ name: "" }));
      return [(await read(ask("/sign"))).includes("<label"), refused.status, (await refused.text()).includes("required")];
    },
    [true, 422, true],
  ],
  "a session with flashed messages": [
    async (ask) => {
      const signed = await ask("/sign", form({ name: "Ann", age: "4" }));
      const cookie = signed.headers.get("set-cookie")?.split(";")[0] ?? "";
      return [signed.status, signed.headers.get("location"), await read(ask("/who", { headers: { cookie } }))];
    },
    [303, "/who", '{"name":"Ann","said":["Hello Ann."]}'],
  ],
  "requests from another site": [
    async (ask) => (await ask("/sign", { ...form({ name: "Ann" }), headers: { "sec-fetch-site": "cross-site" } })).status,
    403,
  ],
  JSON: [
    async (ask) => [await read(ask("/json", json({ count: 2 }))), (await ask("/json", json({ count: "x" }))).status],
    ['{"doubled":4}', 422],
  ],
  uploads: [
    async (ask) => {
      const body = new FormData();
      body.append("file", new File(["hello"], "a.txt"));
      return read(ask("/upload", { method: "POST", body }));
    },
    '{"name":"a.txt","text":"hello"}',
  ],
  "the context after an await": [
    (ask) => Promise.all([1, 2, 3].map(() => read(ask("/later")))),
    ["/later /later", "/later /later", "/later /later"],
  ],
  streams: [(ask) => read(ask("/stream")), "one /stream"],
  events: [(ask) => read(ask("/events")), "data: one\n\ndata: /events\n\n"],
  "a template file": [async (ask) => (await read(ask("/page"))).replace(/\s+/g, " "), "<main><p>&lt;Ann&gt; /page /posts/3</p> </main> "],
  "a streamed template": [
    async (ask) => (await read(ask("/streamed"))).replace(/\s+/g, " "),
    "<main><p>Bo /streamed /posts/3</p> </main> ",
  ],
  "a template given as text": [(ask) => read(ask("/text")), "<b>&lt;Ann&gt;</b>"],
  "a static file": [(ask) => read(ask("/static/digits.txt")), "0123456789"],
  "error handlers": [
    async (ask) => [await read(ask("/fail")), (await ask("/fail")).status, await read(ask("/none"))],
    ["too far", 500, "nothing here"],
  ],
  "errors that nothing handles": [async (ask) => (await ask("/crash")).status, 500],
};

/** Runs all checks, and returns the mistakes. */
export async function drive(ask: Ask): Promise<readonly string[]> {
  const mistakes: string[] = [];
  for (const [name, [check, expected]] of Object.entries(checks)) {
    const found: unknown = await check(ask).catch((error: unknown) => String(error));
    if (JSON.stringify(found) !== JSON.stringify(expected)) {
      mistakes.push(`${name}: ${JSON.stringify(found)}`);
    }
  }
  return mistakes;
}
