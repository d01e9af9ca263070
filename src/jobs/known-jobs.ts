import { SetupError } from "../base/errors";
import type { Registry } from "../setup/registry";
import { type AnyJob, definedJobs, Job } from "./definition";
import { schedulePrefix } from "./names";
import { isScheduled, type Schedule, Times } from "./schedule";

type Records = Pick<Registry, "extensionJobs" | "extensionRecords">;

/** Lists the jobs that the code defines, and those of schedules, by name. */
export function listJobs(registry: Records, own: ReadonlyMap<string, Schedule>): ReadonlyMap<string, AnyJob> {
  const jobs = new Map(definedJobs());
  for (const job of registry.extensionJobs) {
    if (job instanceof Job) {
      jobs.set(job.name, job);
    }
  }
  for (const { name, options, run } of listSchedules(registry, own)) {
    const { queue = "default", retries = 0, timeout } = options;
    const limits = { queue, retries, ...(timeout === undefined ? {} : { timeout }) };
    jobs.set(schedulePrefix + name, new Job(schedulePrefix + name, limits, (_, control) => run(control)));
  }
  return jobs;
}

/**
 * Lists the times of all schedules, with the names of their jobs.
 *
 * @throws {SetupError} If an expression or a zone is malformed, or two schedules have one name.
 */
export function listTimes(
  registry: Records,
  own: ReadonlyMap<string, Schedule>,
): readonly { readonly name: string; readonly times: Times }[] {
  const schedules = listSchedules(registry, own);
  const named = new Map<string, Schedule>();
  for (const schedule of schedules) {
    const { instance, name } = schedule;
    const other = named.get(name);
    if (other !== undefined && (instance === undefined || instance !== other.instance)) {
      throw new SetupError(
        `There are two schedules '${name}': '${other.pattern}' and '${schedule.pattern}'. Workers know schedules by class and method. Give one of them another name.`,
      );
    }
    named.set(name, schedule);
  }
  return schedules.map((schedule) => ({ name: schedulePrefix + schedule.name, times: new Times(schedule) }));
}

function listSchedules({ extensionRecords }: Records, own: ReadonlyMap<string, Schedule>): readonly Schedule[] {
  const recorded = extensionRecords.filter(isScheduled).map(({ instance, name, run, value }) => ({ ...value, instance, name, run }));
  return [...recorded, ...own.values()];
}
