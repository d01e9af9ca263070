import { DatabaseError } from "../base/errors";
import { inTime } from "../base/time-limit";
import { type Engine, messageOf } from "./engine";

/** The time in which a database must answer, in milliseconds. */
const longestAnswer = 10_000;

/**
 * Asks a database for an answer.
 *
 * @throws {DatabaseError} If it does not answer in time, or refuses the connection.
 */
export async function reach(engine: Engine): Promise<void> {
  try {
    await inTime(engine.check(), longestAnswer, `no answer in ${longestAnswer / 1000} s`);
  } catch (cause) {
    if (cause instanceof DatabaseError) {
      throw cause;
    }
    throw new DatabaseError(
      `The database cannot be reached: ${messageOf(cause)}. Look at its URL, such as that in DATABASE_URL, and whether its server runs.`,
      { cause },
    );
  }
}
