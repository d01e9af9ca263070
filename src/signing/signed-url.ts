import { refusePromise } from "../base/forgotten-await";
import { requireOptions } from "../base/unknown-options";
import type { Config } from "../config/config";
import { signText, toExpiry } from "./tokens";

/** Options of `signUrl()`. */
export interface SignUrlOptions {
  /** Seconds until the link expires. */
  readonly expiresIn: number;
}

/** The purpose of the signature. */
export const purpose: readonly string[] = ["url"];
/** The parameter of the expiry. */
export const expiryName = "expires";
/** The parameter of the signature. */
export const signatureName = "signature";
/** The origin of a path, which is not signed. */
const base = "http://localhost";

/**
 * Returns a URL with its expiry and a signature of its path and query.
 *
 * @throws {TypeError} If `expiresIn` is not above 0, the URL is neither a path nor one of http or https, or it has a
 * parameter `expires` or `signature` already.
 * @throws {ConfigError} If there is no secret key.
 */
export function signUrl(config: Config, url: string, options: SignUrlOptions): string {
  refusePromise(url, "URL of signUrl()", TypeError);
  requireOptions(options, ["expiresIn"], "signUrl()", TypeError);
  const [, origin = "", path = ""] = /^((?:https?:)?\/\/[^/?#\\]+)?(.*)$/is.exec(url) ?? [];
  // Browsers read '/\evil.example' as a host.
  const isForeign = (origin === "" && !path.startsWith("/")) || !URL.canParse(url, base);
  const parsed = isForeign ? undefined : new URL(url, base);
  if (parsed === undefined || (origin === "" && parsed.origin !== base)) {
    throw new TypeError(
      `signUrl() got '${url}': give a path that begins with a slash, or a URL of http or https, such as urlFor() builds.`,
    );
  }
  if ([expiryName, signatureName].some((name) => parsed.searchParams.has(name))) {
    throw new TypeError(`The URL '${url}' has a parameter '${expiryName}' or '${signatureName}', which belong to the signature.`);
  }
  const expiry = `${expiryName}=${toExpiry(options.expiresIn, "signUrl")}`;
  const signed = `${parsed.pathname}${parsed.search === "" ? "?" : `${parsed.search}&`}${expiry}`;
  return `${origin}${signed}&${signatureName}=${signText(config, signed, purpose)}${parsed.hash}`;
}
