import { createServer } from "node:http";
import { always, report, withHtml } from "./headers.mjs";

const server = createServer((request, response) => {
  const { method, url } = request;
  if (method === "GET" && url === "/") {
    const body = "Hello, world!";
    response.writeHead(200, { "content-type": "text/html; charset=utf-8", ...withHtml, "content-length": Buffer.byteLength(body) });
    response.end(body);
    return;
  }
  const match = method === "GET" ? /^\/users\/(\d+)$/.exec(url) : null;
  if (match !== null) {
    const body = JSON.stringify({ id: Number(match[1]), name: "Ann", roles: ["admin", "author"] });
    response.writeHead(200, { "content-type": "application/json", ...always, "content-length": Buffer.byteLength(body) });
    response.end(body);
    return;
  }
  response.writeHead(404, { "content-type": "text/html; charset=utf-8", ...withHtml, "content-length": 9 });
  response.end("Not Found");
});
server.listen(0, "127.0.0.1", () => report(server));
