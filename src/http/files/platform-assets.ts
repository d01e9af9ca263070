/** The files that a platform serves next to the code, as the binding `ASSETS` of Cloudflare's Workers does. */
interface PlatformAssets {
  /** Answers a request for a file. */
  fetch(request: Request): Promise<Response>;
}

/** The files of the platform by the request that came with them. */
const assetsOf = new WeakMap<object, PlatformAssets>();

/** Keeps the files of the platform for the time of a request, if its bindings name them `ASSETS`. */
export function keepAssets(request: Request, bindings: unknown): void {
  if (typeof bindings === "object" && bindings !== null && "ASSETS" in bindings && isAssets(bindings.ASSETS)) {
    assetsOf.set(request, bindings.ASSETS);
  }
}

/**
 * Asks the platform for the file of a request.
 *
 * @param raw The request of the server itself.
 * @param method `GET` or `HEAD`.
 * @returns The answer; `undefined` if the platform has no such file, or no files.
 */
export async function fetchAsset(raw: unknown, method: string): Promise<Response | undefined> {
  const assets = raw instanceof Request ? assetsOf.get(raw) : undefined;
  if (assets === undefined || !(raw instanceof Request)) {
    return undefined;
  }
  const answer = await assets.fetch(new Request(raw.url, { method, headers: raw.headers }));
  return answer.status === 404 || answer.status === 405 ? undefined : answer;
}

function isAssets(value: unknown): value is PlatformAssets {
  return typeof value === "object" && value !== null && "fetch" in value && typeof value.fetch === "function";
}
