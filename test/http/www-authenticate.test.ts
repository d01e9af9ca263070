import { abort, makeResponse, route, TooManyRequests, Unauthorized, WWWAuthenticate } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp } from "../support";

describe("WWWAuthenticate", () => {
  it.each([
    [new WWWAuthenticate("basic", { realm: "Admin" }), 'Basic realm="Admin"'],
    [new WWWAuthenticate("BEARER"), "Bearer"],
    [new WWWAuthenticate("bearer", { realm: 'a "b" \\c', scope: "read write" }), 'Bearer realm="a \\"b\\" \\\\c", scope="read write"'],
    [
      new WWWAuthenticate("digest", { realm: "x", algorithm: "SHA-256", stale: "true", qop: "auth" }),
      'Digest realm="x", algorithm=SHA-256, stale=true, qop="auth"',
    ],
    [new WWWAuthenticate("negotiate", {}, "abc=="), "Negotiate abc=="],
    [WWWAuthenticate.parse('Basic  realm="A B", charset="UTF-8"'), 'Basic realm="A B", charset="UTF-8"'],
    [new WWWAuthenticate("bearer", { realm: "x" }).with({ error: "invalid_token" }), 'Bearer realm="x", error="invalid_token"'],
    [WWWAuthenticate.parse('Bearer realm="x"').with({ error: "invalid_token" }), 'Bearer realm="x", error="invalid_token"'],
    [WWWAuthenticate.parse("Bearer").with({ error: "invalid_token" }), 'Bearer error="invalid_token"'],
    [WWWAuthenticate.parse("Negotiate abc==").with({ error: "x" }), "Negotiate abc=="],
  ])("is written as the header holds it: %s", (challenge, text) => {
    expect(String(challenge)).toBe(text);
  });

  it.each(["", "a b", "é", 'x"', "a,b"])("refuses the scheme '%s'", (type) => {
    expect(() => new WWWAuthenticate(type)).toThrow(RangeError);
    expect(() => new WWWAuthenticate("basic", { [type]: "x" })).toThrow(RangeError);
  });
});

describe("abort() with options", () => {
  class Pages {
    @route("/basic")
    basic() {
      return abort(401, "Sign in.", { wwwAuthenticate: 'Basic realm="Admin"' });
    }
    @route("/both")
    both() {
      return abort(401, undefined, { wwwAuthenticate: [new WWWAuthenticate("bearer"), "Negotiate"], headers: { "x-more": "1" } });
    }
    @route("/class")
    thrown(): string {
      throw new Unauthorized("Sign in.", { wwwAuthenticate: new WWWAuthenticate("basic", { realm: "x" }) });
    }
    @route("/busy")
    busy() {
      return abort(503, undefined, { retryAfter: 3 });
    }
    @route("/method")
    method() {
      return abort(405, undefined, { headers: { allow: "GET" } });
    }
    @route("/cause")
    cause() {
      return abort(409, "Taken.", { cause: new Error("unique") });
    }
    @route("/plain")
    plain() {
      return makeResponse("no", 401);
    }
  }

  it("sends the challenges and other headers", async () => {
    const client = createApp({}, Pages).testClient();
    const ask = async (path: string, header = "www-authenticate") => (await client.get(path)).headers.get(header);
    expect(await ask("/basic")).toBe('Basic realm="Admin"');
    expect(await ask("/both")).toBe("Bearer, Negotiate");
    expect(await ask("/both", "x-more")).toBe("1");
    expect(await ask("/class")).toBe('Basic realm="x"');
    expect(await ask("/busy", "retry-after")).toBe("3");
    expect(await ask("/method", "allow")).toBe("GET");
    expect(await ask("/plain")).toBeNull();
  });

  it("gives handlers the error that caused it", async () => {
    const app = createApp({}, Pages);
    app.errorHandler(409, (error) => `${error.description} ${String(error.cause)}`);
    expect(await (await app.testClient().get("/cause")).text()).toBe("Taken. Error: unique");
  });

  it("stays a header of the classes", () => {
    expect(new TooManyRequests("x", { retryAfter: 1 }).headers).toEqual({ "retry-after": "1" });
    expect(new Unauthorized().headers).toEqual({});
  });
});
