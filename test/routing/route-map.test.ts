import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RouteMap } from "../../src/routing/route-map";
import { Rule } from "../../src/routing/rule";

const anyHost = { host: "" };

/** Puts rules into a map, each with itself as its endpoint. */
function createMap(rules: Iterable<string>) {
  const map = new RouteMap<{ name: string }>();
  for (const source of rules) {
    const rule = new Rule(source, map.converters);
    map.add({
      rule,
      host: null,
      endpoint: { name: source },
      methods: new Set(["GET"]),
      defaults: {},
      strictSlashes: true,
      mergeSlashes: true,
      automaticOptions: true,
      isAlias: false,
      isBuildOnly: false,
      schemas: {},
    });
  }
  return map;
}

const texts: Record<string, fc.Arbitrary<unknown>> = {
  string: fc.string({ unit: "binary", minLength: 1, maxLength: 30 }).filter((text) => !text.includes("/") && !text.includes("\0")),
  int: fc.nat(),
  float: fc.double({ min: 0, max: 1e15, noNaN: true }).map((number) => Number(number.toFixed(6))),
  path: fc.string({ unit: "binary", minLength: 1, maxLength: 30 }).filter((text) => !/^\/|[\0\n\r\u2028\u2029]/.test(text)),
  uuid: fc.uuid(),
};

describe("RouteMap", () => {
  it("finds the route and the values of every URL that it built", () => {
    const segment = fc.constantFrom("a", "b-c", "x.y", "é", "user-", "100%", "q?", "#", "st*r", "c:d");
    const converter = fc.constantFrom("string", "int", "float", "uuid");
    const parts = fc.array(
      fc.oneof(
        segment.map((text) => ({ text })),
        converter.map((name) => ({ name })),
      ),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(
        fc.tuple(parts, fc.boolean()).chain(([list, isPath]) => {
          const names = [...list.map((part) => ("name" in part ? part.name : "")), ...(isPath ? ["path"] : [])];
          const rule = names.map((name, index) => (name === "" ? (list[index] as { text: string }).text : `<${name}:v${index}>`)).join("/");
          const values = Object.fromEntries(
            names.flatMap((name, index) => (name === "" ? [] : [[`v${index}`, texts[name] ?? fc.constant("")]])),
          );
          return fc.record({ rule: fc.constant(`/${rule}`), values: fc.record(values) });
        }),
        ({ rule: source, values }) => {
          const map = createMap([source]);
          const url = map.routes[0]?.rule.format(values) ?? "";
          expect(url).toMatch(/^[\x21-\x7e]+$/);
          const match = map.match("GET", decodeURIComponent(url), anyHost);
          // A value that begins a URL's segment with nothing but a slash would be another URL; the texts above have none.
          expect(match).toMatchObject({ kind: "found", args: values });
        },
      ),
      { numRuns: 300 },
    );
  });

  it("finds the same route for any order of registration", () => {
    const pool = [
      "/",
      "/<a>",
      "/<int:a>",
      "/<uuid:a>",
      "/<path:a>",
      "/x",
      "/x/",
      "/x/<a>",
      "/x/<int:a>",
      "/<a>/x",
      "/<int:a>/<b>",
      "/<a>/<b>",
      "/x-<a>",
      "/<a>.txt",
      "/<path:a>/x",
      "/x/<path:a>",
      "/<any(x,y):a>",
    ];
    const path = fc
      .array(fc.constantFrom("x", "y", "7", "x-1", "a.txt", "", "q"), { maxLength: 4 })
      .map((segments) => `/${segments.join("/")}`);
    fc.assert(
      fc.property(fc.shuffledSubarray(pool, { minLength: 1 }), fc.array(path, { minLength: 1, maxLength: 8 }), (rules, paths) => {
        const one = createMap(rules);
        const other = createMap([...rules].sort());
        for (const target of paths) {
          const summary = (map: typeof one) => {
            const match = map.match("GET", target, anyHost);
            return match.kind === "found" ? match.route.endpoint.name : match.kind === "redirect" ? match.path : match.kind;
          };
          expect(summary(one)).toBe(summary(other));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("prefers the same rule as a plain search through all rules", () => {
    const map = createMap(["/a/<int:n>", "/a/<s>", "/a/b", "/<path:p>", "/<x>/<y>/<z>", "/a/<s>/c"]);
    const found = (path: string) => {
      const match = map.match("GET", path, anyHost);
      return match.kind === "found" ? match.route.endpoint.name : match.kind;
    };
    expect(["/a/b", "/a/7", "/a/q", "/a/q/c", "/a/q/d", "/b/b/b", "/b", "/a/b/c/d"].map(found)).toEqual([
      "/a/b",
      "/a/<int:n>",
      "/a/<s>",
      "/a/<s>/c",
      "/<x>/<y>/<z>",
      "/<x>/<y>/<z>",
      "/<path:p>",
      "/<path:p>",
    ]);
  });

  it("holds thousands of rules", () => {
    const map = createMap(Array.from({ length: 2000 }, (_, index) => `/r${index}/<int:id>/x`));
    expect(map.match("GET", "/r1999/5/x", anyHost)).toMatchObject({ kind: "found", args: { id: 5 } });
    expect(map.match("GET", "/r2000/5/x", anyHost)).toEqual({ kind: "missing", allowed: [] });
  });
});
