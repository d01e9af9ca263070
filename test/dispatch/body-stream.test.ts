import { get } from "node:http";
import { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { FlagonResponse, g, renderTemplateAsync, request, streamTemplate, streamTemplateString, TemplateNotFound } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp, createLiveApp, listen, waitUntil, writeFiles } from "../support";

/** Creates an app that streams one template of several. */
function createStreamer(files: Readonly<Record<string, string>>, data: () => object = () => ({})) {
  const app = createApp();
  app.templates.addFolder(writeFiles(files));
  app.route("/", () => streamTemplate("page", data()), { endpoint: "page" });
  return app;
}

/** Reads a response piece by piece. */
async function readPieces(response: Response): Promise<string[]> {
  const pieces: string[] = [];
  const decoder = new TextDecoder();
  for await (const piece of response.body ?? []) {
    pieces.push(decoder.decode(piece as Uint8Array, { stream: true }));
  }
  return pieces;
}

describe("cancelling the reader of a web Response", () => {
  it.each([
    ["while there is no next piece", 30, 0],
    ["during the teardown", 0, 30],
  ])("is no failure, and ends the request once: %s", async (_name, pause, teardownTime) => {
    const failures: unknown[] = [];
    const app = createLiveApp();
    app.route(
      "/",
      async function* () {
        yield "one";
        await wait(pause);
        if (pause > 0) {
          yield "two";
        }
      },
      { endpoint: "stream" },
    );
    app.teardownRequest(async (error) => {
      failures.push(error);
      await wait(teardownTime);
    });
    const reader = (await app.fetch(new Request("http://localhost/"))).body?.getReader();
    await reader?.read();
    const next = reader?.read();
    await wait(10);
    await reader?.cancel();
    expect((await next)?.done).toBe(true);
    await wait(40);
    expect(failures).toEqual([undefined]);
  });
});

describe("streamTemplate()", () => {
  it("sends the printed text before each wait, the layout's head first", async () => {
    let release: (value: string) => void = () => undefined;
    const app = createStreamer(
      {
        "page.eta": `<% layout("base", { title: "T" }) %><% block("head", () => { %><meta><% }) %>\n<p>before</p><p><%= await it.later %></p>after`,
        "base.eta": `<head><%= it.title %><%~ block("head") %></head><main><%~ it.body %></main>end`,
      },
      () => ({
        later: new Promise<string>((resolve) => {
          release = resolve;
        }),
      }),
    );
    const response = await app.testClient().get("/");
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const reader = response.body?.getReader();
    const decoder = new TextDecoder();
    let early = "";
    while (!early.endsWith("<p>before</p><p>")) {
      early += decoder.decode((await reader?.read())?.value, { stream: true });
    }
    expect(early).toBe("<head>T<meta></head><main><p>before</p><p>");
    release("<late>");
    let late = "";
    for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) {
      late += decoder.decode(next.value, { stream: true });
    }
    expect(late).toBe("&lt;late&gt;</p>after</main>end");
  });

  it("sends each turn of a loop that awaits", async () => {
    async function* items() {
      for (const item of [1, 2, 3]) {
        yield item;
      }
    }
    const app = createStreamer({ "page.eta": "<% for await (const item of it.items) { %>[<%= item %>]<% } %>." }, () => ({
      items: items(),
    }));
    expect(await readPieces(await app.testClient().get("/"))).toEqual(["[1]", "[2]", "[3]", "."]);
  });

  it("keeps the request's context, includes templates, and joins small pieces", async () => {
    const app = createStreamer({
      "page.eta": `<%= request.path %><%= include("part", { x: 1 }) %><%= await includeAsync("part", { x: 2 }) %><%= g.user %>`,
      "part.eta": "(<%= it.x %>)",
    });
    app.beforeRequest(() => {
      g.user = "ann";
    });
    expect((await readPieces(await app.testClient().get("/"))).join("")).toBe("/(1)(2)ann");
    const long = createStreamer({ "page.eta": "<% for (let i = 0; i < 5000; i++) { %><p><%= i %></p><% } %>" });
    const pieces = await readPieces(await long.testClient().get("/"));
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces.length).toBeLessThan(10);
    expect(pieces.join("")).toHaveLength(5000 * 7 + 18_890);
  });

  it("throws for a missing template before anything is sent, and for a late layout", async () => {
    const app = createStreamer({ "page.eta": `<p><%= await null %></p><% layout("base") %>`, "base.eta": "x" });
    app.route("/none", () => streamTemplate("none"), { endpoint: "none" });
    await expect(app.testClient().get("/none")).rejects.toThrow(TemplateNotFound);
    const live = createLiveApp();
    live.templates.addFolder(app.templates.folders.at(-1) ?? "");
    live.route("/", () => streamTemplate("page"), { endpoint: "page" });
    const response = await live.testClient().get("/");
    await expect(response.text()).rejects.toThrow("The layout comes too late");
  });

  it("takes a list of names, and text", async () => {
    const app = createStreamer({ "page.eta": "page" });
    app.route("/list", () => streamTemplate(["none", "page"]), { endpoint: "list" });
    app.route("/text", () => streamTemplateString("<%= await it.x %><%= request.path %>", { x: Promise.resolve("<") }), {
      endpoint: "text",
    });
    expect(await (await app.testClient().get("/list")).text()).toBe("page");
    expect(await (await app.testClient().get("/text")).text()).toBe("&lt;/text");
  });

  it("closes its iterators when the client leaves", async () => {
    let isClosed = false;
    async function* endless() {
      try {
        for (;;) {
          yield "x".repeat(1000);
        }
      } finally {
        isClosed = true;
      }
    }
    const app = createStreamer({ "page.eta": "<% for await (const part of it.parts) { %><%= part %><% } %>" }, () => ({
      parts: endless(),
    }));
    const response = await app.testClient().get("/");
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(isClosed).toBe(true);
  });
});

