import type { Config } from "../config/config";

type Keys = Pick<Config, "secretKey" | "secretKeyFallbacks" | "sessionDigest">;

/**
 * Caches a value that is derived from the secret keys, for each `Config`, until the keys or the digest change.
 *
 * @param create Derives the value from the keys, of which the current one comes first.
 * @returns A function that gives the value for a configuration, or `undefined` if that has no key.
 */
export function cacheByKeys<Derived>(
  create: (secrets: readonly (string | Uint8Array)[], digest: Config["sessionDigest"]) => Derived,
): (config: Config) => Derived | undefined {
  const cached = new WeakMap<Config, Keys & { readonly derived: Derived }>();
  return (config) => {
    const { secretKey, secretKeyFallbacks, sessionDigest } = config;
    if (secretKey === null) {
      return undefined;
    }
    const found = cached.get(config);
    if (found?.secretKey === secretKey && found.secretKeyFallbacks === secretKeyFallbacks && found.sessionDigest === sessionDigest) {
      return found.derived;
    }
    const derived = create([secretKey, ...secretKeyFallbacks], sessionDigest);
    cached.set(config, { secretKey, secretKeyFallbacks, sessionDigest, derived });
    return derived;
  };
}
