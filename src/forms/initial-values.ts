import { formatWeek } from "../schemas/control-dates";
import type { FieldPath } from "../schemas/form-schema";
import { unwrap } from "../schemas/unwrap";
import { findTimeStep, formatTime } from "./ranges";

const minute = 60_000;
const day = 24 * 60 * minute;

/**
 * Reads the initial value of a field: `lines[0].item` is the item of the first line. An absent value is the default of
 * its schema, except in an empty row and in an optional group without data: they would no longer be empty.
 */
export function readInitial(values: Readonly<Record<string, unknown>>, { keys, parents, schema }: Omit<FieldPath, "name">): unknown {
  const around = parents.length - keys.length + 1;
  let value: unknown = values;
  let isAbsent = false;
  for (const [depth, key] of keys.entries()) {
    const kind = unwrap(parents[depth + around] ?? schema);
    const { isOptional, isNullable } = kind;
    value = readKey(value, key);
    if (value === undefined && !isAbsent) {
      value = kind.defaultValue;
    }
    isAbsent ||= (value === undefined || value === null) && (isOptional || isNullable || typeof key === "number");
  }
  return value;
}

function readKey(container: unknown, key: PropertyKey): unknown {
  const parts = container instanceof Set ? [...container] : container;
  return typeof parts === "object" && parts !== null && Object.hasOwn(parts, key) ? Reflect.get(parts, key) : undefined;
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
    return Number.isNaN(value.getTime()) ? [] : [formatDate(value, type)];
  }
  return typeof value === "object" ? [] : [String(value)];
}

function formatDate(date: Date, type: string): string {
  switch (type) {
    case "date":
      return formatTime(date, day);
    case "datetime-local":
    case "time": {
      const text = formatTime(date, findTimeStep([date.toISOString()]));
      return type === "time" ? text.slice(text.indexOf("T") + 1) : text;
    }
    case "month":
      return formatTime(date, day).slice(0, -3);
    case "week":
      return formatWeek(date);
    default:
      return date.toISOString();
  }
}
