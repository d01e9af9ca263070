import * as flagon from "flagon";
import * as typescript6 from "typescript";
import * as typescript5 from "typescript-5.9";
import { describe, expect, it } from "vitest";
import { createApp } from "../support";

/** A controller with every decorator, compiled in each way before it is run. */
const source = `
import { afterRequest, beforeRequest, blueprint, contextProcessor, csrfExempt, errorHandler, renderTemplateString, request, route, templateFilter, templateGlobal, viewDecorator } from "flagon";

const bracket = viewDecorator(async (next) => "[" + await next() + "]");

class Base {
  @route("/inherited") inherited() { return this.word; }
  @route("/overridden") overridden() { return "base"; }
  word = "inherited";
}

class Plain extends Base {
  @route("/") @route("/again") index() { return "index"; }
  @route.post("/post") @csrfExempt post() { return "posted"; }
  @bracket @route("/n/<int:n>") number({ n }: { n: number }) { return String(n + 1); }
  overridden() { return "override"; }
  @beforeRequest before() { return request.query.has("stop") ? "stopped" : undefined; }
  @afterRequest() after(response: any) { response.headers.set("x-after", "1"); }
  @errorHandler(404) missing() { return "missing"; }
  @contextProcessor values() { return { site: "S" }; }
  @templateFilter twice(text: string) { return text + text; }
  @templateGlobal("year") thisYear() { return 2026; }
  @route("/template") template() { return renderTemplateString("<%= site %><%= twice('a') %><%= year() %>"); }
}

@blueprint("part", { urlPrefix: "/part" })
@bracket
class Part {
  @route("/") index() { return request.endpoint; }
}

exports.controllers = [Plain, Part];
`;

describe.each([
  ["TypeScript 5.9", typescript5 as unknown as typeof typescript6],
  ["TypeScript 6", typescript6],
])("decorators compiled by %s", (_, { transpile, ModuleKind, ScriptTarget }) => {
  it.each([
    ["experimentalDecorators", true],
    ["standard decorators", false],
  ])("work as %s", async (_name, experimentalDecorators) => {
    const code = transpile(source, { module: ModuleKind.CommonJS, target: ScriptTarget.ES2022, experimentalDecorators });
    const exports: { controllers?: object[] } = {};
    new Function("exports", "require", code)(exports, () => flagon);
    const client = createApp({}, ...(exports.controllers ?? [])).testClient();
    const get = async (path: string) => (await client.get(path)).text();
    expect(
      await Promise.all(["/", "/again", "/n/4", "/inherited", "/overridden", "/template", "/?stop", "/none", "/part/"].map(get)),
    ).toEqual(["index", "index", "[5]", "inherited", "override", "Saa2026", "stopped", "missing", "[part.index]"]);
    const response = await client.post("/post", { headers: { "sec-fetch-site": "cross-site" } });
    expect([await response.text(), response.headers.get("x-after")]).toEqual(["posted", "1"]);
  });

  it.each([true, false])("are refused when they are misplaced, with experimentalDecorators %s", (experimentalDecorators) => {
    const misplaced = `import { route } from "flagon"; class A { @route("/") static page() { return "x"; } }`;
    const code = transpile(misplaced, { module: ModuleKind.CommonJS, target: ScriptTarget.ES2022, experimentalDecorators });
    expect(() => new Function("exports", "require", code)({}, () => flagon)).toThrow(
      "@route() was put on 'page'. It belongs on a public method",
    );
  });
});
