import { type ExplainMember, guardMembers } from "../../base/guarded-members";

/** The members of requests elsewhere, in Flask and Express, and the cure of each. */
const cures: Readonly<Record<string, string>> = {
  args: 'request.query.get("name")',
  values: 'request.query.get("name"), or (await request.form()).get("name")',
  params: "the argument of the view: ({ id }) => …, or request.viewArgs",
  view_args: "the argument of the view: ({ id }) => …, or request.viewArgs",
  body: "await request.json(), await request.form() or await request.text()",
  data: "await request.bytes()",
  get_json: "await request.json()",
  get_data: "await request.bytes()",
  is_json: "request.isJson",
  remote_addr: "request.remoteAddress",
  ip: "request.remoteAddress",
  ips: "request.accessRoute",
  protocol: "request.scheme",
  secure: "request.isSecure",
  hostname: "request.host",
  originalUrl: "request.fullPath",
  full_path: "request.fullPath",
  session: 'session of "flagon": session.get("name")',
  user_agent: 'request.headers.get("user-agent")',
  content_type: 'request.headers.get("content-type")',
  content_length: "request.contentLength",
  get: 'request.headers.get("name")',
  header: 'request.headers.get("name")',
  param: "the argument of the view: ({ id }) => …",
  is: "request.isJson, or request.mimeType",
  cookie: "request.cookies.name",
  file: 'const file = (await request.files()).get("name")',
};

/** The readers of a body, which are functions here. */
const readers: readonly string[] = ["json", "form", "files", "text", "bytes"];

/** Refuses members that a request has elsewhere, and the use of a reader of the body as if it were the body. */
export function guardRequest<Target extends object>(request: Target): Target {
  for (const name of readers) {
    const read: unknown = Reflect.get(request, name);
    if (typeof read === "function") {
      const reader = (...values: readonly unknown[]): unknown => Reflect.apply(read, request, values);
      const explain: ExplainMember = (member) =>
        `'${member}' was read of request.${name}, which is a function. Call it, and await it: const value = await request.${name}();`;
      Object.defineProperty(request, name, { value: guardMembers(reader, explain), configurable: true, writable: true });
    }
  }
  return guardMembers(request, (name, isSet) =>
    isSet || !Object.hasOwn(cures, name) ? undefined : `A request has no '${name}'. Use ${cures[name]}.`,
  );
}

/** Refuses members of the values of a query or a form, and of the headers: their names are arguments of `get()`. */
export function guardValues<Values extends object>(values: Values, place: string): Values {
  return guardMembers(values, (member, isSet) => {
    const name = place === "request.headers" ? member.replace(/_|(?=[A-Z])/g, "-").toLowerCase() : member;
    return isSet ? undefined : `${place} has no member '${member}'. Read a value by its name: ${place}.get("${name}").`;
  });
}
