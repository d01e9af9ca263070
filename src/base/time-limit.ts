/**
 * Waits for a promise, for a limited time.
 *
 * @param promise The promise. Its result is ignored once the time is over, and so is its rejection.
 * @param time The longest wait, in milliseconds.
 * @param message The message of the error.
 * @throws {Error} If the promise takes longer.
 */
export async function inTime<Value>(promise: Promise<Value>, time: number, message: string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(message)), time);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
