import { join } from "node:path";
import type { Config } from "./config";
import { ContentHashes } from "./http/content-hash";
import { createDirectoryResponse } from "./http/send-file";
import type { View } from "./registry";

/** The view of a folder of static files, and what its URLs carry beside the name. */
export interface StaticFiles {
  /** Answers with a file. */
  readonly view: View;
  /** Adds the hash of a file's content to the values from which its URL is built. */
  extendValues(values: Record<string, unknown>): void;
}

const year = 365 * 24 * 60 * 60;

/**
 * Serves the files of a folder; a URL that carries the hash of the content may be kept for good.
 *
 * @param directory The folder.
 * @param config The app's settings.
 */
export function createStaticFiles(directory: string, config: Config): StaticFiles {
  const hashes = new ContentHashes();
  return {
    view({ filename }, request) {
      const name = String(filename);
      const version = request.query.get("v");
      const isCurrent = version !== null && version === hashes.find(join(directory, name));
      return createDirectoryResponse(request, directory, name, {
        maxAge: config.sendFileMaxAge,
        useXSendfile: config.useXSendfile,
        precompressed: true,
        ...(isCurrent ? { maxAge: year, immutable: true } : {}),
      });
    },
    extendValues(values) {
      const hash = typeof values.filename === "string" ? hashes.find(join(directory, values.filename)) : undefined;
      if (hash !== undefined) {
        values.v ??= hash;
      }
    },
  };
}
