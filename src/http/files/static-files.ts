import { join } from "node:path";
import type { Config } from "../../config/config";
import type { FlagonRequest } from "../request/request";
import { ContentHashes } from "./content-hash";
import { FileCache } from "./file-cache";
import { createDirectoryResponse, type FoundFile } from "./send-file";

/** The view of a folder of static files, and what its URLs carry beside the name. */
export interface StaticFiles {
  /** Answers with a file. */
  view(values: Record<string, unknown>, request: FlagonRequest): unknown;
  /** Adds the hash of a file's content to the values from which its URL is built. */
  extendValues(values: Record<string, unknown>): void;
}

/** How long it may take until it is seen that a file has come or gone, in milliseconds; changes of one are seen at once. */
const freshness = 1000;
const year = 365 * 24 * 60 * 60;

/**
 * Serves the files of a folder; a URL that carries the hash of the content may be kept for good.
 *
 * @param directory The folder.
 * @param config The app's settings.
 */
export function createStaticFiles(directory: string, config: Config): StaticFiles {
  const hashes = new ContentHashes();
  const cache = new FileCache<FoundFile>(freshness);
  return {
    view({ filename }, request) {
      const name = String(filename);
      const version = request.query.get("v");
      const isCurrent = version !== null && version === hashes.find(join(directory, name));
      const options = {
        maxAge: config.sendFileMaxAge,
        useXSendfile: config.useXSendfile,
        precompressed: true,
        ...(isCurrent ? { maxAge: year, immutable: true } : {}),
      };
      return createDirectoryResponse(request, directory, name, options, config.debug || config.testing ? undefined : cache);
    },
    extendValues(values) {
      const hash = typeof values.filename === "string" ? hashes.find(join(directory, values.filename)) : undefined;
      if (hash !== undefined) {
        values.v ??= hash;
      }
    },
  };
}
