import type { SchemaIssue } from "../base/schema";
import { validateSync } from "../base/schema";
import { Conversion, type Path } from "./conversion";
import { convert } from "./convert";
import { formatName, type NameNode } from "./field-names";
import type { FormSchema } from "./form-schema";
import { findMember } from "./members";
import { unwrap } from "./unwrap";
import { readInner, type ZodSchema } from "./zod";

/**
 * Gives the issues of the items of sets the index of their item: zod reports them without it.
 *
 * @param form The schemas of the form.
 * @param issues The issues as zod reports them.
 * @param sent The sent values.
 * @param conversion The state of the conversion.
 */
export function placeInSets(
  form: FormSchema,
  issues: readonly SchemaIssue[],
  sent: NameNode,
  conversion: Conversion,
): readonly SchemaIssue[] {
  const done = new Set<string>();
  return issues.flatMap((issue) => {
    const found = issue.path.length > 1 && issue.issue?.code !== "custom" ? findSet(form, issue.path, sent) : undefined;
    const items = found && checkItems(found, conversion);
    if (found === undefined || items === undefined) {
      return [issue];
    }
    const name = formatName(found.path);
    const isDone = done.has(name);
    done.add(name);
    return isDone ? [] : items;
  });
}

/** A set of groups in a form. */
interface FoundSet {
  /** The keys that lead to it. */
  readonly path: Path;
  /** The schema of its items. */
  readonly item: ZodSchema;
  /** The sent values of its items. */
  readonly nodes: readonly NameNode[];
}

/** Finds the set through which a path leads. */
function findSet(form: FormSchema, path: Path, sent: NameNode): FoundSet | undefined {
  let schema = form.fields.get(String(path[0]));
  let node = sent.children.get(String(path[0]));
  for (const [depth, key] of path.entries()) {
    if (schema === undefined || node === undefined || depth === 0) {
      continue;
    }
    const { core } = unwrap(schema);
    if (core._zod.def.type === "set") {
      const item = readInner(core, "valueType");
      return item && { path: path.slice(0, depth), item, nodes: node.items };
    }
    schema = findMember(schema, String(key));
    node = typeof key === "number" ? node.items[key] : node.children.get(String(key));
  }
  return undefined;
}

/** Checks the items of a set one by one. Returns `undefined` if none is refused, or if that cannot be told at once. */
function checkItems({ path, item, nodes }: FoundSet, { source, choices }: Conversion): readonly SchemaIssue[] | undefined {
  try {
    const issues = nodes.flatMap((node, index) => {
      const place = [...path, index];
      const result = validateSync(item, convert(item, node, place, new Conversion(source, choices)));
      return "issues" in result ? result.issues.map((issue) => ({ ...issue, path: [...place, ...issue.path] })) : [];
    });
    return issues.length === 0 ? undefined : issues;
  } catch {
    return undefined;
  }
}
