/** The days on which lines of Node got their last security fixes (https://github.com/nodejs/release#release-schedule). */
const lastDays: ReadonlyMap<number, string> = new Map([
  [19, "2023-06-01"],
  [20, "2026-04-30"],
  [21, "2024-06-01"],
  [22, "2027-04-30"],
  [23, "2025-06-01"],
  [24, "2028-04-30"],
  [25, "2026-06-01"],
  [26, "2029-04-30"],
]);
/** The newest line that had no more fixes when this table was written. */
const lastOldLine = 18;

/**
 * Returns the day on which a version of Node gets, or got, its last security fixes.
 *
 * @param version The version, such as `"22.11.0"`.
 * @returns The day, or `undefined` for a line that is newer than this version of Flagon.
 */
export function findEndOfLife(version: string): Date | undefined {
  const line = Number(version.split(".")[0]);
  const day = lastDays.get(line) ?? (line <= lastOldLine ? "2025-04-30" : undefined);
  return day === undefined ? undefined : new Date(day);
}
