/* Compiled by three versions of TypeScript, never run. */
import { defineForm, type FormDefinition, germanMessages, type UploadedFile } from "flagon";
import { z } from "zod";

type Equals<Left, Right> = (<Type>() => Type extends Left ? 1 : 2) extends <Type>() => Type extends Right ? 1 : 2 ? true : false;
/** Fails to compile unless its argument is `true`. */
type Assert<Condition extends true> = Condition;

const Upload = defineForm({
  title: z.string(),
  file: z.file(),
  more: z.array(z.file()).optional(),
  day: z.date(),
  id: z.int().brand("Id"),
});
const Whole = defineForm(
  z.object({ inner: z.object({ file: z.file() }), rest: z.record(z.string(), z.unknown()), tags: z.set(z.string()) }),
);
const Order = defineForm({
  lines: z.array(z.object({ item: z.string(), count: z.int(), gift: z.boolean() })),
  length: z.string().transform((text) => text.length),
  note: z.string().optional(),
  by: z.discriminatedUnion("kind", [z.object({ kind: z.literal("post"), street: z.string() }), z.object({ kind: z.literal("pickup") })]),
});

/** Uploads can be saved; all else is the output of the schema. */
export async function readUploads() {
  const upload = await Upload.validateOnSubmit();
  const whole = await Whole.validateOnSubmit();
  if (upload.valid && whole.valid) {
    const { data } = upload;
    const path: string = await data.file.saveTo("x");
    const chosen: string = await whole.data.inner.file.saveTo({ folder: "uploads" });
    type Checks = [
      Assert<Equals<typeof data.file, UploadedFile>>,
      Assert<Equals<typeof data.more, UploadedFile[] | undefined>>,
      Assert<Equals<typeof data.day, Date>>,
      Assert<Equals<typeof data.title, string>>,
      Assert<Equals<typeof whole.data.tags, Set<string>>>,
      Assert<Equals<typeof whole.data.rest, Record<string, unknown>>>,
    ];
    const id: number & z.$brand<"Id"> = data.id;
    return [path, chosen, id] satisfies unknown[] as Checks extends [] ? never : unknown[];
  }
  return [];
}

const Node = z.object({
  name: z.string(),
  doc: z.file().optional(),
  get kids() {
    return z.array(Node);
  },
});
const Odd = defineForm({
  rows: z.array(z.object({ name: z.string(), doc: z.file().optional() })),
  none: z.file().nullable(),
  fixed: z.array(z.file()).readonly(),
  brand: z.file().brand("Photo"),
  either: z.union([z.file(), z.literal("none")]),
  changed: z.file().transform((file) => ({ file })),
  pipe: z.file().pipe(z.file().max(3)),
  pair: z.tuple([z.string()], z.file()),
  byId: z.record(z.string(), z.file()),
  set: z.set(z.file()),
  lazy: z.lazy(() => z.object({ file: z.instanceof(File) })),
  both: z.object({ file: z.file() }).and(z.object({ count: z.int() })),
  map: z.record(z.string(), z.string()).transform((record) => new Map(Object.entries(record))),
  count: z.int().default(3),
  tree: Node,
});

/** A file is an upload wherever it stands, and initial values have the type that the schema takes. */
export async function readOddUploads() {
  const form = await Odd.validateOnSubmit({
    initial: { rows: [{ name: "a" }, {}], map: { a: "b" }, count: undefined, both: { count: 2 }, tree: { kids: [{ kids: [{}] }] } },
    choices: { "rows.name": ["a"], "tree.kids.name": ["b"] },
  });
  if (!form.valid) {
    return [];
  }
  const { data } = form;
  type Checks = [
    Assert<Equals<(typeof data.rows)[number]["doc"], UploadedFile | undefined>>,
    Assert<Equals<typeof data.none, UploadedFile | null>>,
    Assert<Equals<typeof data.either, UploadedFile | "none">>,
    Assert<Equals<typeof data.pipe, UploadedFile>>,
    Assert<Equals<typeof data.pair, [string, ...UploadedFile[]]>>,
    Assert<Equals<typeof data.set, Set<UploadedFile>>>,
    Assert<Equals<typeof data.map, Map<string, string>>>,
    Assert<Equals<typeof data.count, number>>,
  ];
  const { fixed, brand, changed, byId, lazy, both, tree } = data;
  const files = [fixed[0], brand, changed.file, byId.a, lazy.file, both.file, tree.kids[0]?.kids[0]?.doc];
  return [await Promise.all(files.map((file) => file?.saveTo("x")))] satisfies unknown[] as Checks extends [] ? never : unknown[];
}

/** Initial values have the types that the schema takes, whole or in parts. */
export async function fillIn(post: { id: number; note: string | null }) {
  await Order.validateOnSubmit();
  await Order.validateOnSubmit({ initial: {} });
  await Order.validateOnSubmit({ initial: { lines: [{ item: "Tea", count: 1 }, {}], length: "a text", by: { kind: "post" } } });
  await Order.validateOnSubmit({ initial: { ...post } });
  await Order.validateOnSubmit({ choices: { note: ["a", ["b", "B"]], "lines.item": { a: "A" }, "lines[].count": [1, 2] } });
  // @ts-expect-error A count is a number.
  await Order.validateOnSubmit({ initial: { lines: [{ count: "1" }] } });
  // @ts-expect-error The schema takes a text, which it changes to a number.
  await Order.validateOnSubmit({ initial: { length: 3 } });
  // @ts-expect-error There is no such field.
  await Order.validateOnSubmit({ initial: { nothing: 1 } });
  // @ts-expect-error There is no such field.
  await Order.validateOnSubmit({ choices: { nothing: ["a"] } });
}

/** A form can be handed on by the type of its data alone. */
export const handed: FormDefinition<{ title: string }> = defineForm({ title: z.string() });

defineForm({ a: z.string() }, { messages: germanMessages });
defineForm({ a: z.string() }, { messages: { tooShort: ({ limit }) => `${limit}!`, required: "Please." } });
defineForm({ a: z.string() }, { messages: (issue, field) => (field.name === "a" ? `${issue.kind}` : germanMessages) });
// @ts-expect-error There is no such message.
defineForm({ a: z.string() }, { messages: { tooShrot: "x" } });

const Renamed = defineForm(z.object({ from: z.string(), data: z.json() }).transform(({ from, data }) => ({ to: from, data })));

/** Names are those of the fields, which the input of the schema has, also where its output has others. */
export async function nameFields() {
  const order = await Order.validateOnSubmit();
  const fields = order.rows("lines").flatMap((row) => [order.field(`${row}.item`), order.attributes(`${row}.count`)]);
  const form = await Renamed.validateOnSubmit({ initial: { from: "a", data: { list: [1, null] } }, choices: { from: ["a"] } });
  form.addError("from", "Taken.");
  // @ts-expect-error The output has this name, and no field.
  form.field("to");
  return [fields, form.valid ? [form.data.to.length, form.data.data] : []];
}
