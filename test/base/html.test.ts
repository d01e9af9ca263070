import fc from "fast-check";
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { escape, html, Markup, toJsonMarkup } from "../../src/base/html";

describe("escape()", () => {
  it("makes any text safe: a browser reads the same text back", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }).filter((text) => !/[\0\r]/.test(text)),
        (text) => {
          const { document } = parseHTML(`<p title="${escape(text)}">${escape(text)}</p>`);
          expect(document.querySelector("p")?.textContent).toBe(text);
          expect(document.querySelector("p")?.getAttribute("title")).toBe(text);
        },
      ),
    );
  });

  it("keeps Markup, also inside a template literal, and escapes objects that imitate it", () => {
    expect(`${escape(new Markup("<b>"))}${html`<i>${html`<u>${["<", new Markup("<s>")]}`}`}`).toBe("<b><i><u>&lt;<s>");
    expect(`${escape({ html: "<b>", toString: () => "<x>" })}`).toBe("&lt;x&gt;");
    expect(`${escape(null)}${escape(undefined)}${escape(0)}`).toBe("0");
  });
});

describe("toJsonMarkup()", () => {
  it("returns JSON that ends neither a script nor an attribute", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const { html: text } = toJsonMarkup(value);
        expect(text).not.toMatch(/[<>&'\u2028\u2029]/);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
