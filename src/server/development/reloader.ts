import { type ChildProcess, spawn } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { writeToTerminal } from "../../base/terminal";
import { CodeWatcher } from "./code-watcher";
import { FailureServer } from "./failure-server";
import { listLoaded, missingAppCode, portInUseCode, type Report, reportVariable } from "./parent-process";

/** Milliseconds for which changes are gathered before a restart, and milliseconds that the old app has to end. */
const gatherTime = 50;
const endTime = 2000;
/** The most characters that are kept of the app's errors. */
const maxOutput = 20_000;

/** Options of the {@link Reloader}. */
export interface ReloaderOptions {
  /** The folder of the app. */
  readonly folder: string;
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** The address of the app, if it is known before the start. */
  readonly host: string | undefined;
  readonly port: number | undefined;
  /** Gets a line about each event. */
  say(line: string): void;
}

/** Runs a program, and restarts it when its code changes, also after a failed start. */
export class Reloader {
  /** Resolves with an exit code when the program cannot be run at all, or the reloader is stopped. */
  readonly ended: Promise<number>;
  readonly #options: ReloaderOptions;
  readonly #watcher: CodeWatcher;
  #place: { readonly host: string; readonly port: number };
  #child: ChildProcess | undefined;
  #failure: FailureServer | undefined;
  #timer: NodeJS.Timeout | undefined;
  #restarting: Promise<void> = Promise.resolve();
  #isStopping = false;
  #hasRestarted = false;
  #end: (code: number) => void = () => undefined;

  /** @param options The program and its address. */
  constructor(options: ReloaderOptions) {
    this.#options = options;
    const { FLAGON_RUN_HOST, FLAGON_RUN_PORT } = process.env;
    this.#place = { host: options.host ?? FLAGON_RUN_HOST ?? "127.0.0.1", port: options.port ?? Number(FLAGON_RUN_PORT ?? 5000) };
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#watcher = new CodeWatcher(options.folder, (path) => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => {
        options.say(` * ${path} has changed, restarting`);
        this.#restarting = this.#restarting.then(() => this.#restart());
      }, gatherTime);
    });
    this.#child = this.#start();
  }

  /** Ends the program, and the watching, and says so. */
  async stop(): Promise<void> {
    this.#options.say(" * Stopping: requests in flight finish first");
    await this.#close();
    this.#options.say(" * Stopped");
    this.#end(0);
  }

  async #close(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    await Promise.all([this.#watcher.close(), this.#failure?.close(), this.#endChild()]);
  }

  #start(): ChildProcess {
    const [program = process.execPath, ...rest] = this.#options.command;
    const child = spawn(program, rest, {
      stdio: ["inherit", "inherit", "pipe", "ipc"],
      env: { ...process.env, FLAGON_RELOADED: "1", [reportVariable]: "1" },
    });
    let output = "";
    let hasStarted = false;
    child.stderr?.on("data", (piece: Buffer) => {
      writeToTerminal(String(piece));
      output = (output + String(piece)).slice(-maxOutput);
    });
    child.on("message", (report: Report) => {
      this.#watcher.addLoaded(listLoaded(report));
      this.#place = report.listening ?? this.#place;
      // Later output is no error of the start.
      output = report.listening === undefined ? output : "";
      hasStarted ||= report.listening !== undefined;
    });
    child.once("close", (exitCode) => {
      if (this.#child === child) {
        this.#child = undefined;
        this.#onEnd(exitCode, output, hasStarted);
      }
    });
    return child;
  }

  /** Shows why the program has ended by itself, until a file changes. */
  #onEnd(exitCode: number | null, output: string, hadStarted: boolean): void {
    if (this.#isStopping || exitCode === 0) {
      return;
    }
    if (exitCode === portInUseCode) {
      void this.#close();
      this.#end(1);
      return;
    }
    // An editor may take a file away for a moment while it saves. At the first start, the file does not come back.
    if (exitCode === missingAppCode && !this.#hasRestarted) {
      void this.#close();
      this.#end(2);
      return;
    }
    this.#options.say(" * The app has ended. It restarts when a file changes");
    this.#failure = new FailureServer(stripVTControlCharacters(output).trim() || "The app has ended.", this.#place, hadStarted);
  }

  /** There are never two on one port: the old one has ended before the new one starts. */
  async #restart(): Promise<void> {
    await this.#endChild();
    await this.#failure?.close();
    this.#failure = undefined;
    if (!this.#isStopping) {
      this.#hasRestarted = true;
      this.#child = this.#start();
    }
  }

  async #endChild(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) {
      return;
    }
    this.#child = undefined;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), endTime);
    await ended;
    clearTimeout(timer);
  }
}
