import { request } from "flagon";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createLiveApp, listen } from "../support";
import { exchange, statuses } from "./raw-socket";

const mebibyte = 1024 * 1024 - 1000;
/** Repeats a text up to about 1 MiB, or up to a length. */
const fill = (text: string, length = mebibyte) => text.repeat(Math.floor(length / text.length));

const multipart = "multipart/form-data; boundary=BOUND";
const part = 'Content-Disposition: form-data; name="a"\r\n\r\n';
const form = "application/x-www-form-urlencoded";

/** The bodies of 1 MiB that cost a reader the most: media type and content. */
const bodies: Readonly<Record<string, readonly [type: string, body: string]>> = {
  "JSON of brackets": ["application/json", fill("[")],
  "JSON of objects in objects": ["application/json", fill('{"a":')],
  "JSON of many small objects": ["application/json", `[${fill('{"a":1},')}1]`],
  "JSON of one text of escapes": ["application/json", `"${fill("\\u00e9")}"`],
  "JSON that breaks at its end": ["application/json", `[${fill("1,")}`],
  "JSON of objects that breaks at its end": ["application/json", `[${fill('{"a":"b"},')}`],
  "JSON of brackets that close": ["application/json", fill("[", mebibyte / 2) + fill("]", mebibyte / 2)],
  "JSON of brackets in text": ["application/json", `["${fill("[")}"]`],
  "JSON of one long number": ["application/json", fill("9")],
  "JSON of blanks": ["application/json", fill(" ")],
  "JSON of many names": ["application/json", `{${Array.from({ length: 60_000 }, (_, index) => `"k${index}":1`).join()}}`],
  "a form of 1,000 fields": [form, Array.from({ length: 1000 }, (_, index) => `f${index}=${"x".repeat(900)}`).join("&")],
  "a form of ampersands": [form, fill("&")],
  "a form of one field of escapes": [form, `a=${fill("%41", 450_000)}`],
  "a form of broken escapes": [form, `a=${fill("%4", 450_000)}`],
  "a form of a name of brackets": [form, `${fill("[a]", 400_000)}=1`],
  "a form of plus signs": [form, `a=${fill("+", 450_000)}`],
  "a part of near boundaries": [multipart, `--BOUND\r\n${part}${fill("\r\n--BOUNx", 450_000)}\r\n--BOUND--\r\n`],
  "a file of near boundaries": [multipart, `--BOUND\r\n${part.replace('"a"', '"a"; filename="f"')}${fill("\r\n--BOUN")}\r\n--BOUND--\r\n`],
  "1,000 parts": [multipart, `${`--BOUND\r\n${part}${"x".repeat(800)}\r\n`.repeat(1000)}--BOUND--\r\n`],
  "a head of a part of parameters": [
    multipart,
    `--BOUND\r\nContent-Disposition: form-data; name="a"${fill(";x=y", 7000)}\r\n\r\nx\r\n--BOUND--\r\n`,
  ],
  "line ends before the first boundary": [multipart, `${fill("\r\n")}--BOUND--\r\n`],
};

/** The heads of nearly 16 KiB that cost a reader the most. */
const heads: Readonly<Record<string, string>> = {
  "cookies of one letter": `Cookie: ${fill("a=b; ", 15_000)}`,
  "a cookie of quotes": `Cookie: a=${fill('"\\', 15_000)}`,
  "accepted types": `Accept: ${fill("a/b;q=0.5,", 15_000)}`,
  "accepted languages": `Accept-Language: ${fill("en-x;q=0.001,", 15_000)}`,
  "entity tags": `If-None-Match: ${fill('"a",', 15_000)}`,
  ranges: `Range: bytes=${fill("0-0,", 15_000)}`,
  "forwarded addresses": `X-Forwarded-For: ${fill("1.2.3.4, ", 15_000)}`,
  directives: `Cache-Control: ${fill("a=b,", 15_000)}`,
  "parameters of a type": `Content-Type: text/plain${fill(";a=b", 15_000)}`,
  "an Authorization of blanks": `Authorization: Digest ${fill(" ,", 15_000)}`,
};

const schema = z.object({ a: z.unknown() }).catchall(z.unknown());

function createReader() {
  const app = createLiveApp();
  app.config.update({ trustProxy: 2 });
  const view = async () => {
    void [request.cookies, request.accepts.types, request.accepts.languages, request.ifNoneMatch, request.range, request.cacheControl];
    void [request.mimeTypeParameters, request.authorization, request.remoteAddress, request.query.size];
    if (request.method === "POST") {
      return `${request.isJson ? typeof (await request.json()) : (await request.form()).size}`;
    }
    return "read";
  };
  app.route("/", view, { endpoint: "read", methods: ["GET", "POST"] });
  app.route("/checked", async () => `${Object.keys(await request.json({ schema })).length}`, { endpoint: "checked", methods: ["POST"] });
  return app;
}

/** Measures the processor time of an answer, in milliseconds: the loop cannot stand still for longer. The least of some rounds. */
async function measure(port: number, bytes: string): Promise<readonly [time: number, status: number | undefined]> {
  let [least, status] = [Number.POSITIVE_INFINITY, undefined as number | undefined];
  for (let round = 0; round < 5 && least > 50; round++) {
    const before = process.cpuUsage();
    [status] = statuses(await exchange(port, bytes));
    const { system, user } = process.cpuUsage(before);
    least = Math.min(least, (system + user) / 1000);
  }
  return [least, status];
}

describe("no request of 1 MiB takes 100 ms of the processor", () => {
  it.each(Object.keys(bodies))("as a body: %s", async (name) => {
    const { port } = await listen(createReader().handler);
    const [type = "", body = ""] = bodies[name] ?? [];
    for (const path of type === "application/json" ? ["/", "/checked"] : ["/"]) {
      const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
      const [time, status] = await measure(port, head + body);
      expect(status).toBeLessThan(500);
      expect(time).toBeLessThan(100);
    }
  });

  it.each(Object.keys(heads))("as a head: %s", async (name) => {
    const { port } = await listen(createReader().handler);
    const [time, status] = await measure(port, `GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${heads[name]}\r\n\r\n`);
    expect(status).toBeLessThan(500);
    expect(time).toBeLessThan(100);
  });

  it.each(["a=1&", "%41", "%", "&", "a[]=&", "+"])("as a query of %j", async (text) => {
    const { port } = await listen(createReader().handler);
    const [time, status] = await measure(port, `GET /?${fill(text, 8000)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(status).toBeLessThan(500);
    expect(time).toBeLessThan(100);
  });
});
