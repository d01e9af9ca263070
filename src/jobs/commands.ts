import type { Flagon } from "../app";
import { JobError, UsageError } from "../base/errors";
import { hasKeptSecretKey, provideSecretKey } from "../server/development/secret-key";
import { endOnUncaughtError } from "../server/uncaught-errors";
import type { JobInfo, JobState } from "./message";
import type { RunningWorker, WorkOptions } from "./worker";

/** The most jobs of a list if `--limit` says no other number. */
const mostListed = 100;
/** The most characters of a job's data in a list. */
const longestData = 200;
const states: readonly JobState[] = ["waiting", "active", "done", "failed"];

/** The part of `Jobs` that its commands need. */
interface CommandedJobs {
  readonly kind: string;
  list(state?: JobState, limit?: number): Promise<readonly JobInfo[]>;
  retry(id: string): Promise<boolean>;
  run(name: string, data: unknown): Promise<unknown>;
  work(options?: WorkOptions): Promise<RunningWorker>;
}

/** Adds `flagon jobs …` to an app. */
export function addJobCommands(app: Flagon, jobs: CommandedJobs): void {
  app.command("jobs work", async ({ concurrency, queue }) => work(app, jobs, toQueues(queue), concurrency), {
    description: "Runs jobs and schedules, until a signal.",
    options: { queue: "string", concurrency: "int" },
  });
  app.command(
    "jobs list",
    async ({ limit, state }) => {
      const wanted = states.find((one) => one === state);
      if (state !== undefined && wanted === undefined) {
        throw new UsageError(`There is no state '${String(state)}'. There are: ${states.join(", ")}.`);
      }
      return list(jobs, wanted, typeof limit === "number" ? limit : mostListed);
    },
    { description: "Lists jobs.", options: { state: "string", limit: "int" } },
  );
  app.command("jobs failed", async ({ limit }) => list(jobs, "failed", typeof limit === "number" ? limit : mostListed), {
    description: "Lists the jobs that failed, with their errors.",
    options: { limit: "int" },
  });
  app.command(
    "jobs retry <id>",
    async ({ id }) => {
      if (!(await jobs.retry(String(id)))) {
        throw new JobError(`No job '${String(id)}' has failed. See: npx flagon jobs failed`);
      }
      return "It waits for a worker.";
    },
    { description: "Lets a failed job run once more." },
  );
  app.command(
    "jobs run <name> [data]",
    async ({ data, name }) => {
      const value = parse(data);
      if (app.lifeCycle.isDevelopment) {
        provideSecretKey(app);
      }
      // The job needs all that the app starts, as in a worker.
      await app.ready();
      await jobs.run(String(name), value);
      return "Done.";
    },
    { description: "Runs a job at once, with data as JSON." },
  );
}

async function work(app: Flagon, jobs: CommandedJobs, queues: readonly string[], concurrency: unknown): Promise<string> {
  app.lifeCycle.mode = "work";
  // A worker is a part of production. One with the key of the development server, or in debug mode, stands beside that.
  app.lifeCycle.isDevelopment &&= app.config.debug || hasKeptSecretKey(app);
  await app.ready();
  if (jobs.kind === "memory") {
    throw new JobError(
      "The jobs of this app are kept in memory, where no other process sees them. Give the app a database, or Jobs an engine.",
    );
  }
  const { logger } = app;
  const { shutdownTimeout } = app.config;
  // A signal may come with the first job.
  const signalled = new Promise<void>((resolve) => {
    let isStopping = false;
    const stop = (signal: string): void => {
      if (isStopping) {
        process.exit(1);
      }
      isStopping = true;
      logger.info(
        `Stopping the worker of the app '${app.name}' (${signal}): its jobs have ${shutdownTimeout} s to finish. A second signal ends it at once.`,
      );
      resolve();
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
  });
  const worker = await jobs.work({ queues, ...(typeof concurrency === "number" ? { concurrency } : {}) });
  const stop = async (): Promise<void> => {
    await worker.stop(shutdownTimeout * 1000);
    await app.lifeCycle.stop(shutdownTimeout * 1000);
  };
  endOnUncaughtError(app, stop, "Jobs that run");
  logger.info(`Runs the jobs of the app '${app.name}'`);
  await signalled;
  await stop();
  logger.info(`Stopped the worker of the app '${app.name}'`);
  if (worker.isBusy) {
    // No promise can be ended, and another worker has its job now.
    process.exit(0);
  }
  return "";
}

async function list(jobs: CommandedJobs, state: JobState | undefined, limit: number): Promise<string> {
  // One more shows whether there are more. A wrong limit goes on, to its error.
  const found = await jobs.list(state, limit < 1 ? limit : limit + 1);
  const shown = format(found.slice(0, limit));
  return found.length > limit ? `${shown}\nThere are more than ${limit}. To see more: --limit ${limit * 10}` : shown;
}

function format(list: readonly JobInfo[]): string {
  return list.length === 0
    ? "There are none."
    : list
        .map(
          ({ attempt, data, error, id, name, state, time }) =>
            `${id}  ${state.padEnd(7)}  ${time.toISOString()}  ${forTerminal(name)}  ${forTerminal(shorten(describeData(data)))}${attempt > 1 ? `  run ${attempt}` : ""}${error === null ? "" : `\n    ${forTerminal(error).replaceAll("\n", "\n    ")}`}`,
        )
        .join("\n");
}

/** Only the recipients and the subject of a mail are shown: its links may give access. */
function describeData(data: unknown): string {
  return typeof data === "object" && data !== null && "subject" in data && "text" in data && "to" in data
    ? JSON.stringify({ to: data.to, subject: data.subject })
    : JSON.stringify(data);
}

function shorten(text: string): string {
  return text.length > longestData ? `${text.slice(0, longestData)}…` : text;
}

/** A terminal obeys control characters, which an error can have from a stranger. */
function forTerminal(text: string): string {
  return text.replaceAll(/(?!\n)[\p{Cc}]/gu, (character) => `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, "0")}`);
}

function parse(text: unknown): unknown {
  if (typeof text !== "string") {
    return undefined;
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageError(
      `The data is no JSON: ${cause instanceof Error ? cause.message : String(cause)}. Write it such as '{"userId":3}'.`,
      { cause },
    );
  }
}

/** Reads the names of queues. An empty text, as of a variable that is not set, names none, and must not mean all. */
function toQueues(value: unknown): readonly string[] {
  if (typeof value !== "string") {
    return [];
  }
  const names = value
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);
  if (names.length === 0) {
    throw new UsageError(
      "--queue names no queue. Write names with commas between them, such as --queue mail,default, or leave it out for all.",
    );
  }
  return names;
}
