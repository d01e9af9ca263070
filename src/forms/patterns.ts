/**
 * Writes regular expressions as the attribute `pattern` of HTML, which browsers read with the flag `v` and anchor at both
 * ends. One that browsers would understand otherwise is left out: the server checks it.
 *
 * @param regexes The expressions that the text must match, all of them.
 * @param trimmed The expressions that the text must match without the blanks at both ends.
 */
export function toPattern(regexes: readonly unknown[], trimmed: readonly unknown[]): string | undefined {
  const sources = [...regexes.map(readSource), ...trimmed.map(readSource).map((source) => source && `\\s*${group(source)}\\s*`)];
  const known = sources.filter((source) => source !== undefined);
  const last = known.pop();
  return last && (known.length === 0 ? last : `${known.map((source) => `(?=(?:${source})$)`).join("")}${group(last)}`);
}

function readSource(regex: unknown): string | undefined {
  if (!(regex instanceof RegExp) || regex.flags.replace(/[dguv]/g, "") !== "" || (!/[uv]/.test(regex.flags) && countsUnits(regex.source))) {
    return undefined;
  }
  const source = splitAlternatives(regex.source).map(unanchor).join("|");
  try {
    new RegExp(source, "v");
    return source;
  } catch {
    return undefined;
  }
}

/** Tells whether a source counts characters that can be half of a pair, which the flag `v` counts as one. */
function countsUnits(source: string): boolean {
  return /(?:^|[^\\])(?:\\\\)*(?:\.|\[\^(?:[^\]\\]|\\.)*\]|\\[SWD])(?![*+])/.test(source);
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
function splitAlternatives(source: string): string[] {
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
