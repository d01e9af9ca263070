import { unwrap } from "./unwrap";
import { listChecks, readDefinition, type ZodSchema } from "./zod";

/** Lists the messages that the author of a schema wrote for it and for its checks: functions, as zod keeps them. */
function listMessages(schema: ZodSchema): readonly unknown[] {
  const { core } = unwrap(schema);
  const messages = [readDefinition(schema, "error"), readDefinition(core, "error"), ...listChecks(core).map((check) => check.error)];
  return messages.filter((message) => message !== undefined);
}

/** Reads the text of a message for an issue. */
export function readMessage(message: unknown, issue: object): string | undefined {
  try {
    const read: unknown = typeof message === "function" ? message(issue) : message;
    const text: unknown = typeof read === "object" && read !== null && "message" in read ? read.message : read;
    return typeof text === "string" ? text : undefined;
  } catch {
    return undefined;
  }
}

type Details = Readonly<Record<string, unknown>>;

/**
 * Tells whether an author wrote the message of an issue. A text like one of zod's own counts if the schema states it, and any
 * other text unless zod says it itself in the language of `z.config()`.
 */
export function isWritten(schema: ZodSchema | undefined, message: string, details: Details): boolean {
  const isForeign = !isEnglishOfZod(message, details);
  if (schema === undefined) {
    return isForeign;
  }
  const written = listMessages(schema);
  return (
    (written.length > 0 && (isForeign || written.some((one) => readMessage(one, details) === message))) ||
    (isForeign && isForeignToZod(message, details))
  );
}

/**
 * Tells whether zod itself has no such message for an issue, so that a check has stated it: `addIssue({ code: "too_small", message })`.
 *
 * Newer versions of zod keep their settings at a global name. Without them, and for types, whose messages name the value, it is not known.
 */
function isForeignToZod(message: string, details: Details): boolean {
  const config: unknown = Reflect.get(globalThis, "__zod_globalConfig");
  if (typeof config !== "object" || config === null || details.code === "invalid_type") {
    return false;
  }
  return ["customError", "localeError"].every((key) => readMessage(Reflect.get(config, key), details) !== message);
}

const englishOfZod: Readonly<Record<string, RegExp>> = {
  invalid_type: /^Invalid input: expected /,
  invalid_value: /^Invalid (?:input: expected|option: expected one of) /,
  too_big: /^Too big: expected /,
  too_small: /^Too small: expected /,
  invalid_format: /^Invalid (?:string: must |[\w .-]+$)/,
  not_multiple_of: /^Invalid number: must be a multiple of /,
  unrecognized_keys: /^Unrecognized keys?: /,
  invalid_key: /^Invalid key in /,
  invalid_union: /^Invalid (?:input|discriminator value)/,
  invalid_element: /^Invalid value in /,
};

/** Tells whether a message is one of zod's English texts, which are written for developers. Without a language, zod has one text for all. */
export function isEnglishOfZod(message: string, { code, format }: Details): boolean {
  return message === "Invalid input" || message === `Invalid ${String(format)}` || (englishOfZod[String(code)]?.test(message) ?? false);
}
