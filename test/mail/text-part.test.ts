import fc from "fast-check";
import { Flagon } from "flagon";
import { Mail } from "flagon/mail";
import { describe, expect, it } from "vitest";

const app = new Flagon(__dirname, { static: null, config: { testing: true, secretKey: "a key for tests" } });
const mail = new Mail({ from: "shop@example.com" });
app.use(mail);

const toText = async (html: string) => (await mail.send({ to: "ann@example.com", subject: "Hello", html })).text;

describe("the text that is made of the HTML", () => {
  it.each([
    ["<ul><li>One</li><li>Two<ul><li>In</li></ul></li></ul>", "- One\n- Two\n  - In"],
    ["<ol><li>One<li>Two</ol><p>End</p>", "1. One\n2. Two\n\nEnd"],
    ["<ol start=3><li><p>Three</p></li></ol>", "3. Three"],
    ["<table><tr><th>Beer</th><td>4.50</td></tr><tr><th>Wine</th><td>6</td></tr></table>", "Beer 4.50\nWine 6"],
    ["Hi<p>One</p>two<div>three</div>four", "Hi\n\nOne\n\ntwo\n\nthree\n\nfour"],
    ["<pre>\n  a\n    b\n</pre>", "a\n    b"],
    ["<p>a</p><pre>\n  x\n\n\n  y</pre><p>b</p>", "a\n\n  x\n\n\n  y\n\nb"],
    ["one<hr>two<br>three", "one\n\n---\n\ntwo\nthree"],
    ["<title>No</title><style>p { color: red }</style><p>Yes</p><script>if (a<b) alert('</p>')</script>", "Yes"],
    ["<p title='a > b'>1 < 2, 3 > 2</p>", "1 < 2, 3 > 2"],
    ["<a title='>' href='https://x.example/?a=1&amp;b=2'>Go</a>", "Go (https://x.example/?a=1&b=2)"],
    ["<a data-href='https://evil.example' href='https://good.example'>Go</a>", "Go (https://good.example)"],
    ["<a href='https://x.example'><img src=a.png alt='The &amp; shop'></a>", "The & shop (https://x.example)"],
    ["<a href='https://x.example'><img src=a.png></a>", "https://x.example"],
    ["<a href='https://x.example'>https://x.example</a> <a href='mailto:a@x.example'>a@x.example</a>", "https://x.example a@x.example"],
    ["<a href='#top'>Top</a> <a href='javascript:x()'>Run</a> <a>None</a>", "Top Run None"],
    ["<a href='https://x.example'><p>Big</p><p>button</p></a>", "Big\n\nbutton (https://x.example)"],
    ["See <a href='https://x.example'>the page</a>, please", "See the page (https://x.example), please"],
    ["&#146;&#x80;&#0;&#xd800;&amp;lt;&nbsp;&check;", "’€��&lt; ✓"],
    ["<p>😀 <b>👩‍🚀</b></p><p>.</p>", "😀 👩‍🚀\n\n."],
    ["<!-- a > b --><!doctype html><p>All</p><!-- open", "All"],
    ["<p>unclosed <a href='https://x.example'>link", "unclosed link (https://x.example)"],
    ["<p>end <a href='https://x.example", "end"],
  ])("of %s", async (html, text) => {
    expect(await toText(html)).toBe(text);
  });

  it("takes no time that grows with the square of its length", async () => {
    for (const part of ["<", "<a href=x>", "<!--", "<script>", "<a href='", '<a href="x"', "&", "<li>", "<ul>", "<pre>", "\t<br>", "</a"]) {
      const start = performance.now();
      await toText(part.repeat(100_000 / part.length));
      expect(performance.now() - start).toBeLessThan(2000);
    }
  });

  it("keeps each word of a text that was escaped", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.stringMatching(/^[!-~]{1,12}$/), { minLength: 1, maxLength: 8 }), async (words) => {
        const escaped = words.map((word) => word.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;"));
        expect(await toText(`<p>${escaped.join(" \n ")}</p>`)).toBe(words.join(" "));
      }),
      { numRuns: 100 },
    );
  });
});
