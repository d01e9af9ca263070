/** One place of an expression: the characters that it takes, or `null` for a part of variable length. */
type Place = string | null;

const sample = Array.from({ length: 257 }, (_, code) => String.fromCharCode(code)).join("");
const atomPattern = /\\(?:u[\da-fA-F]{4}|x[\da-fA-F]{2}|c[A-Za-z]|[\s\S])|\[(?:\\[\s\S]|[^\]\\])*\]|[^\\[\]()|]/y;
const quantifierPattern = /(?:[*+?]|\{\d+(?:,\d*)?\})\??/y;

/**
 * Tells whether an expression repeats, without a limit, a group whose alternatives match the same text, as `(?:a|a)*`
 * does. The time for a text that does not match then doubles with each character.
 *
 * @param source The source of the expression.
 */
export function isAmbiguous(source: string): boolean {
  let index = 0;
  let found = false;

  const read = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = index;
    const text = pattern.exec(source)?.[0];
    index += text?.length ?? 0;
    return text;
  };

  const readAlternatives = (): Place[][] => {
    const alternatives: Place[][] = [[]];
    while (index < source.length && source[index] !== ")") {
      if (source[index] === "|") {
        index++;
        alternatives.push([]);
        continue;
      }
      alternatives.at(-1)?.push(...readItem());
    }
    return alternatives;
  };

  const readItem = (): Place[] => {
    if (source[index] !== "(") {
      const atom = read(atomPattern);
      if (atom === undefined) {
        index++;
        return [];
      }
      const isVarying = read(quantifierPattern) !== undefined;
      return atom === "^" || atom === "$" || atom === "\\b" || atom === "\\B" ? [] : [charactersOf(atom), ...(isVarying ? [null] : [])];
    }
    const isLookaround = /^\(\?(?:<?[=!])/.test(source.slice(index));
    index += /^\((?:\?(?:[:=!]|<[=!]|<\w+>))?/.exec(source.slice(index))?.[0].length ?? 1;
    const alternatives = readAlternatives();
    index++;
    const quantifier = read(quantifierPattern) ?? "";
    if (/^(?:[*+]|\{\d+,\}|\{\d*,?\d{2,}\})/.test(quantifier) && overlap(alternatives)) {
      found = true;
    }
    const [only = []] = alternatives;
    return isLookaround ? [] : alternatives.length === 1 && quantifier === "" ? only : [charactersOfAll(alternatives), null];
  };

  readAlternatives();
  return found;
}

/** Tells whether two alternatives can begin with the same text, up to the end of one of them or to a part of varying length. */
function overlap(alternatives: readonly Place[][]): boolean {
  return alternatives.some((left, index) =>
    alternatives.slice(index + 1).some((right) => {
      for (let place = 0; place < Math.min(left.length, right.length); place++) {
        const [one, other] = [left[place] ?? null, right[place] ?? null];
        if (one === null || other === null) {
          return true;
        }
        if (![...one].some((character) => other.includes(character))) {
          return false;
        }
      }
      return true;
    }),
  );
}

function charactersOf(atom: string): string {
  const pattern = new RegExp(`^(?:${atom})$`);
  return [...sample].filter((character) => pattern.test(character)).join("");
}

function charactersOfAll(alternatives: readonly Place[][]): string {
  return alternatives.map(([first]) => first ?? sample).join("");
}
