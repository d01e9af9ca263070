const sample = "\t aB\u0301e\u0301 \u00c9 c \n";
const harmless: ReadonlySet<string> = new Set([
  sample.trim(),
  sample.toLowerCase(),
  sample.toUpperCase(),
  sample.normalize(),
  sample.normalize("NFD"),
]);

/** Tells whether a change of a text only trims it, changes the case of its letters, or composes them. */
export function isHarmless(change: unknown): boolean {
  try {
    return typeof change === "function" && harmless.has(String(change(sample)));
  } catch {
    return false;
  }
}
