/** Formats a hint such as ` Did you mean 'index'?`, or nothing when no candidate is close. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const best = findClosest(name, candidates);
  return best === undefined ? "" : ` Did you mean '${best}'?`;
}

/** Formats a hint for an endpoint: one of a blueprint with the same last name goes before one that is spelt alike. */
export function suggestEndpoint(name: string, endpoints: readonly string[]): string {
  const last = name.slice(name.lastIndexOf(".") + 1);
  const inner = endpoints.find((endpoint) => endpoint.endsWith(`.${name}`)) ?? endpoints.find((endpoint) => endpoint.endsWith(`.${last}`));
  const outer = endpoints.includes(last) ? last : undefined;
  const close = didYouMean(name, endpoints);
  const same = inner ?? outer;
  return same === undefined || (name.includes(".") && close !== "") ? close : ` Did you mean '${same}'?`;
}

/**
 * Finds the candidate with the fewest edits to `name`, if that is no more than a third of its length, or 2; a longer or shorter form
 * counts as one.
 */
export function findClosest(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let fewest = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const edits = isForm(name, candidate) ? 1 : countEdits(name.toLowerCase(), candidate.toLowerCase());
    if (edits < fewest) {
      best = candidate;
      fewest = edits;
    }
  }
  return best;
}

/** Returns the candidates, those with the fewest edits to `name` first. */
export function sortByLikeness(name: string, candidates: Iterable<string>): string[] {
  return [...candidates]
    .map((candidate) => ({
      candidate,
      edits: countEdits(name.slice(0, maxCompared).toLowerCase(), candidate.slice(0, maxCompared).toLowerCase()),
    }))
    .sort((left, right) => left.edits - right.edits)
    .map(({ candidate }) => candidate);
}

/**
 * Finds the candidate that a name is a slip of: the same letters in another case or with underscores; in a name of five letters and
 * more one letter too few or too many, or two that are swapped; in one of eight and more also a wrong letter.
 *
 * It is stricter than {@link didYouMean}, for names that can be right.
 */
export function findSlip(name: string, candidates: readonly string[]): string | undefined {
  return candidates.find((candidate) => candidate !== name && isSlip(toPlain(name), toPlain(candidate)));
}

/**
 * Finds the candidate that a name misses by one letter, also one of four or five letters: of four, two letters are swapped.
 *
 * It finds more than {@link findSlip}, for names that are seldom right.
 */
export function findNear(name: string, candidates: Iterable<string>): string | undefined {
  return [...candidates].find((candidate) => candidate !== name && isNear(toPlain(name), toPlain(candidate)));
}

function isNear(name: string, candidate: string): boolean {
  if (name === candidate || candidate.length < 4 || Math.abs(name.length - candidate.length) > 1) {
    return name === candidate;
  }
  return countEdits(name, candidate) === 1 && (candidate.length > 4 || sortLetters(name) === sortLetters(candidate));
}

function isSlip(name: string, candidate: string): boolean {
  if (name === candidate || candidate.length < 5) {
    return name === candidate;
  }
  const isOneEdit = Math.abs(name.length - candidate.length) < 2 && countEdits(name, candidate) === 1;
  return isOneEdit && (candidate.length >= 8 || name.length !== candidate.length || sortLetters(name) === sortLetters(candidate));
}

function sortLetters(text: string): string {
  return [...text].sort().join("");
}

function toPlain(name: string): string {
  return name.replace(/[_-]/g, "").toLowerCase();
}

/** The characters of a name that are compared: the work grows with the square of the length. */
const maxCompared = 100;

function isForm(name: string, candidate: string): boolean {
  return Math.min(name.length, candidate.length) >= 3 && (name.startsWith(candidate) || candidate.startsWith(name));
}

/** Counts insertions, deletions, replacements and swaps of neighbours between two words (optimal string alignment). */
function countEdits(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let edits = Math.min((last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (last[column - 1] ?? 0) + (same ? 0 : 1));
      if (row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]) {
        edits = Math.min(edits, (beforeLast[column - 2] ?? 0) + 1);
      }
      current.push(edits);
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}
