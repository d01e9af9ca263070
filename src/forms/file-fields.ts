import { readMembers } from "../schemas/members";
import { readInner, readInners, unwrap, type ZodSchema } from "../schemas/zod";

/** Tells whether a field is a file, or has one inside. */
export function hasFile(name: string, schema: ZodSchema): boolean {
  return search(name, schema, new Set());
}

function search(name: string, schema: ZodSchema, seen: Set<ZodSchema>): boolean {
  const { core, meta } = unwrap(schema);
  if (core._zod.def.type === "file" || meta.type === "file") {
    return true;
  }
  if (seen.has(core)) {
    return false;
  }
  seen.add(core);
  const parts = [...(readMembers(core)?.fields ?? [])];
  const inner = ["element", "valueType", "rest"].map((key) => readInner(core, key));
  return (
    parts.some(([key, part]) => search(key, part, seen)) ||
    [...inner, ...readInners(core, "items")].some((part) => part !== undefined && search(name, part, seen))
  );
}
