import { sep } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The variable by which Node tells a parent process of each module that it loads, by messages of its own. ES modules are in no
 * cache that a program can read.
 */
export const reportVariable = "WATCH_REPORT_DEPENDENCIES";

/** The messages of the app's process to the process that restarts it. */
export interface Report {
  /** Files that the app has loaded since the last report. */
  readonly loaded?: readonly string[];
  /** URLs of ES modules, as Node itself tells them. */
  readonly "watch:import"?: readonly string[];
  /** The address of the app. */
  readonly listening?: { readonly host: string; readonly port: number };
}

/** Lists the files of a report that may change: those of packages in `node_modules` do not. */
export function listLoaded({ loaded = [], "watch:import": urls = [] }: Report): string[] {
  const modules = urls.filter((url) => url.startsWith("file:")).map((url) => fileURLToPath(url));
  return [...loaded, ...modules].filter((file) => !file.includes(`${sep}node_modules${sep}`));
}

/** The exit code of a process that cannot listen, since its port is in use. It is not started again. */
export const portInUseCode = 98;

/** The exit code of a process that has found no app. */
export const missingAppCode = 97;

const interval = 250;
/** The files that the parent knows already. It is state of the process, which has one parent. */
const reported = new Set<string>();

/** Whether this process was started by one that restarts it. */
export function isRestarted(): boolean {
  return process.env.FLAGON_RELOADED === "1";
}

/** Sends a message to the parent process, if there is one. */
export function tellParent(report: Report): void {
  if (isRestarted() && process.connected) {
    process.send?.(report, () => undefined);
  }
}

/** Tells the parent process which files were loaded since the last time. */
export function reportLoaded(): void {
  const loaded = Object.keys(require.cache).filter((file) => !reported.has(file));
  for (const file of loaded) {
    reported.add(file);
  }
  const own = loaded.filter((file) => !file.includes(`${sep}node_modules${sep}`));
  if (own.length > 0) {
    tellParent({ loaded: own });
  }
}

/** Reports loaded files from time to time, and ends the process when its parent is gone: nobody else would. */
export function followParent(): void {
  const parent = process.ppid;
  hideReportVariable();
  reportLoaded();
  setInterval(() => {
    if (process.ppid !== parent) {
      process.exit();
    }
    reportLoaded();
  }, interval).unref();
  // The channel alone keeps no process alive.
  process.channel?.unref();
}

/**
 * Lets Node alone see the variable, which it reads at each import, also of a module that is first imported by a view. The app's
 * own child processes get a copy of the environment without it, and send no such messages.
 */
function hideReportVariable(): void {
  const value = process.env[reportVariable];
  if (value === undefined || !Object.keys(process.env).includes(reportVariable)) {
    return;
  }
  delete process.env[reportVariable];
  process.env = new Proxy(process.env, {
    get: (environment, name) => (name === reportVariable ? value : Reflect.get(environment, name)),
    set: (environment, name, text) => Reflect.set(environment, name, text),
  });
}
