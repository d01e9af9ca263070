import { BadRequest } from "../http/exceptions/client-errors";
import { FlagonResponse } from "../http/response/response";
import type { RequestContext } from "./context";

/**
 * Redirects a request over HTTP to the same URL over HTTPS, with its method and body, if the setting `httpsOnly` is on.
 *
 * The host is that of the request if the setting `trustedHosts` names it; else the setting `serverName`; else, without
 * that setting, that of the request.
 *
 * @throws {BadRequest} If the request names no host.
 */
export function redirectToHttps({ app, request }: RequestContext): FlagonResponse | undefined {
  if (!app.config.httpsOnly || app.config.debug || request.isSecure) {
    return undefined;
  }
  const { serverName, trustedHosts } = app.config;
  const host = trustedHosts.length > 0 ? request.host : (serverName ?? request.host);
  if (host === "" || !request.target.startsWith("/")) {
    throw new BadRequest("The request names no host, so that it cannot be sent to HTTPS.");
  }
  const response = new FlagonResponse(null, 308);
  // The port of HTTP is none of HTTPS. Another port is kept: the server may answer both on it.
  response.location = `https://${host.replace(/:80$/, "")}${request.rootPath}${request.target}`;
  return response;
}
