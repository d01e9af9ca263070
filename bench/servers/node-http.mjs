/* What one would write by hand on node:http alone: the measure of all others. */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import busboy from "busboy";
import { openDatabases } from "./databases.mjs";
import { dashboard, form, fortunes, people } from "./pages.mjs";
import { listErrors, NewPost, PostForm } from "./schemas.mjs";
import { always, announce, notFound, rows, sendEvents, sign, staticFolder, unsign, withHtml } from "./shared.mjs";

const databases = new Map(openDatabases().map((database) => [database.kind, database]));
const server = createServer((request, response) => {
  const { method, url } = request;
  if (method === "GET") {
    if (url === "/") {
      return html(response, 200, "Hello, world!");
    }
    if (url === "/page") {
      return html(response, 200, people(rows));
    }
    if (url === "/enter") {
      return html(response, 200, "", { "set-cookie": cookie({ user: "Ann", flashes: ["Saved <1>."] }) });
    }
    if (url === "/dashboard") {
      const { flashes = [], ...session } = readSession(request);
      return html(response, 200, dashboard(session.user ?? "", flashes), { "set-cookie": cookie(session), vary: "cookie" });
    }
    if (url === "/form") {
      const session = readSession(request);
      session.csrf ??= randomBytes(16).toString("hex");
      return html(response, 200, form({ token: session.csrf, values: {}, errors: {} }), { "set-cookie": cookie(session), vary: "cookie" });
    }
    if (url === "/events") {
      return streamEvents(response);
    }
    if (url.startsWith("/static/")) {
      return sendFile(response, url.slice("/static/".length));
    }
    const found = databases.size === 0 ? null : /^\/(?:api\/(libsql|postgres)\/rows\/(\d+)|fortunes\/(libsql|postgres))$/.exec(url);
    if (found !== null) {
      return answerRows(response, databases.get(found[1] ?? found[3]), found[2]);
    }
    const match = /^\/users\/(\d+)$/.exec(url);
    if (match !== null) {
      return json(response, 200, { id: Number(match[1]), name: "Ann", roles: ["admin", "author"] });
    }
  } else if (method === "POST") {
    if (url === "/form") {
      return post(request, response);
    }
    if (url === "/api/posts") {
      return create(request, response);
    }
    if (url === "/upload") {
      return upload(request, response);
    }
    const kind = databases.size === 0 ? undefined : /^\/api\/(libsql|postgres)\/updates$/.exec(url)?.[1];
    if (kind !== undefined) {
      return databases
        .get(kind)
        .updateRows()
        .then((result) => json(response, 200, result));
    }
  }
  return html(response, 404, notFound, { "cache-control": "no-store" });
});
server.listen(0, "127.0.0.1", () => announce(server));

function html(response, status, body, headers) {
  response.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    ...withHtml,
    ...headers,
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}

function json(response, status, value) {
  const body = JSON.stringify(value);
  response.writeHead(status, { "content-type": "application/json", ...always, "content-length": Buffer.byteLength(body) });
  response.end(body);
}

function cookie(session) {
  return `session=${sign(session)}; Path=/; HttpOnly; SameSite=Lax`;
}

function readSession(request) {
  const match = /(?:^|; )session=([^;]*)/.exec(request.headers.cookie ?? "");
  return match === null ? {} : unsign(match[1]);
}

async function read(request) {
  const chunks = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

async function post(request, response) {
  const values = Object.fromEntries(new URLSearchParams(await read(request)));
  const session = readSession(request);
  const [given, expected] = [Buffer.from(values.csrf_token ?? ""), Buffer.from(session.csrf ?? "")];
  if (expected.length === 0 || given.length !== expected.length || !timingSafeEqual(given, expected)) {
    return html(response, 403, "Forbidden");
  }
  const result = PostForm.safeParse(values);
  if (result.success) {
    const flashes = [...(session.flashes ?? []), `Saved ${result.data.title}.`];
    const headers = { location: "/dashboard", "set-cookie": cookie({ ...session, flashes }), vary: "cookie" };
    return html(response, 303, "", headers);
  }
  const page = form({ token: session.csrf, values, errors: listErrors(result.error) });
  return html(response, 422, page, { "cache-control": "no-store", vary: "cookie" });
}

async function answerRows(response, database, id) {
  if (id === undefined) {
    return html(response, 200, fortunes(await database.listFortunes()));
  }
  return json(response, 200, await database.findRow(Number(id)));
}

async function create(request, response) {
  const result = NewPost.safeParse(JSON.parse(await read(request)));
  return result.success ? json(response, 201, { ...result.data, id: 1 }) : json(response, 422, listErrors(result.error));
}

async function sendFile(response, name) {
  const path = join(staticFolder, name);
  const { mtime, size } = await stat(path);
  response.writeHead(200, {
    "content-type": name.endsWith(".txt") ? "text/plain; charset=utf-8" : "application/octet-stream",
    "content-length": size,
    "last-modified": mtime.toUTCString(),
    etag: `W/"${size.toString(16)}-${mtime.getTime().toString(16)}"`,
    "cache-control": "no-cache",
    ...always,
  });
  // A client that leaves is no reason to end.
  return pipeline(createReadStream(path), response).catch(() => undefined);
}

function streamEvents(response) {
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store", ...always });
  sendEvents(response);
}

function upload(request, response) {
  const parser = busboy({ headers: request.headers });
  parser.once("file", (_name, file, { filename }) => {
    const path = join(tmpdir(), `upload-${randomBytes(8).toString("hex")}`);
    let size = 0;
    file.on("data", (chunk) => {
      size += chunk.length;
    });
    pipeline(file, createWriteStream(path))
      .then(() => rm(path))
      .then(() => json(response, 200, { filename, size }));
  });
  request.pipe(parser);
}
