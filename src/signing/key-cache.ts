import type { Config } from "../config/config";

type Keys = Pick<Config, "secretKey" | "secretKeyFallbacks" | "sessionDigest">;

/**
 * Caches a value derived from an app's secret keys, per `Config`, until the keys or the digest change.
 *
 * @param make Derives the value from the current key, which comes first, and the former ones.
 * @returns A function that gives the value for a configuration, or `undefined` without a key.
 */
export function cacheByKeys<Made>(
  make: (secrets: readonly (string | Uint8Array)[], digest: Config["sessionDigest"]) => Made,
): (config: Config) => Made | undefined {
  const known = new WeakMap<Config, Keys & { readonly made: Made }>();
  return (config) => {
    const { secretKey, secretKeyFallbacks, sessionDigest } = config;
    if (secretKey === null) {
      return undefined;
    }
    const found = known.get(config);
    if (found?.secretKey === secretKey && found.secretKeyFallbacks === secretKeyFallbacks && found.sessionDigest === sessionDigest) {
      return found.made;
    }
    const made = make([secretKey, ...secretKeyFallbacks], sessionDigest);
    known.set(config, { secretKey, secretKeyFallbacks, sessionDigest, made });
    return made;
  };
}
