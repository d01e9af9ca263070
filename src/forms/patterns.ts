/**
 * Writes regular expressions as the attribute `pattern` of HTML, which browsers read with the flag `v` and anchor at
 * both ends. An expression that browsers would read differently is left out: the server checks it.
 *
 * @param regexes The expressions that the text must match, all of them; a text is the source of an anchored one.
 * @param trimmed The expressions that the text must match without the blanks at both ends.
 */
export function toPattern(regexes: readonly unknown[], trimmed: readonly unknown[]): string | undefined {
  const sources = [...regexes.map(readSource), ...trimmed.map(readSource).map((source) => source && `\\s*${group(source)}\\s*`)];
  const known = countOn(sources.filter((source) => source !== undefined));
  const last = known.pop();
  return last && (known.length === 0 ? last : `${known.map((source) => `(?=(?:${source})$)`).join("")}${group(last)}`);
}

const captures = /\\.|\[(?:[^\]\\]|\\.)*\]|\((?:\?<([^=!>]+)>|(?!\?))/gs;

/** Counts references to groups on: in one expression they count the groups of all those before it. Of two groups of one name, the server checks the second. */
function countOn(sources: readonly string[]): string[] {
  let count = 0;
  const names = new Set<string>();
  return sources.flatMap((source) => {
    const groups = [...source.matchAll(captures)].filter(([found]) => found.startsWith("("));
    const own = groups.flatMap(([, name]) => name ?? []);
    if (own.some((name) => names.has(name))) {
      return [];
    }
    const before = count;
    count += groups.length;
    for (const name of own) {
      names.add(name);
    }
    const shift = (whole: string, number: string | undefined) => (number === undefined ? whole : `\\${Number(number) + before}`);
    return [before === 0 ? source : source.replace(/\\(?:([1-9]\d*)|.)/gs, shift)];
  });
}

function readSource(regex: unknown): string | undefined {
  if (typeof regex === "string") {
    return regex;
  }
  if (
    !(regex instanceof RegExp) ||
    regex.flags.replace(/[dgiuv]/g, "") !== "" ||
    (!/[uv]/.test(regex.flags) && (countsUnits(regex.source) || /\\(?:[pP]|u\{)/.test(regex.source)))
  ) {
    return undefined;
  }
  const { flags } = regex;
  const source = splitAlternatives(flags.includes("v") ? regex.source : escapeForSets(regex.source, flags.includes("u")))
    .map(unanchor)
    .join("|");
  try {
    new RegExp(source, "v");
    // Browsers that do not know this group ignore the pattern.
    return regex.ignoreCase ? `(?i:${source})` : source;
  } catch {
    return undefined;
  }
}

/**
 * Escapes a source for the flag `v`, which reserves characters inside of classes, allows fewer escapes, and in which a
 * bracket or brace never stands for itself.
 */
function escapeForSets(source: string, isUnicode: boolean): string {
  return source.replace(
    /\[(\^?)((?:[^\]\\]|\\.)*)\]|\\(.)|\{\d+(?:,\d*)?\}|[\]{}]/gs,
    (whole, negation: string | undefined, content: string | undefined, escaped: string | undefined) => {
      if (content !== undefined) {
        return `[${negation}${escapeClass(content)}]`;
      }
      if (escaped !== undefined) {
        return unescape(whole, escaped, /[\w^$\\.*+?()[\]{}|/]/);
      }
      return whole.length === 1 && !isUnicode ? `\\${whole}` : whole;
    },
  );
}

/** Escapes the content of a class. A hyphen that joins no two characters stands for itself. */
function escapeClass(content: string): string {
  const tokens = content.match(/\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|c[a-zA-Z]|.)|./gsu) ?? [];
  let canBegin = false;
  return tokens
    .map((token, index) => {
      const isSet = /^\\[dDsSwWpP]/.test(token);
      const next = tokens[index + 1];
      if (token === "-" && canBegin && next !== undefined && !/^\\[dDsSwWpP]/.test(next)) {
        canBegin = false;
        return token;
      }
      const isEnd = tokens[index - 1] === "-" && index > 1 && !canBegin;
      canBegin = !isSet && !isEnd;
      if (token.length === 2 && token.startsWith("\\")) {
        return unescape(token, token.charAt(1), /[\w^$\\.*+?()[\]{}|/&!#%,:;<=>@`~-]/);
      }
      return /^[()[{}/|&!#%,:;<=>@`~-]$/.test(token) ? `\\${token}` : token;
    })
    .join("");
}

function unescape(whole: string, escaped: string, allowed: RegExp): string {
  return allowed.test(escaped) ? whole : escaped;
}

/** Tells whether a source counts characters that can be half of a pair, which the flag `v` counts as one. */
function countsUnits(source: string): boolean {
  const plain = source.replace(/\[(\^?)((?:[^\]\\]|\\.)*)\]/gs, (_, negation: string, content: string) =>
    negation === "^" || /\\[SWDP]/.test(content) ? "\\W" : "x",
  );
  return /(?:^|[^\\])(?:\\\\)*(?:\.|\\[SWD])(?![*+])/.test(plain);
}

function unanchor(source: string): string {
  const start = source.startsWith("^") ? source.slice(1) : `[\\s\\S]*${source}`;
  return isEndAnchored(start) ? start.slice(0, -1) : `${start}[\\s\\S]*`;
}

function isEndAnchored(source: string): boolean {
  const backslashes = /(\\*)\$$/.exec(source)?.[1];
  return backslashes !== undefined && backslashes.length % 2 === 0;
}

function group(source: string): string {
  return splitAlternatives(source).length > 1 ? `(?:${source})` : source;
}

/** Splits a source at the bars that lie in no group and no class. */
export function splitAlternatives(source: string): string[] {
  const alternatives: string[] = [];
  let depth = 0;
  let isInClass = false;
  let start = 0;
  for (let index = 0; index < source.length; index++) {
    const character = source[index];
    if (character === "\\") {
      index++;
    } else if (isInClass) {
      isInClass = character !== "]";
    } else if (character === "[") {
      isInClass = true;
    } else if (character === "(" || character === ")") {
      depth += character === "(" ? 1 : -1;
    } else if (character === "|" && depth === 0) {
      alternatives.push(source.slice(start, index));
      start = index + 1;
    }
  }
  return [...alternatives, source.slice(start)];
}
