/** Each state of the reader, with the words for the text that it expects. */
const expectations = {
  value: "a value",
  firstItem: "a value or ']'",
  firstName: "a name in double quotes or '}'",
  name: "a name in double quotes",
  colon: "':'",
  afterItem: "',' or ']'",
  afterMember: "',' or '}'",
  end: "nothing more",
};

type State = keyof typeof expectations;

const space = /[ \t\n\r]*/y;
const escape = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/**
 * Describes the first place where text is not JSON (RFC 8259), such as `Line 2, column 5: expected ':'.`
 *
 * @returns The sentence, or `undefined` for text that is JSON.
 */
export function describeJsonError(text: string): string | undefined {
  const open: ("[" | "{")[] = [];
  let state: State = "value";
  let index = 0;
  for (;;) {
    if (text.charCodeAt(index) <= 0x20) {
      index = skip(space, text, index);
    }
    const character = text[index];
    if (state === "end" && character === undefined) {
      return undefined;
    }
    const opened = character === "[" || character === "{" ? character : undefined;
    const takesValue: boolean = state === "value" || state === "firstItem";
    const closes: boolean = (state === "firstItem" || state === "afterItem") && character === "]";
    if (closes || ((state === "firstName" || state === "afterMember") && character === "}")) {
      open.pop();
      index++;
      state = afterValue(open);
    } else if (takesValue && opened !== undefined) {
      open.push(opened);
      index++;
      state = opened === "[" ? "firstItem" : "firstName";
    } else if (state === "colon" && character === ":") {
      index++;
      state = "value";
    } else if ((state === "afterItem" || state === "afterMember") && character === ",") {
      index++;
      state = state === "afterItem" ? "value" : "name";
    } else if (character === '"' && (takesValue || state === "name" || state === "firstName")) {
      const found = readText(text, index);
      if (found.expected !== undefined) {
        return describe(text, found.end, found.expected);
      }
      index = found.end;
      state = takesValue ? afterValue(open) : "colon";
    } else {
      const end: number = takesValue ? skip(scalar, text, index) : index;
      if (end === index) {
        return describe(text, index, expectations[state]);
      }
      index = end;
      state = afterValue(open);
    }
  }
}

/** Reads a text in quotes. Gives the index after it, or that of its first mistake with the words for the expected text. */
function readText(text: string, start: number): { readonly end: number; readonly expected?: string } {
  for (let index = start + 1; index < text.length; index++) {
    const character = text.charCodeAt(index);
    if (character === 0x22) {
      return { end: index + 1 };
    }
    if (character < 0x20) {
      return { end: index, expected: "an escape such as \\n in place of a control character" };
    }
    if (character === 0x5c) {
      const end = skip(escape, text, index);
      if (end === index) {
        return { end: index, expected: String.raw`one of the escapes \" \\ \/ \b \f \n \r \t \u0000` };
      }
      index = end - 1;
    }
  }
  return { end: text.length, expected: "a closing quote" };
}

function afterValue(open: readonly string[]): State {
  const inner = open.at(-1);
  return inner === undefined ? "end" : inner === "[" ? "afterItem" : "afterMember";
}

/** Returns the index after a match at an index, or the index itself. */
function skip(pattern: RegExp, text: string, index: number): number {
  pattern.lastIndex = index;
  return pattern.test(text) ? pattern.lastIndex : index;
}

function describe(text: string, index: number, expected: string): string {
  const before = text.slice(0, index).split("\n");
  const column = (before.at(-1)?.length ?? 0) + 1;
  const place = index >= text.length ? "the body ends too early" : `line ${before.length}, column ${column}`;
  return `${place.charAt(0).toUpperCase()}${place.slice(1)}: expected ${expected}.`;
}
