const sample = "\t aB\u0301e\u0301 \u00c9 c \n";
const harmless: ReadonlySet<string> = new Set([
  sample.trim(),
  sample.toLowerCase(),
  sample.toUpperCase(),
  sample.normalize(),
  sample.normalize("NFD"),
]);

/** The change that a function makes to a text. */
export type TextChange = "trim" | "lower" | "upper" | "other";

const changes: ReadonlyMap<string, TextChange> = new Map([
  [sample.trim(), "trim"],
  [sample.toLowerCase(), "lower"],
  [sample.toUpperCase(), "upper"],
]);

/** Tells whether a change of a text only trims it, changes the case of its letters, or composes them. */
export function isHarmless(change: unknown): boolean {
  const changed = changeSample(change);
  return changed !== undefined && harmless.has(changed);
}

/** Reads a change of a text, such as that of `z.string().trim()`. */
export function readChange(change: unknown): TextChange {
  return changes.get(changeSample(change) ?? "") ?? "other";
}

function changeSample(change: unknown): string | undefined {
  try {
    return typeof change === "function" ? String(change(sample)) : undefined;
  } catch {
    return undefined;
  }
}
