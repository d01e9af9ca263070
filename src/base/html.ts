import { refuseLostPromises, refusePromise } from "./forgotten-await";

const brand = Symbol.for("flagon.markup");
const special = /[&<>"']/;
const specials = /[&<>"']/g;
const references: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
};

/**
 * Text that is HTML already, so that templates and {@link escape} leave it as it is.
 *
 * Wrap only HTML of your own, or cleaned HTML: a `Markup` of a visitor's input lets the visitor run scripts.
 */
export class Markup {
  /** @param html The HTML, unchanged. */
  constructor(readonly html: string) {}

  /** Returns the HTML. */
  toString(): string {
    return this.html;
  }

  /** Returns the HTML, so that a `Markup` inside JSON is a string. */
  toJSON(): string {
    return this.html;
  }

  /** Tells whether a value is `Markup`, also one of another copy of the package. */
  static is(value: unknown): value is Markup {
    return typeof value === "object" && value !== null && brand in value;
  }
}

// A symbol marks the class across copies of the package, and no JSON that a client sends can forge it.
Object.defineProperty(Markup.prototype, brand, { value: true });

/** Replaces `&`, `<`, `>`, `"` and `'` by character references, so that the text is safe in HTML and in quoted attributes. */
export function escapeText(text: string): string {
  return special.test(text) ? text.replace(specials, (character) => references[character] ?? character) : text;
}

/**
 * Returns a value as safe HTML: `Markup` as it is, `null` and `undefined` as nothing, anything else as escaped text.
 *
 * @param value The value to show.
 */
export function escape(value: unknown): Markup {
  return Markup.is(value) ? value : new Markup(toHtml(value));
}

/**
 * Builds `Markup` from a template literal, escaping every value in it.
 *
 * @example
 * ```ts
 * html`<b>${user.name}</b>`
 * ```
 * @param strings The parts of the markup between the values.
 * @param values The values. They are escaped, unless they are `Markup`.
 */
export function html(strings: TemplateStringsArray, ...values: readonly unknown[]): Markup {
  let text = strings[0] ?? "";
  for (let index = 0; index < values.length; index++) {
    text += toHtml(values[index]) + (strings[index + 1] ?? "");
  }
  return new Markup(text);
}

/**
 * Converts a value to HTML text; arrays are joined without a separator.
 *
 * @throws {FlagonError} If it is a promise.
 */
export function toHtml(value: unknown): string {
  if (typeof value === "string") {
    return escapeText(value);
  }
  if (value === null || value === undefined) {
    return "";
  }
  if (Markup.is(value)) {
    return value.html;
  }
  if (Array.isArray(value)) {
    return value.map(toHtml).join("");
  }
  refusePromise(value, "value in HTML");
  return escapeText(String(value));
}

const unsafeInScript = /[<>&'\u2028\u2029]/g;

/**
 * Serializes a value as JSON that is safe inside `<script>` and inside single-quoted attributes.
 *
 * @param value A value that `JSON.stringify` takes. `undefined` becomes `null`.
 * @param stringify Serializes it. Default: `JSON.stringify`.
 */
export function toJsonMarkup(value: unknown, stringify: (value: unknown) => string | undefined = JSON.stringify): Markup {
  const json = stringify(value) ?? "null";
  refuseLostPromises(json, value, "value of tojson()");
  return new Markup(json.replace(unsafeInScript, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`));
}
