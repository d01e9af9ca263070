/** The state of an HTML parser at the end of a text. */
type Place = "text" | "tag" | "double" | "single" | "comment" | "raw";

/**
 * Follows the text between the tags of a template, to find printed values that are attributes without quotes. Escaping
 * does not remove blanks, so such a value could add attributes.
 */
export class AttributeScanner {
  #place: Place = "text";
  /** The text of the HTML tag so far. */
  #tag = "";

  /** Reads the next text. */
  read(text: string): void {
    for (let index = 0; index < text.length; index++) {
      const character = text[index] ?? "";
      const rest = text.slice(index, index + 12).toLowerCase();
      switch (this.#place) {
        case "text":
          if (rest.startsWith("<!--")) {
            this.#place = "comment";
          } else if (/^<[a-z]/.test(rest)) {
            this.#place = "tag";
            this.#tag = "";
          }
          break;
        case "comment":
          if (rest.startsWith("-->")) {
            this.#place = "text";
          }
          break;
        case "raw":
          if (/^<\/(?:script|style)/.test(rest)) {
            this.#place = "text";
          }
          break;
        case "tag":
          this.#readTag(character);
          break;
        case "double":
        case "single":
          if (character === (this.#place === "double" ? '"' : "'")) {
            this.#place = "tag";
            this.#tag += " ";
          }
          break;
      }
    }
  }

  /** Notes that a value is printed, and tells whether it is, or continues, the value of an attribute without quotes. */
  readValue(): boolean {
    if (this.#place !== "tag") {
      return false;
    }
    const isUnquoted = /=\s*[^\s"'<>=]*$/.test(this.#tag);
    this.#tag += "x";
    return isUnquoted;
  }

  #readTag(character: string): void {
    if (character === ">") {
      this.#place = /^(?:script|style)\b/i.test(this.#tag) ? "raw" : "text";
    } else if ((character === '"' || character === "'") && /=\s*$/.test(this.#tag)) {
      this.#place = character === '"' ? "double" : "single";
    } else {
      this.#tag += character;
    }
  }
}
