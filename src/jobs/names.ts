/** The beginning of the name of a scheduled job. */
export const schedulePrefix = "schedule:";

/** Tells whether a value is a name that databases and terminals keep as it is. */
export function isName(name: unknown): name is string {
  return typeof name === "string" && name !== "" && !/[\p{Cc}\p{Surrogate}]/u.test(name);
}
