import { join } from "node:path";
import type { Config } from "../../config/config";
import { NotFound } from "../exceptions/client-errors";
import type { FlagonRequest } from "../request/request";
import { ContentHashes } from "./content-hash";
import { FileCache } from "./file-cache";
import { type FoundFile, findFile, isSafeName, readState } from "./find-file";
import { fetchAsset } from "./platform-assets";
import { respondWithFound } from "./send-file";

/** The view of a folder of static files, and the part of their URLs besides the name. */
export interface StaticFiles {
  /** Answers with a file. */
  view(values: Record<string, unknown>, request: FlagonRequest): unknown;
  /** Adds the hash of a file's content to the values of its URL. */
  extendValues(values: Record<string, unknown>): void;
}

/** The milliseconds for which a lookup stays valid: a new file, or one that is gone, is noticed after that. A change is noticed at once. */
const freshness = 1000;
const year = 365 * 24 * 60 * 60;

/**
 * Serves the files of a folder. Clients may keep a file for good if its URL has the hash of the content.
 *
 * @param directory The folder.
 * @param config The app's settings.
 */
export function createStaticFiles(directory: string, config: Config): StaticFiles {
  const hashes = new ContentHashes(directory);
  const cache = new FileCache<FoundFile>(freshness);
  const isCurrent = async (name: string, version: string): Promise<boolean> => {
    const path = join(directory, name);
    const state = await readState(path);
    return state !== undefined && version === (await hashes.find(path, state));
  };
  return {
    async view({ filename }, request) {
      const name = String(filename);
      if (!isSafeName(name)) {
        throw new NotFound();
      }
      const isCached = !config.debug && !config.testing;
      const look = (): Promise<FoundFile> => findFile(directory, name, true);
      const found = await (isCached ? cache.find(name, look) : look());
      const asset = found.isFound ? undefined : await fetchAsset(request.raw, request.method);
      if (asset !== undefined) {
        return asset;
      }
      const version = request.query.get("v");
      const isKept = version !== null && found.isFound && (await isCurrent(name, version));
      const options = {
        maxAge: config.sendFileMaxAge,
        useXSendfile: config.useXSendfile,
        ...(isKept ? { maxAge: year, immutable: true } : {}),
      };
      return respondWithFound(request, directory, name, found, options, isCached ? cache : undefined);
    },
    extendValues(values) {
      const hash = typeof values.filename === "string" ? hashes.findNow(values.filename) : undefined;
      if (hash !== undefined) {
        values.v ??= hash;
      }
    },
  };
}
