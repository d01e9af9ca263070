import { reasonOf } from "../http/status";
import type { HostPattern } from "../routing/host-pattern";
import type { Route } from "../routing/route";
import type { Variable } from "../routing/rule-parser";
import { readDecorated } from "../setup/decorated-functions";
import type { ViewDecoratorOptions } from "../setup/hooks";
import type { Endpoint } from "../setup/registry";
import type { Components, OpenApiObject } from "./components";
import type { LoginSecurity } from "./login-security";
import { describeFormBody, describeParameters } from "./parameters";
import { toPattern } from "./patterns";

/**
 * Describes one method of a route as an operation.
 *
 * The option `openapi` of the route adds to it: its `parameters` join those of rule and query, and each of its `responses` joins the one of
 * the same status. A response may be its description alone: that of an error then has problem details as its content.
 */
export function describeOperation(
  route: Route<Endpoint>,
  method: string,
  operationId: string,
  components: Components,
  login: LoginSecurity,
): OpenApiObject {
  const { form, json, openapi, query, returns, status = 200 } = route.schemas;
  const { parameters: ownParameters, responses: ownResponses, ...own }: OpenApiObject = openapi === false ? {} : { ...openapi };
  const decorators = listDecorators(route.endpoint);
  const requiresLogin = decorators.some((decorator) => decorator.requiresLogin === true);
  const scope = route.endpoint.scope.name;
  const takesBody = method !== "GET" && method !== "HEAD";
  const parameters = [
    ...route.rule.variables.map((variable) => ({ name: variable.name, in: "path", required: true, schema: describeVariable(variable) })),
    ...(query === undefined ? [] : describeParameters(components.describe(query, "input", operationId, "query"), components)),
  ];
  const all = joinParameters(parameters, Array.isArray(ownParameters) ? ownParameters : []);
  const success =
    returns === undefined ? {} : { content: { "application/json": { schema: components.describe(returns, "output", operationId) } } };
  const declared = isRecord(ownResponses) ? ownResponses : {};
  const isSuccessDeclared = returns === undefined && Object.keys(declared).some((code) => /^[23]/.test(code));
  const responses: Record<string, unknown> = {
    ...(isSuccessDeclared ? {} : { [status]: { description: reasonOf(status) || "Success", ...success } }),
    ...(requiresLogin ? { 401: components.respond("Unauthorized") } : {}),
    ...(route.rule.variables.length > 0 ? { 404: components.respond("NotFound") } : {}),
    ...(form !== undefined || json !== undefined || query !== undefined ? { 422: components.respond("ValidationFailed") } : {}),
  };
  for (const [code, response] of [
    ...decorators.flatMap((decorator) => Object.entries(decorator.responses ?? {})),
    ...Object.entries(declared),
  ]) {
    responses[code] = joinResponse(code, responses[code], response, components);
  }
  return {
    operationId,
    ...(scope === "" ? {} : { tags: [scope] }),
    ...(all.length === 0 ? {} : { parameters: all }),
    ...(json === undefined || !takesBody
      ? {}
      : { requestBody: { required: true, content: { "application/json": { schema: components.describe(json, "input", operationId) } } } }),
    ...(form === undefined || !takesBody
      ? {}
      : { requestBody: describeForm(components.describe(form, "input", operationId, "form"), components) }),
    ...(requiresLogin ? login.require() : {}),
    ...(route.host === null ? {} : { servers: [describeHost(route.host)] }),
    ...own,
    responses,
  };
}

/** Describes a variable of a rule by its converter. */
function describeVariable({ converter }: Variable): OpenApiObject {
  if (converter.jsonSchema !== undefined) {
    return converter.jsonSchema;
  }
  const pattern = toPattern(new RegExp(`^(?:${converter.regex})$`));
  return { type: "string", ...(pattern === undefined ? {} : { pattern }) };
}

/** Describes a host as a server. Its scheme is that of the document. */
function describeHost({ source, variables }: HostPattern): OpenApiObject {
  const described = variables.map((variable) => {
    const choices: unknown = describeVariable(variable).enum;
    const named =
      Array.isArray(choices) && choices.length > 0
        ? { default: String(choices[0]), enum: choices.map(String) }
        : { default: variable.name };
    return [variable.name, named];
  });
  return {
    url: `//${source.replace(/<(?:[^<>]*:)?([A-Za-z_]\w*)>/g, "{$1}")}`,
    ...(described.length === 0 ? {} : { variables: Object.fromEntries(described) }),
  };
}

/** Lists the options of the decorators of a view, and of those of the hooks that run before it. */
function listDecorators({ decorators = [], scope }: Endpoint): readonly ViewDecoratorOptions[] {
  const hooks = scope.chain.flatMap(({ own }) => own.beforeRequest);
  return [...hooks.flatMap((hook) => readDecorated(hook).details), ...decorators];
}

function describeForm(described: OpenApiObject, components: Components): OpenApiObject {
  const { encoding, hasFiles, isNeeded, schema } = describeFormBody(described, components);
  const media = { schema, ...(Object.keys(encoding).length === 0 ? {} : { encoding }) };
  const types = hasFiles ? ["multipart/form-data"] : ["application/x-www-form-urlencoded", "multipart/form-data"];
  return { required: isNeeded, content: Object.fromEntries(types.map((type) => [type, media])) };
}

/** Adds the parameters of a route's own description. One of the same name and place replaces the other. */
function joinParameters(parameters: readonly OpenApiObject[], own: readonly unknown[]): unknown[] {
  const ownRecords = own.filter(isRecord);
  const isReplaced = (parameter: OpenApiObject): boolean =>
    ownRecords.some((other) => other.name === parameter.name && other.in === parameter.in);
  return [
    ...parameters.filter((parameter) => !isReplaced(parameter)),
    ...own.map((parameter) => (isRecord(parameter) ? complete(parameter) : parameter)),
  ];
}

/** Completes a parameter by the fields that each one needs (OpenAPI 3.1, section 4.8.12). */
function complete(parameter: OpenApiObject): OpenApiObject {
  if ("$ref" in parameter) {
    return parameter;
  }
  const required = parameter.in === "path" ? { required: true } : {};
  return { ...required, ...("schema" in parameter || "content" in parameter ? {} : { schema: {} }), ...parameter };
}

function joinResponse(code: string, known: unknown, response: unknown, components: Components): unknown {
  if (typeof response === "string") {
    const isError = /^[45]/.test(code);
    const content = isError ? { content: components.problemContent() } : {};
    return { ...(isRecord(known) && !("$ref" in known) ? known : content), description: response };
  }
  const isJoined = isRecord(known) && isRecord(response) && !("$ref" in known) && !("$ref" in response);
  if (isJoined) {
    return { ...known, ...response };
  }
  return isRecord(response) && !("$ref" in response) ? { description: reasonOf(Number(code)) || "An answer.", ...response } : response;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
