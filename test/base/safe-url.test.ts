import { renderTemplateString, safeUrl } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp } from "../support";

describe("safeUrl()", () => {
  it.each([
    ["https://a.test/?q=1", "https://a.test/?q=1"],
    ["HTTP://a.test", "HTTP://a.test"],
    ["mailto:a@b.test", "mailto:a@b.test"],
    ["tel:+1", "tel:+1"],
    ["/a:b", "/a:b"],
    ["a/b?c=d:e", "a/b?c=d:e"],
    ["#top", "#top"],
    ["//cdn.test/a", "//cdn.test/a"],
    ["", ""],
    [null, ""],
    [undefined, ""],
    ["javascript:alert(1)", "#"],
    [" JaVaScRiPt:alert(1)", "#"],
    ["java\tscript:alert(1)", "#"],
    ["\u0001java\r\nscript:alert(1)", "#"],
    ["data:text/html,<script>", "#"],
    ["vbscript:x", "#"],
    ["blob:https://a.test/x", "#"],
    ["\u00a0javascript:alert(1)", "#"],
    ["x:y", "#"],
  ])("turns %j into %j, in code and in templates", (url, safe) => {
    expect(safeUrl(url)).toBe(safe);
    expect(createApp().appContext(() => renderTemplateString("<%~ safeUrl(it.url) %>", { url }).html)).toBe(safe);
  });
});
