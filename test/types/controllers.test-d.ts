/* Compiled by three versions of TypeScript under both decorator standards, never run. */
import { Readable } from "node:stream";
import {
  abort,
  afterRequest,
  type BeforeRequestHook,
  beforeRequest,
  blueprint,
  command,
  contextProcessor,
  csrfExempt,
  defineForm,
  errorHandler,
  type Flagon,
  type FlagonResponse,
  g,
  type HTTPException,
  html,
  type Markup,
  NotFound,
  type RuleValues,
  redirect,
  renderTemplate,
  request,
  route,
  session,
  teardownRequest,
  template,
  templateFilter,
  urlFor,
  type ViewResult,
  viewDecorator,
} from "flagon";
import { z } from "zod";

type Equals<Left, Right> = (<Type>() => Type extends Left ? 1 : 2) extends <Type>() => Type extends Right ? 1 : 2 ? true : false;
/** Fails to compile unless its argument is `true`. */
type Assert<Condition extends true> = Condition;
type IsAny<Type> = 0 extends 1 & Type ? true : false;

declare module "flagon" {
  interface Converters {
    date: Date;
  }
  interface SessionData {
    userId: number;
  }
  interface Globals {
    user: { name: string };
  }
}

export type Rules = [
  Assert<Equals<keyof RuleValues<"/">, never>>,
  Assert<Equals<RuleValues<"/posts/<int:id>">, { id: number }>>,
  Assert<Equals<RuleValues<"/<slug>/<float:x>.<path:rest>">, { slug: string; x: number; rest: string }>>,
  Assert<
    Equals<RuleValues<"/<any(a, 'b'):kind>/<string(length=2):code>/<int(min=1,max=9):n>">, { kind: "a" | "b"; code: string; n: number }>
  >,
  Assert<Equals<RuleValues<"/on/<date:day>/<uuid:id>">, { day: Date; id: string }>>,
  Assert<Equals<IsAny<RuleValues<"/posts/<int:id>">["id"]>, false>>,
  Assert<
    Equals<
      IsAny<Parameters<Parameters<ReturnType<typeof route<"/posts/<int:id>">>>[0] & ((values: { id: number }) => unknown)>[0]["id"]>,
      false
    >
  >,
];

const members = viewDecorator((next, values) => (values.id === 0 ? abort(403) : next()));

export class Right {
  @route("/")
  index() {
    return "x";
  }
  @route("/posts/<int:id>")
  show({ id }: { id: number }) {
    return { next: id + 1 };
  }
  @route("/posts/<int:id>/<slug>", { methods: ["GET", "post"] })
  async named({ id, slug }: { id: number; slug: string }) {
    return `${id.toFixed()}${slug.trim()}`;
  }
  @route.post("/posts/<int:id>/part")
  part({ id }: { id: number | string }) {
    return `${id}`;
  }
  @route("/", { defaults: { page: 1 }, endpoint: "pages" })
  @route("/page/<int:page>", { endpoint: "pages" })
  page({ page }: { page: number }) {
    return `${page}`;
  }
  @route("/in/<any(news,blog):section>")
  section({ section }: { section: "news" | "blog" }): Markup {
    return html`${section}`;
  }
  @route("/on/<date:day>")
  day({ day }: { day: Date }): FlagonResponse {
    return redirect(urlFor("index", { day }));
  }
  @members
  @csrfExempt
  @route.delete("/posts/<int:id>")
  remove({ id }: { id: number }) {
    return id > 0 ? "gone" : abort(404);
  }
  @beforeRequest
  before() {
    return undefined;
  }
  @beforeRequest()
  check(current: typeof request) {
    return current.path === "/" ? "x" : undefined;
  }
  @afterRequest
  after(response: FlagonResponse) {
    response.headers.set("x-a", "1");
  }
  @teardownRequest
  teardown(error: unknown) {
    return error;
  }
  @errorHandler(404)
  missing(error: HTTPException) {
    return error.description;
  }
  @errorHandler(NotFound)
  notFound(error: NotFound) {
    return error.title;
  }
  @errorHandler(RangeError)
  range(error: RangeError) {
    return error.message;
  }
  @contextProcessor
  values() {
    return { site: "x" };
  }
  @templateFilter
  shout(text: string) {
    return text.toUpperCase();
  }
  @templateFilter("quiet")
  whisper(text: string, times = 1) {
    return text.toLowerCase().repeat(times);
  }
}

