import { FlagonResponse, makeResponse, request } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp } from "../support";

describe("response.cacheControl", () => {
  it("is read and set directive by directive, and keeps those it does not know", () => {
    const response = new FlagonResponse("x");
    response.cacheControl.maxAge = 60;
    response.cacheControl.public = true;
    response.cacheControl.staleWhileRevalidate = 30.7;
    expect(response.headers.get("cache-control")).toBe("max-age=60, public, stale-while-revalidate=30");
    response.cacheControl.public = false;
    response.cacheControl.staleWhileRevalidate = undefined;
    expect([response.cacheControl.maxAge, response.cacheControl.public, `${response.cacheControl}`]).toEqual([60, undefined, "max-age=60"]);
    response.headers.set("cache-control", 'private="set-cookie", max-age=5');
    response.cacheControl.noStore = true;
    expect(response.headers.get("cache-control")).toBe('private="set-cookie", max-age=5, no-store');
    response.cacheControl.maxAge = undefined;
    response.cacheControl.noStore = undefined;
    response.cacheControl.private = undefined;
    expect(response.headers.has("cache-control")).toBe(false);
  });

  it("is set as a whole by text or an object, and removed by null", () => {
    const response = new FlagonResponse("x");
    response.cacheControl = { private: true, maxAge: 10, mustRevalidate: true };
    expect(response.headers.get("cache-control")).toBe("private, max-age=10, must-revalidate");
    response.cacheControl = "no-store";
    expect(response.cacheControl.noStore).toBe(true);
    response.cacheControl = null;
    expect(response.headers.has("cache-control")).toBe(false);
  });
});

describe("a response's properties", () => {
  it("are its headers", () => {
    const response = new FlagonResponse("x");
    const date = new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 600));
    response.lastModified = date;
    response.expires = date;
    response.location = "/there";
    response.mimeType = "text/csv";
    expect(
      Object.fromEntries(["last-modified", "expires", "location", "content-type"].map((name) => [name, response.headers.get(name)])),
    ).toEqual({
      "last-modified": "Fri, 02 Jan 2026 03:04:05 GMT",
      expires: "Fri, 02 Jan 2026 03:04:05 GMT",
      location: "/there",
      "content-type": "text/csv; charset=utf-8",
    });
    expect([response.lastModified?.getTime(), response.mimeType]).toEqual([date.getTime() - 600, "text/csv"]);
    response.mimeType = "application/json";
    response.lastModified = null;
    response.location = null;
    expect([response.headers.get("content-type"), response.lastModified, response.location]).toEqual(["application/json", null, null]);
    expect([response.isStreamed, new FlagonResponse(new Blob(["x"]).stream()).isStreamed]).toEqual([false, true]);
  });

  it("include an entity tag by addEtag(): the hash of the content, and none for a stream", () => {
    const tag = (body: string | Uint8Array, weak = false) => {
      const response = new FlagonResponse(body);
      response.addEtag({ weak });
      return response.etag;
    };
    expect(tag("a")).toMatch(/^"[\w-]{27}"$/);
    expect(tag("a")).toBe(tag(new Uint8Array([97])));
    expect(tag("a")).not.toBe(tag("b"));
    expect(tag("a", true)).toBe(`W/${tag("a")}`);
    const kept = new FlagonResponse("a");
    kept.etag = "mine";
    kept.addEtag();
    expect(kept.etag).toBe('"mine"');
    const stream = new FlagonResponse(new Blob(["x"]).stream());
    stream.addEtag();
    expect(stream.etag).toBeNull();
  });
});

describe("makeConditional()", () => {
  const changed = new Date(Date.UTC(2026, 0, 2));
  function createClient(status = 200) {
    const app = createApp();
    app.route(
      "/x",
      () => {
        const response = makeResponse("0123456789", status);
        response.etag = "v1";
        response.lastModified = changed;
        return response.makeConditional(request, { acceptRanges: true });
      },
      { endpoint: "x", methods: ["GET", "POST"] },
    );
    return app.testClient();
  }
  const later = new Date(changed.getTime() + 1000).toUTCString();
  const earlier = new Date(changed.getTime() - 1000).toUTCString();
  const same = changed.toUTCString();

  it.each([
    [{}, 200],
    [{ "if-none-match": '"v1"' }, 304],
    [{ "if-none-match": 'W/"v1"' }, 304],
    [{ "if-none-match": '"v0", "v1"' }, 304],
    [{ "if-none-match": "*" }, 304],
    [{ "if-none-match": '"v0"' }, 200],
    [{ "if-modified-since": same }, 304],
    [{ "if-modified-since": later }, 304],
    [{ "if-modified-since": earlier }, 200],
    [{ "if-none-match": '"v0"', "if-modified-since": later }, 200],
    [{ "if-match": '"v1"' }, 200],
    [{ "if-match": "*" }, 200],
    [{ "if-match": 'W/"v1"' }, 412],
    [{ "if-match": '"v0"' }, 412],
    [{ "if-unmodified-since": earlier }, 412],
    [{ "if-unmodified-since": same }, 200],
    [{ "if-match": '"v1"', "if-unmodified-since": earlier }, 200],
    [{ "if-match": '"v1"', "if-none-match": '"v1"' }, 304],
    [{ range: "bytes=0-3" }, 206],
    [{ range: "bytes=0-3", "if-range": '"v1"' }, 206],
    [{ range: "bytes=0-3", "if-range": '"v0"' }, 200],
    [{ range: "bytes=0-3", "if-range": same }, 206],
    [{ range: "bytes=0-3", "if-range": earlier }, 200],
    [{ range: "bytes=10-" }, 416],
    [{ range: "bytes=-0" }, 416],
    [{ range: "bytes=0-1,4-5" }, 200],
    [{ range: "lines=0-1" }, 200],
    [{ range: "bytes=x" }, 200],
  ])("answers %j with %i", async (headers, status) => {
    const response = await createClient().get("/x", { headers: headers as Record<string, string> });
    const body = await response.text();
    expect(response.status).toBe(status);
    expect(body).toBe(status === 200 ? "0123456789" : status === 206 ? "0123" : "");
    expect(response.headers.get("etag")).toBe('"v1"');
    expect(response.headers.get("content-range")).toBe(status === 206 ? "bytes 0-3/10" : status === 416 ? "bytes */10" : null);
  });

  it("removes the headers of the body from a 304", async () => {
    const response = await createClient().get("/x", { headers: { "if-none-match": '"v1"' } });
    expect([response.headers.get("content-type"), response.headers.get("content-length")]).toEqual([null, null]);
  });

  it("changes only a 200 to GET or HEAD", async () => {
    const headers = { "if-none-match": '"v1"', range: "bytes=0-3" };
    expect((await createClient().post("/x", { headers })).status).toBe(200);
    expect((await createClient(201).get("/x", { headers })).status).toBe(201);
    expect((await createClient().head("/x", { headers })).status).toBe(304);
  });
});
