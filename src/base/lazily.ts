/**
 * Returns a function that loads a module, or does other slow work, at its first call, and keeps the result.
 *
 * The one way to load late: `const loadPino = lazily((): typeof import("pino") => require("pino"))`.
 *
 * @param load Loads it.
 */
export function lazily<Value extends object>(load: () => Value): () => Value {
  let loaded: Value | undefined;
  return () => {
    loaded ??= load();
    return loaded;
  };
}
