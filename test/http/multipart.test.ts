import { readdir } from "node:fs/promises";
import { connect } from "node:net";
import fc from "fast-check";
import { request, UploadedFile } from "flagon";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { MultipartParser } from "../../src/http/request/multipart-parser";
import { createApp, createLiveApp, listen, waitUntil, writeFiles } from "../support";

type Part = readonly [head: string, content: string];

/** Parses a body that comes in pieces, which end at the given places. */
function parse(body: Buffer, cuts: readonly number[]): unknown[] {
  const parts: { name: string; filename: string | undefined; content: string }[] = [];
  const parser = new MultipartParser("B", ({ filename, name }) => {
    const pieces: Buffer[] = [];
    return {
      // Copied, since a sink may not keep a piece.
      write: (bytes) => void pieces.push(Buffer.from(bytes)),
      end: () => parts.push({ name, filename, content: Buffer.concat(pieces).toString("latin1") }),
    };
  });
  const places = [0, ...[...cuts].sort((left, right) => left - right), body.length];
  for (let index = 1; index < places.length; index++) {
    parser.write(body.subarray(places[index - 1], places[index]));
  }
  parser.end();
  return parts;
}

/** Parses or gives the message of the error. */
function tryToParse(body: Buffer, cuts: readonly number[] = []): unknown {
  try {
    return parse(body, cuts);
  } catch (error) {
    return error instanceof Error ? error.message : error;
  }
}

/** A plain reference: it splits a whole body by one regular expression. */
function parsePlainly(body: string): unknown[] {
  const pieces = `\r\n${body}`.split(/\r\n--B(?:--)?[ \t]*(?:\r\n|$)/);
  return pieces.slice(1, -1).map((piece) => {
    const [, head = "", content = ""] = /^(.*?)\r\n\r\n(.*)$/s.exec(piece) ?? [];
    const [, name] = /name="([^"]*)"/.exec(head) ?? [];
    return { name, filename: /filename="([^"]*)"/.exec(head)?.[1], content };
  });
}

function compose(parts: readonly Part[], boundary = "B"): Buffer {
  const all = parts.map(([head, content]) => `--${boundary}\r\n${head}\r\n\r\n${content}\r\n`).join("");
  return Buffer.from(`${all}--${boundary}--\r\n`, "latin1");
}

const field = (name: string) => `Content-Disposition: form-data; name="${name}"`;
const nearMisses = ["\r\n", "\r\n-", "\r\n--", "\r\n--b", "--B", "-", "\r", "\n", "\r\n\r\n", "x", "\r\r\n", "--", "\r\n--A--\r\n"];