export class Tasks {
  @command
  plain() {
    return "x";
  }
  @command("other <float:ratio> <files...>", { options: { dryRun: "boolean", level: "int" } })
  typed({
    ratio,
    files,
    dryRun,
    level,
  }: {
    ratio?: number;
    files?: readonly string[];
    dryRun?: boolean | undefined;
    level?: number | undefined;
  }) {
    return `${ratio}${files?.length}${dryRun}${level}`;
  }
  // @ts-expect-error - the argument is a number
  @command("wrong <int:age>")
  wrong({ age }: { age: string }) {
    return age;
  }
  // @ts-expect-error - there is no such argument
  @command("wrong <age>")
  missing({ name }: { name: string }) {
    return name;
  }
}

class Post {
  constructor(readonly title: string) {}
  then2 = 1;
}

/** All that a view rightly returns, without a cast. */
export class Results {
  @route("/r1") text(): string {
    return "x";
  }
  @route("/r2") markup() {
    return html`x`;
  }
  @route("/r3") list() {
    return [1, 2, 3];
  }
  @route("/r4") post() {
    return new Post("x");
  }
  @route("/r5") web() {
    return new Response("x");
  }
  @route("/r6") bytes() {
    return new Uint8Array(3);
  }
  @route("/r7") buffer() {
    return new ArrayBuffer(3);
  }
  @route("/r8") blob() {
    return new Blob(["x"]);
  }
  @route("/r9") node() {
    return Readable.from(["x"]);
  }
  @route("/r10") stream() {
    return new ReadableStream();
  }
  @route("/r11") *generator() {
    yield "x";
  }
  @route("/r12") async *asyncGenerator() {
    yield "x";
  }
  @route("/r13") async later() {
    return { a: 1 };
  }
  @route("/r14") thenable(): PromiseLike<string> {
    return Promise.resolve("x");
  }
  @route("/r15") either() {
    return request.path === "/" ? "x" : request.path === "/y" ? redirect("/") : Promise.resolve({ a: 1 });
  }
  @route("/r16") async never() {
    return abort(404);
  }
  @route("/r17") throws(): never {
    throw new NotFound();
  }
  @route("/r18") async echo() {
    return await request.json();
  }
  @route("/r19") parsed() {
    return JSON.parse("{}");
  }
  @route("/r20") result(): ViewResult {
    return request.path === "/" ? "x" : Promise.resolve({ a: 1 });
  }
  @route("/r21") async asyncResult(): Promise<ViewResult> {
    return new Post("x");
  }
  @route("/r22/<int:id>") ignores() {
    return "x";
  }
  @route("/r23/<int:id>") all(values: Readonly<Record<string, unknown>>) {
    return values;
  }
  @route("/r24") optional({ page = 1 }: { page?: number }) {
    return { page };
  }
  @route("/r25/<slug>") generic<Value extends string>({ slug }: { slug: Value }) {
    return slug;
  }
  @route("/r26/<any(a,b):kind>") wider({ kind }: { kind: string }) {
    return kind;
  }
  @route("/r27/:80/<x>") colon({ x }: { x: string }) {
    return x;
  }
  @route("/r28", { endpoint: "twenty-eight", methods: ["GET"], strictSlashes: false, maxContentLength: 10 }) options() {
    return "x";
  }
  @beforeRequest nothing() {}
  @beforeRequest async none() {}
  @beforeRequest perhaps() {
    return request.path === "/" ? "x" : undefined;
  }
  @beforeRequest async perhapsLater(): Promise<ViewResult | undefined> {
    return undefined;
  }
  @errorHandler(NotFound) page(error: NotFound) {
    return { title: error.title };
  }
  @errorHandler(500) async fails() {
    return ["x", 500];
  }
}

