import { readMembers } from "../schemas/members";
import { unwrap } from "../schemas/unwrap";
import { readInner, readInners, remember, type ZodSchema } from "../schemas/zod";

/** Tells whether a schema is that of a file, or has one inside. */
export const hasFile: (schema: ZodSchema) => boolean = remember((schema) => search(schema, new Set()));

function search(schema: ZodSchema, seen: Set<ZodSchema>): boolean {
  const { core, meta } = unwrap(schema);
  if (core._zod.def.type === "file" || meta.type === "file") {
    return true;
  }
  if (seen.has(core)) {
    return false;
  }
  seen.add(core);
  const parts = [...(readMembers(core)?.fields.values() ?? [])];
  const inner = ["element", "valueType", "rest"].map((key) => readInner(core, key));
  return (
    parts.some((part) => search(part, seen)) ||
    [...inner, ...readInners(core, "items")].some((part) => part !== undefined && search(part, seen))
  );
}
