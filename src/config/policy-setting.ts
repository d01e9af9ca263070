/** A directive's sources, or `null` to leave the directive out. */
export type PolicySources = string | readonly string[] | null;

/** Tells whether a value is a policy that a header can hold. */
export function isPolicy(value: unknown): boolean {
  if (typeof value === "string") {
    return /^[\x20-\x7e]+$/.test(value);
  }
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.entries(value).every(([name, sources]) => /^[A-Za-z-]+$/.test(name) && (sources === null || listSources(sources) !== undefined))
  );
}

function listSources(sources: unknown): readonly string[] | undefined {
  const list: unknown[] = Array.isArray(sources) ? sources : [sources];
  const texts = list.filter((source) => typeof source === "string" && /^[\x20-\x2b\x2d-\x3a\x3c-\x7e]*$/.test(source));
  return texts.length === list.length ? texts.map(String) : undefined;
}
