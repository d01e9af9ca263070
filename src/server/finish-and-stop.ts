import type { Application } from "../setup/application";
import type { ProcessRole } from "../setup/life-cycle";

/** The least time for the functions of `onStop`, in milliseconds, if requests and background work have used up that of the stop. */
const leastStopTime = 1000;

/**
 * Waits for the background work of an app, and for views whose clients have left, and stops the app's resources.
 *
 * @param app The app.
 * @param end The time by which all is over, of `performance.now()`. Default: after the setting `shutdownTimeout`.
 * @param role The process.
 */
export async function finishAndStop(
  app: Application,
  end: number = performance.now() + app.config.shutdownTimeout * 1000,
  role: ProcessRole = "single",
): Promise<void> {
  app.lifeCycle.checkStop();
  await app.backgroundWork.finish(Math.max(0, end - performance.now()));
  await app.lifeCycle.stop(Math.max(Math.min(leastStopTime, app.config.shutdownTimeout * 1000), end - performance.now()), role);
}
