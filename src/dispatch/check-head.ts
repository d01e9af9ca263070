import { BadRequest } from "../http/exceptions/client-errors";
import type { HTTPException } from "../http/exceptions/http-exception";
import { findHeadError } from "../http/request/head-error";
import type { FlagonRequest } from "../http/request/request";
import { noHooks } from "../setup/registry";
import type { RequestContext } from "./context";

/**
 * Refuses a request with an error in its head, or for a host that is not trusted.
 *
 * @throws {HTTPException} If the head has an error.
 * @throws {BadRequest} If the host is not among the setting `trustedHosts`.
 */
export function checkHead(context: RequestContext): undefined {
  const { app, request } = context;
  const error = findHeadError(request);
  if (error !== undefined) {
    throw refuse(context, error);
  }
  const { trustedHosts } = app.config;
  if (trustedHosts.length > 0 && !isTrusted(request, trustedHosts)) {
    throw refuse(context, new BadRequest("The server does not answer for the host of the request."));
  }
}

/** Refuses a request for its head: none of the app's hooks run, since after hooks expect the work of before hooks. */
function refuse(context: RequestContext, error: HTTPException): HTTPException {
  context.hooks = { ...noHooks, contextProcessor: context.hooks.contextProcessor };
  return error;
}

/** Tells whether a host is among the trusted ones. One that is written without a port is trusted at any port. */
function isTrusted({ host, isSecure }: FlagonRequest, trustedHosts: readonly string[]): boolean {
  const [name, port = isSecure ? "443" : "80"] = splitPort(host);
  return trustedHosts.some((trusted) => {
    const [wanted, wantedPort = port] = splitPort(trusted);
    return wantedPort === port && (wanted.startsWith(".") ? name === wanted.slice(1) || name.endsWith(wanted) : name === wanted);
  });
}

function splitPort(host: string): [name: string, port: string | undefined] {
  const port = /:(\d+)$/.exec(host)?.[1];
  return [(port === undefined ? host : host.slice(0, -port.length - 1)).toLowerCase(), port];
}