export function results(app: Flagon): void {
  app.route("/f1", () => "x");
  app.route("/f2", async () => ({ a: 1 }));
  app.route("/f3", () => new Response("x"));
  app.route("/f4", () => abort(404));
  app.route("/f5", async ({ json }) => ({ id: 1, at: json.title }), { json: NewPost, returns: Shown, endpoint: "f5" });
  app.route("/f6", ({ query }) => `${query.page.toFixed()}`, { query: Listed });
  app.route("/f7/<any(a,b):kind>", ({ kind }) => (kind === "a" ? "x" : ["y"]));
  app.route("/f8", function* () {
    yield "x";
  });
  app.route("/f9", async (): Promise<unknown> => request.json());
  app.beforeRequest(() => undefined);
  app.beforeRequest(() => {});
  app.beforeRequest((current) => (current.path === "/" ? "x" : undefined));
  app.beforeRequest(async () => {});
  app.errorHandler(404, async () => ({ a: 1 }));
  viewDecorator(async (next) => (request.path === "/" ? next() : redirect("/")));
  // @ts-expect-error - a view returns something
  app.route("/g1", () => {});
  // @ts-expect-error - no response is made of a number
  app.route("/g2", () => 5);
  // @ts-expect-error - no response is made of null
  app.route("/g3", async () => null);
  // @ts-expect-error - no response is made of undefined
  app.route("/g4", () => ["x"].at(0));
  // @ts-expect-error - the result lacks a field
  app.route("/g5", () => ({ id: 1 }), { returns: Shown });
  // @ts-expect-error - no response is made of a number
  app.beforeRequest(() => 5);
  // @ts-expect-error - a handler returns something
  app.errorHandler(404, () => {});
  // @ts-expect-error - a wrapper returns something
  viewDecorator((next) => {
    next();
  });
}

export class Unsendable {
  // @ts-expect-error - a view returns something
  @route("/u1")
  nothing() {}
  // @ts-expect-error - a view returns something
  @route("/u2")
  async later() {}
  // @ts-expect-error - no response is made of a number
  @route("/u3")
  number() {
    return 5;
  }
  // @ts-expect-error - no response is made of null
  @route("/u4")
  null() {
    return request.path === "/" ? null : "x";
  }
  // @ts-expect-error - no response is made of a boolean
  @route.post("/u5")
  async boolean() {
    return true;
  }
  // @ts-expect-error - no response is made of a function
  @route("/u6")
  function() {
    return () => "x";
  }
  // @ts-expect-error - no response is made of a number
  @beforeRequest
  before() {
    return 5;
  }
  // @ts-expect-error - no response is made of null
  @beforeRequest()
  async after() {
    return null;
  }
  // @ts-expect-error - a handler returns something
  @errorHandler(404)
  missing() {}
  // @ts-expect-error - the view has a second parameter
  @route("/u7")
  two(values: object, more: string) {
    return { values, more };
  }
  // @ts-expect-error - there is no such option
  @route("/u8", { endpoint: "u8", method: "POST" })
  option() {
    return "x";
  }
  // @ts-expect-error - it is no method
  @route("/u9")
  field = 5;
}

const NewPost = z.object({ title: z.string(), age: z.coerce.number().optional() });
const Listed = z.object({ page: z.int().default(1) });
const Shown = z.object({ id: z.number(), at: z.string().transform((text) => new Date(text)) });

