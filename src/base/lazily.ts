/**
 * Puts off what takes time, such as loading a package, until it is asked for, and does it once.
 *
 * @param load Does it.
 */
export function lazily<Value extends object>(load: () => Value): () => Value {
  let loaded: Value | undefined;
  return () => {
    loaded ??= load();
    return loaded;
  };
}