describe("MultipartParser", () => {
  it("gives the same form as a plain reference parser, for any pieces of the body", () => {
    const body = compose([
      [field("a"), "1"],
      [`${field("f")}; filename="f.bin"\r\nContent-Type: a/b`, "\r\n--\r\n-B\r\n--A\r\n"],
      [field("empty"), ""],
      [field("b"), "x--B"],
    ]);
    const expected = parsePlainly(body.toString("latin1"));
    expect(parse(body, [])).toEqual(expected);
    const everywhere = Array.from(body, (_, index) => index);
    expect(parse(body, everywhere)).toEqual(expected);
    for (const first of everywhere) {
      expect(parse(body, [first])).toEqual(expected);
      for (const second of everywhere.slice(first, first + 12)) {
        expect(parse(body, [first, second])).toEqual(expected);
      }
    }
  });

  it("reads back any content, in any pieces", () => {
    const content = fc
      .array(fc.oneof(fc.constantFrom(...nearMisses), fc.string({ unit: "binary-ascii", maxLength: 3 })), { maxLength: 20 })
      .map((pieces) => pieces.join(""))
      .filter((text) => !/(?:^|[\r\n])--B/.test(text));
    fc.assert(
      fc.property(fc.array(content, { maxLength: 4 }), fc.array(fc.nat(), { maxLength: 8 }), (contents, cuts) => {
        const body = compose(contents.map((text, index): Part => [field(String(index)), text]));
        expect(
          parse(
            body,
            cuts.map((cut) => cut % (body.length + 1)),
          ),
        ).toEqual(contents.map((text, index) => ({ name: String(index), filename: undefined, content: text })));
      }),
    );
  });

  it("accepts or refuses a changed byte the same way, in any pieces", () => {
    const whole = compose([
      [field("first"), "1\r\n-"],
      [field("second"), "2"],
    ]);
    const interesting = ["\r", "\n", "-", "B", " ", "\t", ":", ";", '"', "x", "\0"].map((character) => character.charCodeAt(0));
    fc.assert(
      fc.property(
        fc.nat(),
        fc.constantFrom(...interesting),
        fc.nat({ max: 2 }),
        fc.array(fc.nat(), { maxLength: 5 }),
        (place, byte, kind, cuts) => {
          const index = place % whole.length;
          const rest = whole.subarray(kind === 2 ? index : index + 1);
          const body = Buffer.concat([whole.subarray(0, index), Buffer.from(kind === 0 ? [] : [byte]), rest]);
          const result = tryToParse(body);
          expect(
            tryToParse(
              body,
              cuts.map((cut) => cut % (body.length + 1)),
            ),
          ).toEqual(result);
          // Nothing is lost: there are two parts, or the text of the second is in the first, or the first boundary is none.
          const isWhole = Array.isArray(result) && (result.length === 2 || JSON.stringify(result).includes("second"));
          expect(typeof result === "string" || isWhole || index < 5).toBe(true);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it("takes linear time for bodies that nearly hold boundaries", () => {
    const start = performance.now();
    for (const piece of ["\r\n--", "--B", "\r\n", "\n-", "-"]) {
      const body = compose([[field("a"), `x${`${piece}x`.repeat(500_000)}`]]);
      expect(tryToParse(body)).toHaveLength(1);
    }
    for (const head of [`X-A:${" ".repeat(8000)}x`, `Content-Disposition: form-data${" ;".repeat(4000)}`, "\r\n ".repeat(2000)]) {
      expect(tryToParse(compose([[head, "x"]]))).toContain("malformed");
    }
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

/** Sends a body by the test client, and tells the form or the status. */
async function send(body: string | Buffer, type = "multipart/form-data; boundary=B", config = {}) {
  const app = createApp({ config });
  const view = async () =>
    [...(await request.form())].map(([name, value]) => [
      name,
      typeof value === "string" ? value : [value.filename, value.type, value.size],
    ]);
  app.route("/", view, { methods: ["POST"], endpoint: "form" });
  const response = await app.testClient().post("/", { body, headers: { "content-type": type } });
  return response.status === 200 ? await response.json() : response.status;
}

const one = (head: string, content = "1") => compose([[head, content]]);

describe("a multipart form", () => {
  it.each<[string, string | Buffer, unknown]>([
    ["no part", "--B--\r\n", []],
    ["no line end after its last boundary", "--B--", []],
    ["text before and after its boundaries", `before\r\n${one(field("a"))}after`, [["a", "1"]]],
    ["a line end before its first boundary", `\r\n${one(field("a"))}`, [["a", "1"]]],
    ["blanks after its boundaries", "--B \t\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--B-- \r\n", [["a", "1"]]],
    ["a part without content", "--B\r\nContent-Disposition: form-data; name=a\r\n\r\n--B--", [["a", ""]]],
    ["a folded head", one('Content-Disposition: form-data;\r\n name="a"'), [["a", "1"]]],
    ["names in any case", one('content-DISPOSITION: Form-Data; NAME="a"'), [["a", "1"]]],
    ["33 headers in a part", one(`${"X-A: b\r\n".repeat(33)}${field("a")}`), [["a", "1"]]],
    ["an escaped quote, as browsers write it", one(field("a %22b%22 %0d%0A%41")), [['a "b" \r\n%41', "1"]]],
    ["an escaped quote, as curl writes it", one('Content-Disposition: form-data; name="a \\"b\\" \\\\"'), [['a "b" \\', "1"]]],
    ["a backslash before a quote, as browsers write it", one(`${field("a\\")}; filename="b\\c\\"`), [["a\\", ["", "text/plain", 1]]]],
    ["a name in UTF-8", one(Buffer.from(field("ä日")).toString("latin1")), [["ä日", "1"]]],
    ["an extended name", one("Content-Disposition: form-data; name*=UTF-8''a%20%C3%A4"), [["a ä", "1"]]],
    ["a file with both of its names", one(`${field("f")}; filename="x"; filename*=utf-8''%C3%A4.txt`), [["f", ["ä.txt", "text/plain", 1]]]],
    ["a file with a path of Windows", one(`${field("f")}; filename="C:\\dir\\a.txt"`), [["f", ["a.txt", "text/plain", 1]]]],
    ...[".", "..", "a/..", "c:\\\\.."].map((name): [string, string | Buffer, unknown] => [
      `a file that is called '${name}', which is no name`,
      one(`${field("f")}; filename="${name}"`, "abc"),
      [["f", ["", "text/plain", 3]]],
    ]),
    ["a file with a quote in its name", one(`${field("f")}; filename="a %22b%22.txt"`), [["f", ['a "b".txt', "text/plain", 1]]]],
    ["a file whose name has a line end", one(`${field("f")}; filename="a%0D%0Ab.txt"`), [["f", ["ab.txt", "text/plain", 1]]]],
    ["bytes without a file's name, which are text", one(`${field("a")}\r\nContent-Type: application/octet-stream`), [["a", "1"]]],
    ["Latin-1 that says so", one(`${field("a")}\r\nContent-Type: text/plain; charset=iso-8859-1`, "\xe4"), [["a", "ä"]]],
    ["a name of 1,024 bytes", one(field("n".repeat(1024))), [["n".repeat(1024), "1"]]],
  ])("is accepted with %s", async (_, body, expected) => {
    const bytes = typeof body === "string" ? Buffer.from(body, "latin1") : body;
    expect(await send(bytes)).toEqual(expected);
  });

  it.each<[string, number, string | Buffer]>([
    ["no bytes", 400, ""],
    ["another boundary", 400, compose([[field("a"), "1"]], "C")],
    ["no last boundary", 400, "--B\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n"],
    ["no end of its last boundary", 400, "--B\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--B-"],
    ["half a head", 400, "--B\r\nContent-Disposition: form"],
    ["a part without a head", 400, `--B\r\n\r\n${"z".repeat(17_000)}\r\n--B--\r\n`],
    ["a head without a disposition", 400, one("X-A: b", "z".repeat(17_000))],
    ["a head with a line that is no header", 400, one(`${field("a")}\r\nnonsense`)],
    ["a header with blanks before its colon", 400, one('Content-Disposition : form-data; name="a"')],
    ["a null character in a head", 400, one(`${field("a")}\r\nX-A: \0`)],
    ["another disposition", 400, one('Content-Disposition: attachment; name="a"')],
    ["an empty disposition", 400, one("Content-Disposition:")],
    ["two dispositions", 400, one(`${field("a")}\r\n${field("b")}`)],
    ["two types of a part", 400, one(`${field("a")}\r\nContent-Type: a/b\r\nContent-Type: c/d`)],
    ["no name", 400, one("Content-Disposition: form-data")],
    ["two names", 400, one(`${field("a")}; name="b"`)],
    ["a name in both forms", 400, one(`${field("a")}; name*=utf-8''b`)],
    ["two file names", 400, one(`${field("a")}; filename="b"; filename="c"`)],
    ["a file name in pieces", 400, one(`${field("a")}; filename*0="b"; filename*1="c"`)],
    ["a name that is not closed", 400, one('Content-Disposition: form-data; name="a')],
    ["a name with a raw line end", 400, one('Content-Disposition: form-data; name="a\r\nb"')],
    ["an extended name that is malformed", 400, one("Content-Disposition: form-data; name*=utf-8''%ff")],
    ["a head that is not UTF-8", 400, one(field("\xff"))],
    ["text that is not UTF-8", 400, one(field("a"), "\xff")],
    ["single line feeds", 400, one(field("a")).toString().replaceAll("\r\n", "\n")],
    ["single carriage returns", 400, one(field("a")).toString().replaceAll("\r\n", "\r")],
    ["a line feed before a boundary", 400, one(field("a"), "1\n--B\r\nContent-Disposition: form-data; name=b\r\n\r\n2")],
    ["a carriage return before a boundary", 400, one(field("a"), "1\r--B\r\nContent-Disposition: form-data; name=b\r\n\r\n2")],
    ["a line feed in a head", 400, one(`X-A: b\n${field("a")}`)],
    ["a boundary with more behind it", 400, one(field("a"), "1\r\n--BC")],
    ["a boundary with a dash behind it", 400, one(field("a"), `1\r\n--B-\r\n${field("b")}\r\n\r\n2`)],
    ["a last boundary with more behind it", 400, one(field("a")).toString().replace("--B--", "--B--x")],
    ["a part after its last boundary", 400, `${one(field("a"))}${one(field("b"))}`],
    ["base64", 415, one(`${field("a")}\r\nContent-Transfer-Encoding: base64`)],
    ["text in another charset", 415, one(`${field("a")}\r\nContent-Type: text/plain; charset=utf-16`)],
    ["a head over 8 KiB", 413, one(`X-A: ${"b".repeat(9000)}\r\n${field("a")}`)],
    ["a head that does not end", 413, `--B\r\n${"X-A: b\r\n".repeat(3000)}`],
    ["a name over 1,024 bytes", 413, one(field("n".repeat(1025)))],
  ])("is refused with %s: %i", async (_, status, body) => {
    const bytes = typeof body === "string" ? Buffer.from(body, "latin1") : body;
    expect(await send(bytes)).toBe(status);
  });

  it.each(["multipart/form-data; boundary=B", 'multipart/form-data; boundary="B"', "Multipart/Form-Data ; Charset=utf-8 ;; BOUNDARY = B"])(
    "has the boundary of its type: %s",
    async (type) => {
      expect(await send(one(field("a")), type)).toEqual([["a", "1"]]);
    },
  );

  it.each([
    ["multipart/form-data", 400],
    ["multipart/form-data; boundary=", 400],
    ['multipart/form-data; boundary=""', 400],
    [`multipart/form-data; boundary=${"B".repeat(71)}`, 400],
    ["multipart/form-data; boundary=B; boundary=B", 400],
    ["multipart/form-data; boundary=B; boundary=C", 400],
    ['multipart/form-data; boundary="B', 400],
    ['multipart/form-data; boundary="B "', 400],
    ["multipart/form-data; boundary=B\tC", 400],
    ["multipart/form-data; boundary=B\xe4", 400],
    ["multipart/form-data; boundary=B*", 400],
    ["multipart/form-data, boundary=B", 400],
    ["multipart/form-data; charset=utf-16; boundary=B", 415],
  ])("is refused by its type '%s': %i", async (type, status) => {
    expect(await send(one(field("a")), type)).toBe(status);
  });

  it("can have boundaries of 70 characters and of all kinds", async () => {
    for (const boundary of ["B".repeat(70), "----WebKitFormBoundary7MA4YWxkTrZu0gW", "a'()+_,-./:=? b", "--", "-"]) {
      expect(await send(compose([[field("a"), "1"]], boundary), `multipart/form-data; boundary="${boundary}"`)).toEqual([["a", "1"]]);
    }
  });

  it("reads back every name, text and file that a client of the web sends", async () => {
    const app = createApp();
    const view = async () =>
      [...(await request.form())].map(([name, value]) => [name, typeof value === "string" ? value : [value.filename, value.size]]);
    app.route("/", view, { methods: ["POST"], endpoint: "form" });
    const text = fc
      .array(fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom('"', "\r", "\n", "\r\n", "\\", "%22", ";", "=", "--", " ")))
      .map((all) => all.join(""));
    // The web sends line ends as CRLF, and of a file the base name without control characters arrives.
    const toLines = (value: string) => value.replace(/\r\n|\r|\n/g, "\r\n").replaceAll("%22", '"');
    const toName = (value: string) =>
      toLines(value)
        .replace(/^.*[/\\]/s, "")
        .replace(/[\0-\x1f\x7f]/g, "");
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(text, text, fc.boolean()), { maxLength: 4 }), async (fields) => {
        fc.pre(
          fields.every(
            ([name, value, isFile]) =>
              !/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(name + value) &&
              Buffer.byteLength(toLines(name)) <= 1024 &&
              // Two backslashes are one for clients that escape them.
              !(name + value).includes("\\\\") &&
              // A file without a name is sent as text by Node's client.
              (!isFile || value !== ""),
          ),
        );
        const form = new FormData();
        for (const [name, value, isFile] of fields) {
          form.append(name, isFile ? new File(["12345"], value) : value);
        }
        const expected = fields.map(([name, value, isFile]) => [
          toLines(name),
          isFile ? [[".", ".."].includes(toName(value)) ? "" : toName(value), 5] : value.replace(/\r\n|\r|\n/g, "\r\n"),
        ]);
        const response = await app.fetch(new Request("http://localhost/", { method: "POST", body: form }));
        expect(await response.json()).toEqual(expected);
      }),
    );
  });

  it("leaves no temporary file when a later part is malformed", async () => {
    const folder = writeFiles({});
    vi.stubEnv("TMPDIR", folder);
    onTestFinished(() => void vi.unstubAllEnvs());
    for (const last of ["X-A: b\r\n\r\nx", "\r\nx", "nonsense", `X-A: ${"b".repeat(9000)}`]) {
      const body = `--B\r\n${field("f")}; filename="f"\r\n\r\n${"x".repeat(300_000)}\r\n--B\r\n${last}\r\n--B--\r\n`;
      expect([400, 413]).toContain(await send(Buffer.from(body), undefined, { uploadSpoolSize: 1000 }));
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it("leaves no file when its client leaves within a part", async () => {
    const folder = writeFiles({});
    vi.stubEnv("TMPDIR", folder);
    onTestFinished(() => void vi.unstubAllEnvs());
    const app = createLiveApp();
    app.config.update({ uploadSpoolSize: 1000 });
    const ends: string[] = [];
    app.teardownRequest(() => void ends.push("torn down"));
    app.route("/", async () => String((await request.form()).get("f") instanceof UploadedFile), { methods: ["POST"], endpoint: "form" });
    const { port } = await listen(app.handler);
    const socket = connect(port, "127.0.0.1");
    const head = `--B\r\n${field("f")}; filename="f"\r\n\r\n`;
    socket.write(
      `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=B\r\nContent-Length: 3000000\r\n\r\n${head}${"x".repeat(500_000)}`,
    );
    for (let round = 0; round < 200 && (await readdir(folder)).length === 0; round++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(await readdir(folder)).toHaveLength(1);
    socket.destroy();
    await waitUntil(() => ends.length > 0);
    expect([ends, await readdir(folder)]).toEqual([["torn down"], []]);
  });
});