export class Api {
  @route("/x/<int:id>", { host: "<tenant>.example.com" })
  host({ id, tenant }: { id: number; tenant: string }) {
    return `${id}${tenant}`;
  }
  @route.post("/posts/<int:id>", { json: NewPost, query: Listed, returns: Shown, status: 201 })
  create({ id, json, query }: { id: number; json: { title: string; age?: number | undefined }; query: { page: number } }) {
    return { id: id + query.page, at: json.title, more: true };
  }
  @route.post("/later", { json: NewPost, returns: Shown })
  async later({ json }: { json: { title: string } }) {
    return json.title === "" ? redirect("/") : { id: 1, at: "2026" };
  }
  // @ts-expect-error - the body has no such field
  @route.post("/wrong", { json: NewPost })
  body({ json }: { json: { name: string } }) {
    return json.name;
  }
  // @ts-expect-error - the query gives a number
  @route.get("/wrong", { query: Listed })
  query({ query }: { query: { page: string } }) {
    return query.page;
  }
  // @ts-expect-error - there is no schema for a body
  @route.post("/wrong", { query: Listed })
  missing({ json }: { json: { title: string } }) {
    return json.title;
  }
  // @ts-expect-error - the result lacks a field
  @route.get("/wrong", { returns: Shown })
  result() {
    return { id: 1 };
  }
  // @ts-expect-error - the host has no such variable
  @route("/wrong", { host: "<tenant>.example.com" })
  other({ user }: { user: string }) {
    return user;
  }
}

@blueprint("admin", { urlPrefix: "/admin" })
@members
export class Admin {
  constructor(readonly name: string) {}
  @route.get("")
  root() {
    return "x";
  }
  @route("/<int:id>")
  show({ id }: { id: number }) {
    return `${id}`;
  }
}

export class Wrong {
  // @ts-expect-error - the rule gives a number
  @route("/posts/<int:id>")
  type({ id }: { id: string }) {
    return id;
  }
  // @ts-expect-error - the rule has no slug
  @route("/posts/<int:id>")
  name({ slug }: { slug: string }) {
    return slug;
  }
  // @ts-expect-error - the rule gives nothing
  @route("/posts")
  none({ id }: { id: number }) {
    return `${id}`;
  }
  // @ts-expect-error - a rule begins with a slash
  @route("posts")
  slash() {
    return "x";
  }
  // @ts-expect-error - there is no such converter
  @route("/<integer:id>")
  converter() {
    return "x";
  }
  // @ts-expect-error - a variable is written as <id>
  @route("/users/:id")
  colon() {
    return "x";
  }
  // @ts-expect-error - a rule is literal
  @route("/x" as string)
  computed() {
    return "x";
  }
  // @ts-expect-error - the choices are others
  @route("/<any(a,b):x>")
  choice({ x }: { x: "a" | "c" }) {
    return x;
  }
  // @ts-expect-error - the method is said already
  @route.post("/x", { methods: ["GET"] })
  twice() {
    return "x";
  }
  // @ts-expect-error - there is no such option
  @route("/y", { method: "POST" })
  option() {
    return "x";
  }
  // @ts-expect-error - the handler is for another error
  @errorHandler(RangeError)
  other(error: NotFound) {
    return error.title;
  }
  // @ts-expect-error - an after hook gives a response, or nothing
  @afterRequest
  after() {
    return "x";
  }
  // @ts-expect-error - a context processor gives an object
  @contextProcessor
  values() {
    return "x";
  }
}

export function urls(): string[] {
  return [
    urlFor(Right, "index"),
    urlFor(Right, "index", { q: "x" }, { external: true }),
    urlFor(Right, "show", { id: 3 }),
    urlFor(Right, "show", { id: 3, page: 2, tags: ["a", "b"] }, { anchor: "x" }),
    urlFor(Right, "section", { section: "news" }),
    urlFor(Right, "day", { day: new Date() }),
    urlFor(Admin, "show", { id: 1 }),
    urlFor("admin.show", { id: 1 }),
    // @ts-expect-error - there is no such method
    urlFor(Right, "shwo", { id: 3 }),
    // @ts-expect-error - a value is missing
    urlFor(Right, "show"),
    // @ts-expect-error - a controller needs a method
    urlFor(Right),
    // @ts-expect-error - a value has another name
    urlFor(Right, "show", { ids: 3 }),
    // @ts-expect-error - a value has another type
    urlFor(Right, "show", { id: "3" }),
    // @ts-expect-error - it is none of the choices
    urlFor(Right, "section", { section: "sport" }),
    // @ts-expect-error - the query takes no objects
    urlFor(Right, "index", { q: {} }),
    // @ts-expect-error - it is not a method
    urlFor(Admin, "name", {}),
    // @ts-expect-error - there is no such option
    urlFor("index", {}, { outside: true }),
  ];
}

