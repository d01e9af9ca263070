import { Flagon, renderBlock, renderTemplate } from "flagon";
import { describe, expect, it } from "vitest";
import { writeFiles } from "../support";

function create() {
  const root = writeFiles({
    "templates/layout.eta": '<header><%~ block("title", () => { %>Site<% }) %></header><%~ it.body %>',
    "templates/list.eta":
      '<% layout("layout") %><% const upper = (text) => text.toUpperCase() %><h1>Page</h1><%~ block("title", () => { %>List<% }) %><ul><%~ block("rows", () => { %><% for (const row of it.rows) { %><%~ block("row", () => { %><li><%= upper(row) %></li><% }) %><% } %><% }) %></ul><%= it.missing.value %>',
    "templates/plain.eta": '<p><%~ block("part", () => { %><b><%= it.text %></b><% }) %></p>',
    "templates/catches.eta": '<% try { %><%~ block("part", () => { %>inside<% }) %><% } catch { %>caught<% } %>',
    "templates/awaits.eta": '<%~ block("part", async () => { %>x<% }) %>',
  });
  const app = new Flagon(root, { config: { testing: true } });
  return (name: string, block: string, data?: object) => app.appContext(() => String(renderBlock(name, block, data)));
}

describe("renderBlock()", () => {
  it("renders a block by itself: without the layout, and without the code behind it", () => {
    const render = create();
    expect(render("list", "rows", { rows: ["a", "<"] })).toBe("<li>A</li><li>&lt;</li>");
    expect(render("list", "row", { rows: ["b"] })).toBe("<li>B</li>");
    expect(render("plain", "part", { text: "&" })).toBe("<b>&amp;</b>");
    expect(render("list", "title")).toBe("List");
    expect(render("layout", "title")).toBe("Site");
    expect(render("catches", "part")).toBe("inside");
  });

  it("renders a block that nothing fills, and blocks with the names of an object's members", () => {
    const root = writeFiles({
      "templates/base.eta": '<%~ block("foot") %><%~ block("toString") %>[<%~ block("__proto__") %>]',
      "templates/leaf.eta": '<% layout("base") %><%~ block("__proto__", () => { %>P<% }) %><%~ block("toString", () => { %>T<% }) %>',
      "templates/filled.eta": '<% layout("base") %><%~ block("foot") %><%~ block("foot", () => { %>F<% }) %>',
    });
    const app = new Flagon(root, { config: { testing: true } });
    const render = (name: string, block: string) => app.appContext(() => String(renderBlock(name, block)));
    expect([render("base", "foot"), render("leaf", "foot"), render("filled", "foot")]).toEqual(["", "", "F"]);
    expect([render("leaf", "__proto__"), render("leaf", "toString")]).toEqual(["P", "T"]);
    expect(app.appContext(() => String(renderTemplate("leaf")))).toBe("T[P]");
    expect(() => render("leaf", Object(["foot"]))).toThrow(/needs the name of a block/);
    expect(() => render("leaf", Object(Promise.resolve("foot")))).toThrow(/name of a block.*[Aa]wait/s);
  });

  it("renders blocks of each layout, in one another, in loops and with computed names, and none of an included template", () => {
    const root = writeFiles({
      "templates/base.eta": 'H<%~ block("main", () => { %>base(<%~ block("inner", () => { %>base inner<% }) %>)<% }) %><%~ it.body %>',
      "templates/middle.eta":
        '<% layout("base") %><% block("main", () => { %>middle(<%~ block("inner", () => { %>middle inner<% }) %>)<% }) %>M',
      "templates/leaf.eta": '<% layout("middle") %><% block("inner", () => { %>leaf <%= it.x %><% }) %>text',
      "templates/rows.eta": '<% for (const row of it.rows) { %><%~ block("row-" + row, () => { %>[<%= row %>]<% }) %><% } %>',
      "templates/part.eta": '<i><%~ block("part", () => { %>part <%= it.x %><% }) %></i>',
      "templates/whole.eta": '<%~ include("part") %><%~ block("own", () => { %>own <%~ include("part", { x: "&" }) %><% }) %>',
      "templates/macro.eta":
        '<% const badge = (text) => capture(() => { %><b><%= text %></b><% }) %><%~ block("badges", () => { %><%= badge("<") %><%= badge(it.x) %><% }) %>',
      "templates/cleans.eta": '<% try { %><%~ block("part", () => { %>x<% }) %><% } finally { it.rows.push("clean") } %>',
    });
    const app = new Flagon(root, { config: { testing: true } });
    const rows = ["a", "<"];
    const render = (name: string, block: string) => app.appContext(() => String(renderBlock(name, block, { x: 1, rows })));
    expect(["base", "middle", "leaf"].map((name) => render(name, "main"))).toEqual([
      "base(base inner)",
      "middle(middle inner)",
      "middle(leaf 1)",
    ]);
    expect(["base", "middle", "leaf"].map((name) => render(name, "inner"))).toEqual(["base inner", "middle inner", "leaf 1"]);
    expect([render("rows", "row-<"), render("whole", "own"), render("part", "part")]).toEqual([
      "[&lt;]",
      "own <i>part &amp;</i>",
      "part 1",
    ]);
    expect([render("macro", "badges"), render("cleans", "part"), rows.length]).toEqual(["<b>&lt;</b><b>1</b>", "x", 3]);
    expect(() => render("whole", "part")).toThrow(/'whole' has no block 'part'/);
  });

  it("names a block that does not exist", () => {
    const render = create();
    expect(() => render("plain", "parts", { text: "" })).toThrow(/The template 'plain' has no block 'parts'\. Did you mean 'part'\?/);
    expect(() => render("nothing", "part")).toThrow(/no template 'nothing'/);
    expect(() => render("list", "rows")).toThrow(/The template 'list' failed, line 1/);
    expect(() => render("awaits", "part")).toThrow(/awaits/);
  });
});
