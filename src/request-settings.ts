import type { Config } from "./config";
import { parseFields } from "./forms/validation";
import { ProxyTrust } from "./http/proxy";
import type { RequestSettings } from "./http/request-head";
import type { JsonProvider } from "./json-provider";

/**
 * Reads from an app's settings what all its requests share.
 *
 * @throws {ConfigError} If an address in the setting `trustProxy` cannot be read.
 */
export function createRequestSettings(config: Config, json: JsonProvider, createLog: RequestSettings["createLog"]): RequestSettings {
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
    proxy: config.trustProxy === 0 ? null : new ProxyTrust(config.trustProxy),
    applicationRoot: config.applicationRoot.replace(/\/$/, ""),
    createLog,
    parseJson: (text) => json.parse(text),
    parseFields,
  };
}
