import type { Config } from "../config/config";

type Keys = Pick<Config, "secretKey" | "secretKeyFallbacks" | "sessionDigest">;

/**
 * Keeps what is made of an app's keys, until they or the digest are set to others.
 *
 * @param make Makes it, of the current key, which comes first, and of the former ones.
 * @returns What gives it for a configuration; `undefined` if that has no key.
 */
export function keyed<Made>(
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
