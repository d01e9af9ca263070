import { unwrap } from "./unwrap";
import { listChecks, readDefinition, type ZodSchema } from "./zod";

/** Lists the messages that the author of a schema wrote for it and for its checks: functions, as zod keeps them. */
export function listMessages(schema: ZodSchema): readonly unknown[] {
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
