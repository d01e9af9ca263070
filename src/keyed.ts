import type { Config } from "./config";

/**
 * Keeps what is made of an app's keys, until they or the digest are set to others.
 *
 * @param make Makes it, of the current key, which comes first, and of the former ones.
 * @returns What gives it for a configuration; `undefined` if that has no key.
 */
export function keyed<Made>(
  make: (secrets: readonly (string | Uint8Array)[], digest: Config["sessionDigest"]) => Made,
): (config: Config) => Made | undefined {
  const known = new WeakMap<Config, { readonly of: readonly unknown[]; readonly made: Made }>();
  return (config) => {
    const { secretKey, secretKeyFallbacks, sessionDigest } = config;
    if (secretKey === null) {
      return undefined;
    }
    const of = [secretKey, secretKeyFallbacks, sessionDigest];
    const found = known.get(config);
    if (found?.of.every((part, index) => part === of[index]) === true) {
      return found.made;
    }
    const made = make([secretKey, ...secretKeyFallbacks], sessionDigest);
    known.set(config, { of, made });
    return made;
  };
}
