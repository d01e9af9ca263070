import { FormError } from "../base/errors";
import { refusePromise } from "../base/forgotten-await";
import { escapeText, Markup } from "../base/html";
import { showNul } from "../schemas/nul";

/** The attributes of an element; `true` stands alone, `false`, `null` and `undefined` leave the attribute out. */
export type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Characters that end the name of an attribute or its tag (HTML, section 13.1.2.3). */
const forbidden = /[\s"'<>/=\0-\x1f\x7f-\x9f]/;

/**
 * Formats attributes for a start tag, each with a space before it.
 *
 * @throws {FormError} If a name is malformed: it would end the attribute or the tag.
 */
export function formatAttributes(attributes: Attributes): Markup {
  let text = "";
  for (const name of Object.keys(attributes)) {
    const value = attributes[name];
    if (name === "" || forbidden.test(name)) {
      throw new FormError(
        `${JSON.stringify(name)} is not the name of an attribute: it must not be empty, nor hold blanks, quotes, '<', '>', '/' or '='. Never take it from a visitor.`,
      );
    }
    refusePromise(value, `attribute '${name}'`, FormError);
    if (value !== undefined && value !== null && value !== false) {
      text += value === true ? ` ${name}` : ` ${name}="${escapeText(showNul(String(value)))}"`;
    }
  }
  return new Markup(text);
}
