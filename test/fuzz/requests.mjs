const names = [
  "name",
  "a",
  "a.b",
  "a[0]",
  "list[]",
  "__proto__",
  "constructor.prototype",
  "é",
  "",
  "_method",
  "csrf_token",
  "x".repeat(300),
];
const values = [
  "Ann",
  "",
  "1",
  "-1",
  "true",
  "é日本",
  "a b+c&d=e",
  "%00",
  "%",
  "\u0000",
  "..",
  "<script>",
  "'; --",
  "y".repeat(2000),
  "\r\nX: y",
  "🎉",
];
const segments = [
  "",
  "page",
  "form",
  "upload",
  "json",
  "stream",
  "text",
  "static",
  "file.txt",
  "..",
  ".",
  "%2e%2e",
  "%2f",
  "%",
  "%ff",
  "%00",
  "7",
  "none",
  "session",
];
const routes = [
  "/",
  "/form",
  "/upload",
  "/json",
  "/text",
  "/stream",
  "/session",
  "/static/file.txt",
  "/slow",
  "/file",
  "/static/../x",
  "/items/7",
  "/none",
  "/fail",
];
const headerNames = [
  "X-A",
  "Cookie",
  "Accept",
  "Range",
  "If-None-Match",
  "If-Modified-Since",
  "Origin",
  "Referer",
  "X-Forwarded-For",
  "X-Forwarded-Host",
  "Accept-Encoding",
  "Authorization",
  "Content-Encoding",
  "Expect",
  "Connection",
  "Host",
  "Content-Type",
  "Content-Length",
  "Transfer-Encoding",
  "Sec-Fetch-Site",
];
const headerValues = [
  "1",
  "",
  "text/html",
  "*/*;q=0.1,application/json",
  "bytes=0-3",
  "bytes=-1",
  "bytes=5-2,7-",
  '"x"',
  'W/"x"',
  "Wed, 21 Oct 2026 07:28:00 GMT",
  "http://evil.example",
  "null",
  "127.0.0.1, 1.2.3.4:5",
  "gzip, deflate;q=0",
  "Basic YTpi",
  "Bearer x",
  "gzip",
  "100-continue",
  "close",
  "keep-alive",
  "chunked",
  "gzip, chunked",
  "session=eyJhIjoxfQ.x.y; a=b",
  "=; ;;",
  "é",
  "a".repeat(500),
  "cross-site",
  "same-origin",
];
const types = [
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=B",
  "application/json",
  "text/plain",
  "application/json; charset=utf-7",
  "multipart/form-data",
  "multipart/form-data; boundary=",
  "x",
  "application/x-www-form-urlencoded; charset=latin1",
];

function makePath({ below, chance, pick }) {
  const path = chance(0.7) ? pick(routes) : `/${Array.from({ length: 1 + below(4) }, () => pick(segments)).join("/")}`;
  return chance(0.3) ? `${path}?${encodeURIComponent(pick(names))}=${encodeURI(pick(values).replace(/[^\x21-\x7e]/gu, "_"))}` : path;
}

function makeParts(random) {
  const { below, chance, pick } = random;
  const parts = Array.from({ length: below(4) }, () => {
    const filename = chance(0.5) ? `; filename="${pick(["f.txt", "", "../x", "é", 'a"b'])}"` : "";
    const content = chance(0.1) ? "\r\n--BO".repeat(below(200)) : "z".repeat(below(chance(0.1) ? 40_000 : 60));
    return `--B\r\nContent-Disposition: form-data; name="${pick(names)}"${filename}\r\n${chance(0.3) ? "Content-Type: text/plain\r\n" : ""}\r\n${content}\r\n`;
  });
  return `${parts.join("")}--B--\r\n`;
}

function makeBody(type, random) {
  const { below, chance, pick } = random;
  if (type.startsWith("multipart")) {
    return makeParts(random);
  }
  if (type.startsWith("application/json")) {
    return chance(0.2) ? "[".repeat(below(300)) : JSON.stringify({ [pick(names)]: pick(values), nested: [{ deep: below(9) }] });
  }
  return Array.from({ length: below(5) }, () => `${encodeURIComponent(pick(names))}=${encodeURIComponent(pick(values))}`).join("&");
}

/** Makes a request that is well-formed, by a grammar, with a number by which its answer can be told. */
export function makeRequest(random, number, isPlain, path = makePath(random)) {
  const { below, chance, pick } = random;
  const method = pick(["GET", "GET", "POST", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]);
  const headers = ["Host: localhost", `X-Number: ${number}`];
  if (!isPlain) {
    for (let count = below(4); count > 0; count--) {
      headers.push(`${pick(headerNames)}: ${pick(headerValues)}`);
    }
  }
  let body = "";
  if (method !== "GET" && method !== "OPTIONS" && chance(0.8)) {
    const type = isPlain ? pick(types.slice(0, 4)) : pick(types);
    body = makeBody(type, random);
    headers.push(`Content-Type: ${type}`);
    if (chance(0.3)) {
      headers.push("Transfer-Encoding: chunked");
      const middle = below(Buffer.byteLength(body) + 1);
      const bytes = Buffer.from(body, "utf8").toString("latin1");
      const chunks = [bytes.slice(0, middle), bytes.slice(middle)].filter((chunk) => chunk !== "");
      return Buffer.from(
        `${method} ${path} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join("")}0\r\n\r\n`,
        "latin1",
      );
    }
    headers.push(`Content-Length: ${Buffer.byteLength(body)}`);
  }
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`, "latin1"), Buffer.from(body, "utf8")]);
}

/** Changes some bytes of a request: one is replaced, dropped, doubled or put in, or a piece is cut, repeated or moved. */
export function mutate(bytes, { below, chance, pick }) {
  let changed = bytes;
  for (let count = 1 + below(3); count > 0; count--) {
    const place = below(changed.length);
    const [head, tail] = [changed.subarray(0, place), changed.subarray(place)];
    const piece = tail.subarray(0, below(30));
    switch (below(6)) {
      case 0:
        changed = Buffer.concat([
          head,
          Buffer.from([chance(0.5) ? below(256) : pick([0, 9, 10, 13, 32, 34, 37, 58, 59, 92, 127, 255])]),
          tail.subarray(1),
        ]);
        break;
      case 1:
        changed = Buffer.concat([head, tail.subarray(1)]);
        break;
      case 2:
        changed = Buffer.concat([
          head,
          Buffer.from(pick(["\r\n", "\n", ":", " ", "\t", "%", ";", ",", "--B", "0\r\n\r\n", "\u0000"])),
          tail,
        ]);
        break;
      case 3:
        changed = Buffer.concat([head, tail.subarray(piece.length)]);
        break;
      case 4:
        changed = Buffer.concat([head, piece, piece, tail.subarray(piece.length)]);
        break;
      default:
        changed = chance(0.3) ? head : Buffer.concat([tail, head]);
    }
    if (changed.length === 0) {
      return bytes;
    }
  }
  return changed;
}