const Sign = defineForm({
  name: z.string().trim(),
  age: z.number().optional(),
  at: z.date(),
  tags: z.array(z.enum(["a", "b"])),
  n: z.string().transform(Number),
});
const Whole = defineForm(z.object({ a: z.string(), b: z.object({ c: z.boolean() }) }));

export async function forms(app: Flagon): Promise<void> {
  const form = await Sign.validateOnSubmit({ initial: { name: "x", n: "1" } });
  if (form.valid) {
    type Data = typeof form.data;
    const check: [
      Assert<Equals<Data["name"], string>>,
      Assert<Equals<Data["age"], number | undefined>>,
      Assert<Equals<Data["at"], Date>>,
      Assert<Equals<Data["tags"], ("a" | "b")[]>>,
      Assert<Equals<Data["n"], number>>,
      Assert<Equals<IsAny<Data>, false>>,
    ] = [true, true, true, true, true, true];
    void check;
  } else {
    const nothing: undefined = form.data;
    void nothing;
  }
  form.field("name");
  form.field("tags[0]");
  form.addError("age", "x");
  form.addError(null, "x");
  // @ts-expect-error - there is no such field
  form.field("nmae");
  // @ts-expect-error - there is no such field
  form.addError("nmae", "x");
  // @ts-expect-error - there is no such field
  await Sign.validateOnSubmit({ initial: { nmae: "x" } });
  const whole = await Whole.validateOnSubmit();
  if (whole.valid) {
    const flag: boolean = whole.data.b.c;
    void flag;
  }
  // @ts-expect-error - not valid yet, perhaps
  whole.data.a;
  // @ts-expect-error - a form is made of zod schemas
  defineForm({ a: "text" });

  const body = await request.json({ schema: z.object({ a: z.number() }) });
  const typed: Assert<Equals<typeof body, { a: number }>> = true;
  const raw: Assert<Equals<Awaited<ReturnType<typeof request.json>>, unknown>> = true;
  const user: Assert<Equals<ReturnType<typeof session.get<"userId">>, number | undefined>> = true;
  session.set("userId", 3);
  // @ts-expect-error - SessionData does not declare the key
  session.set("anything", {});
  // @ts-expect-error - SessionData does not declare the key
  session.get("usrId");
  // @ts-expect-error - SessionData does not declare the key
  session.delete("usrId");
  // @ts-expect-error - it is a number
  session.set("userId", "3");
  const name: string = g.user.name;
  const never: Assert<Equals<ReturnType<typeof abort>, never>> = true;
  template<{ post: string }>("x")({ post: "x" });
  // @ts-expect-error - the template wants a post
  template<{ post: string }>("x")({});
  renderTemplate("x", { a: 1 });
  const hook: BeforeRequestHook = (current) => current.method;
  app.beforeRequest(hook);
  app.route("/f/<int:id>", ({ id }) => `${id.toFixed()}`, { endpoint: "f" });
  // @ts-expect-error - the rule gives a number
  app.route("/f/<int:id>", ({ id }: { id: string }) => id, { endpoint: "f" });
  // @ts-expect-error - a rule begins with a slash
  app.route("f", () => "x");
  app.errorHandler(TypeError, (error) => error.message.trim());
  app.errorHandler(404, (error) => error.description);
  const settings = app.config.parse(z.object({ databaseUrl: z.string() }));
  const url: string = settings.databaseUrl;
  void [typed, raw, user, name, never, url];
}
