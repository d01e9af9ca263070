import { guardMembers } from "../../base/guarded-members";
import { findSlip } from "../../base/suggestion";

const returned = "the value that the view returns: text, an object, or makeResponse(value, status)";
const setHeader = 'response.headers.set("name", "value")';

/** The members of responses elsewhere, in Flask, Express and Node, and the cure of each. */
const cures: Readonly<Record<string, string>> = {
  statusCode: "response.status",
  status_code: "response.status",
  sendStatus: 'makeResponse("", status)',
  writeHead: "response.status, and response.headers",
  send: returned,
  json: returned,
  jsonp: returned,
  end: returned,
  write: "a generator or a stream as the value that the view returns",
  render: 'renderTemplate("name", data)',
  redirect: "redirect(location)",
  sendFile: "sendFile(path)",
  download: "sendFile(path, { asAttachment: true })",
  format: "request.accepts.types(…)",
  data: "response.body",
  set_data: "response.body",
  get_data: "response.body",
  type: "response.mimeType",
  contentType: "response.mimeType",
  content_type: "response.mimeType",
  mimetype: "response.mimeType",
  contentLength: "response.body alone: the server measures it",
  content_length: "response.body alone: the server measures it",
  get: 'response.headers.get("name")',
  getHeader: 'response.headers.get("name")',
  hasHeader: 'response.headers.has("name")',
  set: setHeader,
  header: setHeader,
  setHeader,
  append: 'response.headers.append("name", "value")',
  add_header: 'response.headers.append("name", "value")',
  appendHeader: 'response.headers.append("name", "value")',
  removeHeader: 'response.headers.delete("name")',
  cookie: 'response.setCookie("name", "value", options)',
  clearCookie: 'response.deleteCookie("name")',
  set_etag: "response.etag",
  max_age: "response.cacheControl.maxAge",
  maxAge: "response.cacheControl.maxAge",
  locals: 'g of "flagon": g.user = user',
  call_on_close: "response.callOnClose(callback)",
};

/** The members of headers elsewhere, and the cure of each. */
const headerCures: Readonly<Record<string, string>> = {
  add: 'append("name", "value")',
  remove: 'delete("name")',
  getlist: 'getAll("name")',
  get_all: 'getAll("name")',
  extend: "update({ … })",
  setdefault: 'has("name") and set("name", "value")',
};

const headerMembers = ["get", "getAll", "getSetCookie", "has", "set", "append", "delete", "update", "entries"];

/**
 * Refuses members that a response has elsewhere or that are misspelt, and headers as members. JavaScript keeps such a member, and
 * nothing sends it. For debug mode and tests.
 *
 * @param response The response.
 * @param headers Its headers.
 * @param members The names of all that a response has.
 */
export function guardResponse(response: object, headers: object, members: readonly string[]): void {
  guardHeaders(headers);
  Object.defineProperty(response, "headers", {
    get: () => headers,
    set: () => {
      throw new TypeError("The headers of a response cannot be replaced. Set some of them: response.headers.update({ … }).");
    },
    enumerable: true,
    configurable: true,
  });
  guardMembers(response, (name) => {
    const slip = findSlip(name, members);
    const cure = Object.hasOwn(cures, name) ? cures[name] : slip === undefined ? undefined : `response.${slip}`;
    return cure === undefined ? undefined : `A response has no '${name}'. Use ${cure}.`;
  });
}

function guardHeaders(headers: object): void {
  guardMembers(headers, (member, isSet) => {
    const place = `response.headers has no member '${member}'`;
    const slip = isSet ? undefined : findSlip(member, headerMembers);
    if (!isSet && Object.hasOwn(headerCures, member)) {
      return `${place}. Use response.headers.${headerCures[member]}.`;
    }
    if (slip !== undefined) {
      return `${place}. Did you mean '${slip}'?`;
    }
    const name = member.replace(/_|(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase();
    return isSet
      ? `${place} to assign to, and would not send it. Write response.headers.set("${name}", value).`
      : `${place}. Read a header by its name: response.headers.get("${name}").`;
  });
}
