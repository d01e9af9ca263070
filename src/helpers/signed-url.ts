import { FlagonError, SetupError } from "../base/errors";
import { describeGiven, refuseUnknown } from "../base/unknown-options";
import { getAppContext, getRequestContext } from "../dispatch/context";
import { Forbidden } from "../http/exceptions/client-errors";
import type { ViewOrControllerDecorator } from "../setup/decorator-types";
import { viewDecorator } from "../setup/decorators";
import { expiryName, purpose, type SignUrlOptions, signUrl as sign, signatureName } from "../signing/signed-url";
import { isOver, verifyText } from "../signing/tokens";

/** Options of `@signedUrl()`. */
export interface SignedUrlOptions {
  /** Parameters that others append to links, such as `"utm_source"`; all others are refused. Default: none. */
  readonly ignore?: readonly string[];
}

/** Decorates a method or a class, bare or called with options, in either decorator standard. */
export interface SignedUrlDecorator extends ViewOrControllerDecorator {
  (options?: SignedUrlOptions): ViewOrControllerDecorator;
}

/**
 * Returns a URL with its expiry and a signature, for a view with `@signedUrl`.
 *
 * Path and query are signed, scheme and host are not. The link works for `GET` and `HEAD`, any number of times.
 *
 * @param url A path of the app or a whole URL, such as `urlFor()` builds.
 * @param options The seconds until it expires.
 * @throws {TypeError} If `expiresIn` is not above 0, the URL is neither a path nor one of http or https, or it has a
 * parameter `expires` or `signature` already.
 * @throws {ConfigError} If the app has no secret key.
 *
 * @example
 * ```ts
 * const link = signUrl(urlFor(Accounts, "confirm", { id }, { external: true }), { expiresIn: 86_400 });
 * ```
 */
export function signUrl(url: string, options: SignUrlOptions): string {
  return sign(getAppContext("signUrl").app.config, url, options);
}

/**
 * Tells whether the URL of the current request is one that `signUrl()` made, unchanged and not expired.
 *
 * @param options The parameters that others append.
 *
 * @example
 * ```ts
 * app.get("/preview/<int:id>", ({ id }) => (isUrlSigned() ? renderTemplate("preview", { id }) : abort(404)));
 * ```
 */
export function isUrlSigned(options: SignedUrlOptions = {}): boolean {
  const { app, request } = getRequestContext("isUrlSigned");
  refuseUnknown(options, ["ignore"], "isUrlSigned()");
  checkIgnored(options.ignore, "isUrlSigned()", FlagonError);
  if (request.method !== "GET" && request.method !== "HEAD") {
    return false;
  }
  // Compared as it came: a parser of URLs removes '..' and fragments, and the router does not.
  const [path = "", ...rest] = `${request.rootPath}${request.target}`.split("?");
  const pairs = rest.join("?").split("&");
  const isIgnored = (pair: string): boolean => options.ignore?.includes(nameOf(pair)) === true;
  const place = pairs.findIndex((pair) => nameOf(pair) === signatureName);
  const signature = pairs[place]?.slice(signatureName.length + 1) ?? "";
  const before = pairs.slice(0, Math.max(0, place));
  if (place < 1 || !pairs.slice(place + 1).every(isIgnored)) {
    return false;
  }
  // A link may also have an ignored parameter from the start.
  const kept = [before, before.filter((pair) => !isIgnored(pair))].find((list) =>
    verifyText(app.config, `${path}?${list.join("&")}`, signature, purpose),
  );
  const expiry = kept?.at(-1) ?? "";
  return nameOf(expiry) === expiryName && !isOver(Number(expiry.slice(expiryName.length + 1)));
}

/**
 * Answers only requests whose URL `signUrl()` made; any other gets 403. Works above or below `@route`, and on a whole controller.
 *
 * A link that was changed, moved to another path, or has expired is refused, and so is every method but `GET` and `HEAD`.
 *
 * @example
 * ```ts
 * @signedUrl({ ignore: ["utm_source", "fbclid"] })
 * @route("/confirm/<int:id>")
 * confirm({ id }: { id: number }) {
 *   return renderTemplate("confirm", { id });
 * }
 * ```
 */
export const signedUrl: SignedUrlDecorator = createSignedUrl();

function createSignedUrl(): SignedUrlDecorator {
  const create = (options: SignedUrlOptions): ViewOrControllerDecorator => {
    refuseUnknown(options, ["ignore"], "@signedUrl()", SetupError);
    checkIgnored(options.ignore, "@signedUrl()", SetupError);
    return viewDecorator((next) => {
      if (!isUrlSigned(options)) {
        throw new Forbidden("This link is not valid, or no longer. Ask for a new one.");
      }
      return next();
    });
  };
  const bare = create({});
  function decorate(options?: SignedUrlOptions): ViewOrControllerDecorator;
  function decorate<View>(view: View): View;
  function decorate(target: object, second?: string | symbol | DecoratorContext, descriptor?: PropertyDescriptor): void;
  function decorate(target: object = {}, second?: string | symbol | DecoratorContext, descriptor?: PropertyDescriptor): unknown {
    return second === undefined && typeof target !== "function"
      ? create(target)
      : Reflect.apply(bare, undefined, [target, second, descriptor]);
  }
  return decorate;
}

function nameOf(pair: string): string {
  const name = pair.split("=", 1)[0] ?? "";
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** Refuses names of parameters that are no list of names: each letter of a text would be one. */
function checkIgnored(ignore: unknown, place: string, Failure: typeof FlagonError): void {
  const own = [expiryName, signatureName];
  const isList = Array.isArray(ignore) && ignore.every((name) => typeof name === "string" && name !== "" && !own.includes(name));
  if (ignore !== undefined && !isList) {
    throw new Failure(
      `The option 'ignore' of ${place} must be a list of parameters such as ["utm_source"], without 'expires' and 'signature', but got ${describeGiven(ignore)}.`,
    );
  }
}
