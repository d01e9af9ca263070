import { setTimeout as wait } from "node:timers/promises";
import { DatabaseError } from "../base/errors";
import { type Engine, messageOf } from "./engine";

/** The time in which a database must answer, in milliseconds. */
const longestAnswer = 10_000;

/**
 * Asks a database for an answer.
 *
 * @throws {DatabaseError} If it does not answer in time, or refuses the connection.
 */
export async function reach(engine: Engine): Promise<void> {
  const late = new AbortController();
  const timeout = wait(longestAnswer, undefined, { signal: late.signal, ref: false }).then(() => {
    throw new Error(`no answer in ${longestAnswer / 1000} s`);
  });
  timeout.catch(() => undefined);
  const answer = engine.check();
  answer.catch(() => undefined);
  try {
    await Promise.race([answer, timeout]);
  } catch (cause) {
    if (cause instanceof DatabaseError) {
      throw cause;
    }
    throw new DatabaseError(
      `The database cannot be reached: ${messageOf(cause)}. Look at its URL, such as that in DATABASE_URL, and whether its server runs.`,
      { cause },
    );
  } finally {
    late.abort();
  }
}
