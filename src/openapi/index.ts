import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Extension, Flagon } from "../app";
import { SetupError } from "../base/errors";
import { html } from "../base/html";
import { buildUrl } from "../dispatch/build-url";
import { getRequestContext } from "../dispatch/context";
import { createDirectoryResponse } from "../http/files/send-file";
import { FlagonResponse } from "../http/response/response";
import { Blueprint } from "../setup/blueprint";
import type { OpenApiObject } from "./components";
import { createDocument } from "./document";
import { checkInfo, type OpenApiInfo } from "./info";

export type { OpenApiObject } from "./components";
export { createDocument } from "./document";
export type { OpenApiInfo } from "./info";

/** Options of `openapi()`. */
export interface OpenApiOptions extends OpenApiInfo {
  /** The path of the document. Default: `"/openapi.json"`. */
  readonly path?: string;
  /** The path of a page to read and try it, which needs the package `swagger-ui-dist`. `null`: no page. Default: `"/docs"`. */
  readonly docs?: string | null;
}

/**
 * Describes an app's routes in an OpenAPI 3.1 document, and shows them on a page.
 *
 * The document is made when it is first asked for. The page comes from the app itself; nothing is loaded from elsewhere.
 *
 * @param options The parts of the document that do not come from the routes, and its path.
 * @throws {SetupError} If an option is unknown, or if the page is wanted and `swagger-ui-dist` is not installed.
 *
 * @example
 * ```ts
 * app.use(openapi({ info: { title: "Shop", version: "1" } }));
 * ```
 */
export function openapi(options: OpenApiOptions): Extension {
  checkInfo(options, ["path", "docs"]);
  const { path = "/openapi.json", docs = "/docs", ...about } = options;
  if (docs !== null && typeof docs !== "string") {
    throw new SetupError("The option 'docs' of openapi() is the path of the page, or null for no page.");
  }
  return {
    name: "openapi",
    install(app) {
      const blueprint = new Blueprint("openapi", { errors: "json" });
      let document: OpenApiObject | undefined;
      const getDocument = (): OpenApiObject => {
        document ??= createDocument(app, about);
        return document;
      };
      blueprint.route(path as "/", () => respond(getDocument(), options.servers !== undefined), { endpoint: "document" });
      if (docs !== null) {
        addPage(blueprint, app, docs.replace(/\/$/, ""), options.info.title);
      }
      app.register(blueprint);
      return { getDocument };
    },
  };
}

function respond(document: OpenApiObject, hasServers: boolean): FlagonResponse {
  const { app, request } = getRequestContext("openapi");
  const all = hasServers ? document : { ...document, servers: [{ url: request.rootPath || "/" }] };
  const response = new FlagonResponse(app.json.stringify(all) ?? "", 200, { "content-type": "application/json" });
  response.addEtag();
  return response.makeConditional(request);
}

const scripts = ["swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"];

function addPage(blueprint: Blueprint, app: Flagon, docs: string, title: string): void {
  const folder = findSwaggerUi(app.root);
  const page = html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<link rel="icon" href="favicon-32x32.png">
<link rel="stylesheet" href="swagger-ui.css">
<div id="swagger-ui"></div>
<script src="swagger-ui-bundle.js"></script>
<script src="start.js"></script>
</html>
`;
  blueprint.route(`${docs}/` as "/", () => page, { endpoint: "docs" });
  blueprint.route(`${docs}/<name>` as "/<name>", ({ name }) => sendPart(folder, name), { endpoint: "docs-part" });
}

function sendPart(folder: string, name: string): FlagonResponse | Promise<FlagonResponse> {
  const context = getRequestContext("openapi");
  if (name === "start.js") {
    const url = buildUrl(context.app, context, "openapi.document");
    const script = `SwaggerUIBundle(${JSON.stringify({ url, dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null })});\n`;
    return new FlagonResponse(script, 200, { "content-type": "text/javascript; charset=utf-8" });
  }
  return createDirectoryResponse(context.request, folder, scripts.includes(name) ? name : "none");
}

/** Finds the package among those of the app, or those of Flagon. */
function findSwaggerUi(root: string): string {
  for (const from of [join(root, "package.json"), __filename]) {
    try {
      const folder = dirname(createRequire(from).resolve("swagger-ui-dist/package.json"));
      if (existsSync(join(folder, "swagger-ui-bundle.js"))) {
        return folder;
      }
    } catch {
      // The next place is tried.
    }
  }
  throw new SetupError(
    "The page that shows an API needs the package 'swagger-ui-dist': npm install swagger-ui-dist. Or give { docs: null }.",
  );
}
