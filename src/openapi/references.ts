/** The name of a schema itself among its definitions. No id is that name. */
export const root = "\0";

/** The definitions of one JSON schema by name. The name {@link root} is the schema itself. */
export type Definitions = Readonly<Record<string, unknown>>;

/** The signatures of definitions: two definitions have the same one if they describe the same values, even under other names. */
export interface Signatures {
  /** Returns the signature of a definition. */
  of(name: string): string;
  /** Tells whether a definition refers to itself, directly or by way of others. */
  isRecursive(name: string): boolean;
}

/** Reads the name out of a reference (RFC 6901) such as `#/$defs/a~1b`, or returns `undefined` for anything else. */
export function readReference(reference: unknown, prefix: string): string | undefined {
  return typeof reference === "string" && reference.startsWith(prefix)
    ? reference.slice(prefix.length).replaceAll("~1", "/").replaceAll("~0", "~")
    : undefined;
}

/** Computes the signatures of definitions that refer to each other. */
export function signDefinitions(definitions: Definitions): Signatures {
  return {
    of(name) {
      const order = [name];
      const texts: string[] = [];
      for (let index = 0; index < order.length; index++) {
        texts.push(
          replaceReferences(definitions[order[index] ?? ""], (target) => {
            if (!order.includes(target)) {
              order.push(target);
            }
            return `${order.indexOf(target)}`;
          }),
        );
      }
      return texts.join("\n");
    },
    isRecursive(name) {
      const seen = new Set<string>();
      const pending = [name];
      for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
        replaceReferences(definitions[next], (target) => {
          if (!seen.has(target)) {
            seen.add(target);
            pending.push(target);
          }
          return target;
        });
      }
      return seen.has(name);
    },
  };
}

/** Copies a definition, with references to components in place of those to definitions. Those to definitions without a name are removed. */
export function relocate(definition: unknown, names: ReadonlyMap<string, string>): Record<string, unknown> {
  return JSON.parse(
    replaceReferences(definition, (target) => {
      const name = names.get(target);
      return name === undefined ? undefined : `#/components/schemas/${name}`;
    }),
  );
}

function replaceReferences(definition: unknown, replace: (target: string) => string | undefined): string {
  return JSON.stringify(definition, (key, value: unknown) => {
    const target = key === "$ref" ? (value === "#" ? root : readReference(value, "#/$defs/")) : undefined;
    return target === undefined ? value : replace(target);
  });
}
