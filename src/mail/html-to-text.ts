import { decodeEntities } from "./entities";

/** Elements whose content no reader sees. */
const unseen: ReadonlySet<string> = new Set(["script", "style", "title", "template"]);
/** Elements that begin a line of their own, with the number of line breaks around them. */
const blocks: ReadonlyMap<string, number> = new Map([
  ...["p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "dl", "blockquote", "pre", "hr"].map(two),
  ...["section", "article", "header", "footer", "main", "nav", "aside", "address", "figure", "form", "fieldset"].map(two),
  ...["li", "tr", "dt", "dd", "caption", "figcaption", "option", "legend"].map((name): [string, number] => [name, 1]),
]);

function two(name: string): [string, number] {
  return [name, 2];
}

/** A list at hand: the number of its next item, or `null` for a list without numbers. */
interface List {
  next: number | null;
}

/** Writes a text, in which white space is one space, and blocks are apart. */
class TextWriter {
  #text = "";
  /** The line breaks that go before the next text. */
  #breaks = 0;
  #space = false;
  readonly #lists: List[] = [];
  #pre = 0;
  /** Whether an item of a list has its mark, and no text yet. */
  #isMarked = false;
  #link: { readonly address: string; readonly start: number } | undefined;

  write(text: string): void {
    if (this.#pre > 0) {
      const lines = decodeEntities(text).replace(/\r\n?/g, "\n");
      // The line break behind the tag is no part of the content.
      this.#put(this.#breaks > 0 ? lines.replace(/^\n/, "") : lines);
      return;
    }
    for (const part of text.split(/([ \t\r\n\f]+)/)) {
      if (/^[ \t\r\n\f]/.test(part)) {
        this.#space = true;
      } else if (part !== "") {
        this.#put(decodeEntities(part));
      }
    }
  }

  open(name: string, read: (attribute: string) => string | null): void {
    if (!this.#isMarked) {
      this.#break(name);
    }
    if (name === "br") {
      this.#breaks = Math.min(this.#breaks + 1, 2);
      this.#space = false;
    } else if (name === "hr") {
      this.#put("---");
      this.#break(name);
    } else if (name === "img") {
      this.write(read("alt") ?? "");
    } else if (name === "td" || name === "th") {
      this.#space = true;
    } else if (name === "ul" || name === "ol") {
      const start = Number.parseInt(read("start") ?? "1", 10);
      this.#lists.push({ next: name === "ul" ? null : start || 1 });
    } else if (name === "li") {
      const list = this.#lists.at(-1);
      const mark = typeof list?.next === "number" ? `${list.next++}. ` : "- ";
      this.#put(`${"  ".repeat(Math.min(Math.max(this.#lists.length - 1, 0), 20))}${mark}`);
      this.#isMarked = true;
    } else if (name === "pre") {
      this.#pre++;
    } else if (name === "a") {
      this.#endLink();
      const address = decodeEntities(read("href") ?? "").trim();
      this.#link = { address, start: this.#text.length };
    }
  }

  close(name: string): void {
    this.#isMarked = false;
    if (name === "a") {
      this.#endLink();
    } else if (name === "pre") {
      this.#pre = Math.max(this.#pre - 1, 0);
    } else if (name === "ul" || name === "ol") {
      this.#lists.pop();
    }
    this.#break(name);
  }

  finish(): string {
    this.#endLink();
    return this.#text
      .replace(/\u00a0/g, " ")
      .split("\n")
      .map((line) => line.trimEnd())
      .join("\n")
      .trim();
  }

  #break(name: string): void {
    // A list in a list stands close to its item.
    const breaks = (name === "ul" || name === "ol") && this.#lists.length > 0 ? 1 : (blocks.get(name) ?? 0);
    if (breaks > 0) {
      this.#breaks = Math.max(this.#breaks, breaks);
      this.#space = false;
    }
  }

  #put(text: string): void {
    if (this.#breaks > 0) {
      this.#text += this.#text === "" ? "" : "\n".repeat(this.#breaks);
    } else if (this.#space && this.#text !== "" && !/[\s]$/.test(this.#text.slice(-1))) {
      this.#text += " ";
    }
    this.#breaks = 0;
    this.#space = false;
    this.#isMarked = false;
    this.#text += text;
  }

  #endLink(): void {
    const link = this.#link;
    this.#link = undefined;
    // A place on the page, and a script, lead nowhere from a text.
    if (link === undefined || link.address === "" || /^(#|javascript:)/i.test(link.address)) {
      return;
    }
    const label = this.#text.slice(link.start).trim();
    if (label === "") {
      this.write(" ");
      this.#put(link.address);
    } else if (label !== link.address && `mailto:${label}` !== link.address && `tel:${label}` !== link.address) {
      this.#text = `${this.#text.trimEnd()} (${link.address})`;
    }
  }
}

/** Makes a text of HTML: with the addresses of its links, the marks of its lists and the words of its images. */
export function toText(html: string): string {
  const writer = new TextWriter();
  let index = 0;
  while (index < html.length) {
    const start = html.indexOf("<", index);
    if (start === -1) {
      writer.write(html.slice(index));
      break;
    }
    writer.write(html.slice(index, start));
    if (/[!?]/.test(html.charAt(start + 1))) {
      const end = html.startsWith("<!--", start) ? html.indexOf("-->", start + 2) : html.indexOf(">", start);
      index = end === -1 ? html.length : html.indexOf(">", end) + 1;
      continue;
    }
    const name = /^<\/?([a-z][a-z\d:-]*)/i.exec(html.slice(start, start + 40))?.[1]?.toLowerCase();
    if (name === undefined) {
      writer.write("<");
      index = start + 1;
      continue;
    }
    const end = findTagEnd(html, start + 1);
    index = end + 1;
    if (html.charAt(start + 1) === "/") {
      writer.close(name);
    } else if (unseen.has(name)) {
      index = findClosing(html, name, index);
    } else {
      writer.open(name, (attribute) => readAttribute(html.slice(start + 1 + name.length, end), attribute));
    }
  }
  return writer.finish();
}

/** Finds the `>` of a tag. One in quotes is part of a value. */
function findTagEnd(html: string, from: number): number {
  let quote = "";
  let last = "";
  for (let index = from; index < html.length; index++) {
    const character = html.charAt(index);
    if (quote !== "") {
      quote = character === quote ? "" : quote;
    } else if (character === ">") {
      return index;
    } else if ((character === '"' || character === "'") && last === "=") {
      quote = character;
    }
    last = /\s/.test(character) ? last : character;
  }
  return html.length;
}

function findClosing(html: string, name: string, from: number): number {
  const closing = new RegExp(`</${name}[\\s/>]`, "gi");
  closing.lastIndex = from;
  const found = closing.exec(html);
  return found === null ? html.length : findTagEnd(html, found.index + 1) + 1;
}

/** Reads an attribute of a tag, as it is written. */
function readAttribute(tag: string, name: string): string | null {
  for (const [, key = "", double, single, bare] of tag.matchAll(/([^\s=/>"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g)) {
    if (key.toLowerCase() === name) {
      return double ?? single ?? bare ?? "";
    }
  }
  return null;
}
