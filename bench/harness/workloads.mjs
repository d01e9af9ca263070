/*
 * What is measured: requests, how what they need is got beforehand, and what the answer has to be.
 */

/** A body of 10 MB with a file, as browsers send it. */
const boundary = "----flagon-benchmark";
const upload = Buffer.concat([
  Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="big.bin"\r\nContent-Type: application/octet-stream\r\n\r\n`,
  ),
  Buffer.alloc(10_000_000, 7),
  Buffer.from(`\r\n--${boundary}--\r\n`),
]);

const longText = "Some text that is long enough to be the body of a post, and not so long that it would be the whole of the work.";

/** The workloads, in the order of the tables. What takes long is measured in half as many rounds, each twice as long. */
export const workloads = [
  { name: "plain text", path: "/", status: 200 },
  { name: "JSON, one of 500 routes, with an <int>", path: "/users/42", status: 200 },
  { name: "page of 50 rows from a template", path: "/page", status: 200 },
  { name: "page with session read and flash", path: "/dashboard", status: 200, prepare: enter, setsCookie: true },
  {
    name: "form POST, valid",
    method: "POST",
    path: "/form",
    status: 303,
    prepare: (origin) => fill(origin, "Hello, world", longText),
    setsCookie: true,
  },
  {
    name: "form POST, refused and shown again",
    method: "POST",
    path: "/form",
    status: 422,
    prepare: (origin) => fill(origin, "No", "Short"),
  },
  {
    name: "JSON POST, validated",
    method: "POST",
    path: "/api/posts",
    status: 201,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ title: "A post", tags: ["one", "two"], rating: 4 }),
  },
  { name: "not found", path: "/nowhere", status: 404 },
  { name: "static file, 10 kB", path: "/static/10k.txt", status: 200 },
  { name: "static file, 1 MB", path: "/static/1m.bin", status: 200, connections: 8 },
  {
    name: "upload of 10 MB",
    method: "POST",
    path: "/upload",
    status: 200,
    connections: 2,
    isLong: true,
    headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
    body: upload,
  },
  { name: "server-sent events, 1,000 clients", path: "/events", status: 200, isLong: true, isStream: true },
];

/** The workloads of a kind of database. */
export function listDatabaseWorkloads(kind) {
  const title = { libsql: "libSQL file", postgres: "Postgres" }[kind];
  return [
    { name: `one row by id, ${title}`, path: `/api/${kind}/rows/42`, status: 200 },
    { name: `fortunes: a page of rows, one added, sorted, ${title}`, path: `/fortunes/${kind}`, status: 200 },
    {
      name: `twenty updates in a transaction, ${title}`,
      method: "POST",
      path: `/api/${kind}/updates`,
      status: 200,
      connections: 8,
      isLong: true,
    },
  ];
}

/** Makes a request ready for one server: with its session, and the token of its form. */
export async function prepare(workload, origin) {
  const { headers = {}, body, ...prepared } = workload.prepare === undefined ? {} : await workload.prepare(origin);
  return {
    ...workload,
    ...prepared,
    headers: { ...workload.headers, ...headers },
    body: body ?? workload.body,
    method: workload.method ?? "GET",
  };
}

/** A visitor who is known and has a message waiting. */
async function enter(origin) {
  return { headers: { cookie: format(await visit(origin, "/enter", new Map())) } };
}

/** A form as a browser sends it, which also says where it comes from. */
async function fill(origin, title, body) {
  const cookies = await visit(origin, "/enter", new Map());
  const page = await fetch(`${origin}/form`, { headers: { cookie: format(cookies) } });
  remember(page, cookies);
  const [, tokenName = "", token = ""] = /name="(csrf_token|_csrf)" value="([^"]*)"/.exec(await page.text()) ?? [];
  return {
    headers: {
      cookie: format(cookies),
      "content-type": "application/x-www-form-urlencoded",
      origin,
      "sec-fetch-site": "same-origin",
    },
    body: new URLSearchParams({ [tokenName]: token, title, body }).toString(),
  };
}

async function visit(origin, path, cookies) {
  const response = await fetch(origin + path);
  await response.arrayBuffer();
  return remember(response, cookies);
}

function remember(response, cookies) {
  for (const cookie of response.headers.getSetCookie()) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
    cookies.set(name, value);
  }
  return cookies;
}

function format(cookies) {
  return [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
}
