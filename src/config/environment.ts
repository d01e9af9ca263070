/**
 * Reads the variables that begin with a prefix: `FLAGON_MAX_CONTENT_LENGTH=5000000` gives `{ maxContentLength: 5000000 }`.
 *
 * A value that reads as JSON is converted; two underscores go into an object.
 */
export function readEnvironment(environment: NodeJS.ProcessEnv, prefix = "FLAGON_"): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const name of Object.keys(environment).sort()) {
    const text = environment[name];
    if (!name.startsWith(prefix) || name === "FLAGON_APP" || text === undefined) {
      continue;
    }
    const path = name.slice(prefix.length).split("__").map(toCamelCase);
    const last = path.pop() ?? "";
    let holder = values;
    for (const key of path) {
      const inner = holder[key];
      const next: Record<string, unknown> = typeof inner === "object" && inner !== null ? { ...inner } : {};
      holder[key] = next;
      holder = next;
    }
    // A secret key of digits is text all the same.
    holder[last] = name === `${prefix}SECRET_KEY` ? text : parseJsonOrText(text);
  }
  return values;
}

function parseJsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function toCamelCase(name: string): string {
  return name.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Returns the name of the variable that sets a key. */
export function environmentName(key: string): string {
  return `FLAGON_${key
    .replace(/\./g, "__")
    .replace(/[A-Z]/g, (letter) => `_${letter}`)
    .toUpperCase()}`;
}
