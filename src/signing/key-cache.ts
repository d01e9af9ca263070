import { ConfigError } from "../base/errors";
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
    const secrets = [secretKey, ...secretKeyFallbacks];
    if (secrets.some((secret) => secret.length === 0)) {
      throw new ConfigError(
        "A secret key is empty, so that anybody could sign with it. Set the configuration's secretKey and secretKeyFallbacks.",
      );
    }
    const derived = create(secrets, sessionDigest);
    cached.set(config, { secretKey, secretKeyFallbacks, sessionDigest, derived });
    return derived;
  };
}