describe("renderTemplateAsync()", () => {
  it("waits inside of blocks and captures", async () => {
    const app = createApp();
    app.templates.addFolder(
      writeFiles({
        "page.eta": `<% layout("base") %><% await block("a", async () => { %>[<%= await it.x %>]<% }) %><% const c = await capture(async () => { %>{<%= await it.x %>}<% }) %><%= c %>`,
        "base.eta": `<%~ block("a") %><%= it.body %>`,
      }),
    );
    expect(await app.appContext(async () => (await renderTemplateAsync("page", { x: Promise.resolve("<") })).html)).toBe("[&lt;]{&lt;}");
  });
});

describe("a streamed body", () => {
  it("is ended if an after hook replaces it", async () => {
    const app = createApp();
    let ended = 0;
    const body = () => {
      const stream = Readable.from(["a"]);
      stream.once("close", () => ended++);
      return stream;
    };
    app.route("/replaced", body, { endpoint: "replaced" });
    app.afterRequest((response) => (request.path === "/replaced" ? new FlagonResponse(`was ${response.status}`) : undefined));
    expect(await (await app.testClient().get("/replaced")).text()).toBe("was 200");
    await wait(10);
    expect(ended).toBe(1);
  });

  it("calls back when it is sent, or the client has left", async () => {
    const app = createLiveApp();
    const closed: string[] = [];
    app.route(
      "/<kind>",
      ({ kind }) => {
        const response = new FlagonResponse(kind === "text" ? "text" : Readable.from(["a", "b"]));
        response.callOnClose(() => closed.push(`${kind} ${request.path}`));
        response.callOnClose(() => {
          throw new Error("is logged, and stops no other");
        });
        response.callOnClose(async () => closed.push("second"));
        return response;
      },
      { endpoint: "x" },
    );
    expect(await (await app.testClient().get("/text")).text()).toBe("text");
    expect(await (await app.testClient().get("/stream")).text()).toBe("ab");
    expect(closed).toEqual(["text /text", "second", "stream /stream", "second"]);
  });
});

describe("a stream with an item that cannot be sent", () => {
  it("is ended", async () => {
    const app = createLiveApp();
    const ended: string[] = [];
    app.route(
      "/<place>",
      async function* generate({ place }: { place: string }) {
        try {
          yield "a";
          yield 1;
          yield "b";
        } finally {
          ended.push(place);
        }
      },
      { endpoint: "stream" },
    );
    const { origin } = await listen(app.handler);
    await expect(fetch(`${origin}/node`).then((response) => response.text())).rejects.toThrow();
    const response = await app.fetch(new Request("http://localhost/fetch"));
    await expect(response.text()).rejects.toThrow("A stream gave a number");
    await waitUntil(() => ended.length === 2);
    expect(ended).toEqual(["node", "fetch"]);
  });
});

describe("a gigabyte", () => {
  it("is streamed with flat memory to a slow reader, and stops when the client leaves", async () => {
    const app = createLiveApp();
    const piece = Buffer.alloc(1024 * 1024, "x");
    let produced = 0;
    let isStopped = false;
    app.route(
      "/gigabyte",
      async function* gigabyte() {
        try {
          for (; produced < 1024; produced++) {
            yield piece;
          }
        } finally {
          isStopped = true;
        }
      },
      { endpoint: "gigabyte" },
    );
    const { port } = await listen(app.handler);
    const before = process.memoryUsage().rss;
    let most = before;
    let received = 0;
    await new Promise<void>((resolve, reject) => {
      const message = get({ port, path: "/gigabyte" }, (response) => {
        response.on("data", (chunk: Buffer) => {
          received += chunk.length;
          most = Math.max(most, process.memoryUsage().rss);
          if (received > 64 * 1024 * 1024) {
            message.destroy();
            resolve();
          } else if (received % (4 * 1024 * 1024) < chunk.length) {
            // A reader that stops for a while: the server is to wait for it.
            response.pause();
            setTimeout(() => response.resume(), 10);
          }
        });
      });
      message.on("error", reject);
    });
    await waitUntil(() => isStopped);
    expect(isStopped).toBe(true);
    // What was produced is what was read, and what lies in the buffers of the two sockets.
    expect(produced).toBeLessThan(96);
    expect(most - before).toBeLessThan(64 * 1024 * 1024);
  });

  it("is read whole by a fast reader, with flat memory", async () => {
    const app = createLiveApp();
    const piece = Buffer.alloc(1024 * 1024, "x");
    app.route(
      "/gigabyte",
      async function* gigabyte() {
        for (let produced = 0; produced < 1024; produced++) {
          yield piece;
        }
      },
      { endpoint: "gigabyte" },
    );
    const { port } = await listen(app.handler);
    const before = process.memoryUsage().rss;
    let most = before;
    let received = 0;
    await new Promise<void>((resolve, reject) => {
      get({ port, path: "/gigabyte" }, (response) => {
        response.on("data", (chunk: Buffer) => {
          if (Math.floor((received + chunk.length) / 16_777_216) > Math.floor(received / 16_777_216)) {
            most = Math.max(most, process.memoryUsage().rss);
          }
          received += chunk.length;
        });
        response.on("end", resolve);
      }).on("error", reject);
    });
    expect(received).toBe(1024 * 1024 * 1024);
    expect(most - before).toBeLessThan(128 * 1024 * 1024);
  });
});
