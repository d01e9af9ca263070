/** The beginning of the name of a scheduled job. */
export const schedulePrefix = "schedule:";

/** The most characters of a name: the index of Postgres takes no long ones. */
const longestName = 200;
/** The form of a name, for errors. */
export const nameRule: string = `a text of 1 to ${longestName} characters, without control characters`;

/** Tells whether a value is a name that databases and terminals keep as it is. */
export function isName(name: unknown): name is string {
  return typeof name === "string" && name !== "" && name.length <= longestName && !/[\p{Cc}\p{Surrogate}]/u.test(name);
}
