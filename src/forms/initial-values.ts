import { parseName } from "../schemas/field-names";

/** Reads a value inside others: `lines[0].item` is the item of the first line. */
export function readPath(values: Readonly<Record<string, unknown>>, name: string): unknown {
  return parseName(name).reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined),
    values,
  );
}

/** Formats a value as the texts that a control of a type shows. */
export function formatValue(value: unknown, type: string): string[] {
  if (value === undefined || value === null) {
    return [];
  }
  if (Array.isArray(value) || value instanceof Set) {
    return [...value].flatMap((item) => formatValue(item, type));
  }
  if (value instanceof Date) {
    const text = value.toISOString();
    return [
      type === "date" ? text.slice(0, 10) : type === "datetime-local" ? text.slice(0, 16) : type === "time" ? text.slice(11, 16) : text,
    ];
  }
  return typeof value === "object" ? [] : [String(value)];
}
