import type { JsonProvider } from "../base/json";
import { defaultJson } from "../base/json";
import { tellsTests } from "../base/unseen-errors";
import { noteWatchedApp } from "../base/watching";
import type { Config } from "../config/config";
import { createProxyTrust } from "../http/request/proxy";
import type { RequestSettings } from "../http/request/request-head";
import { acceptJson } from "../schemas/json-values";
import { parseFields } from "../schemas/parse-fields";

/**
 * Makes the settings that all requests of an app share.
 *
 * @throws {ConfigError} If an address in the setting `trustProxy` cannot be read.
 */
export function createRequestSettings(config: Config, json: JsonProvider, createLog: RequestSettings["createLog"]): RequestSettings {
  const isWatched = config.debug || config.testing;
  if (isWatched) {
    noteWatchedApp();
  }
  return {
    limits: {
      body: config.maxContentLength,
      multipart: config.maxMultipartLength,
      jsonDepth: config.maxJsonDepth,
      parts: config.maxFormParts,
      files: config.maxFormFiles,
      fieldSize: config.maxFieldSize,
      fieldsSize: config.maxFormMemorySize,
      spoolSize: config.uploadSpoolSize,
    },
    proxy: createProxyTrust(config.trustProxy),
    applicationRoot: config.applicationRoot.replace(/\/$/, ""),
    createLog,
    isWatched,
    tellsTests: tellsTests(config),
    parseJson: json === defaultJson ? defaultJson.parse : (text) => json.parse(text),
    acceptJson,
    parseFields,
  };
}
