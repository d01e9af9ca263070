import { type ChildProcess, spawn } from "node:child_process";
import { type FSWatcher, watch } from "node:fs";
import { sep } from "node:path";

const ignored = new Set(["node_modules", "dist", ".git", ".flagon", "coverage", "instance"]);
const code = /(?:\.[cm]?[jt]s|\.json|(?:^|[\\/])\.(?:env|flagonenv))$/;
/** How long changes are gathered before the app is started anew, and how long the old one may take to end, in milliseconds. */
const patience = 50;
const endTime = 2000;

/** Runs a program, and runs it anew whenever code changes; it survives that the program cannot start or ends. */
export class Reloader {
  readonly #start: () => ChildProcess;
  readonly #watcher: FSWatcher;
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #restarting: Promise<void> = Promise.resolve();
  #isStopping = false;

  /**
   * @param folder The folder that is watched, with all below it.
   * @param command The program and its arguments.
   * @param say Is told what happens.
   */
  constructor(folder: string, command: readonly string[], say: (line: string) => void) {
    const [program = process.execPath, ...rest] = command;
    this.#start = () => {
      const child = spawn(program, rest, { stdio: "inherit", env: { ...process.env, FLAGON_RELOADED: "1" } });
      child.once("exit", (exitCode) => {
        if (this.#child === child) {
          this.#child = undefined;
          if (!this.#isStopping && exitCode !== 0) {
            say(" * The app has ended; it is started again when a file changes");
          }
        }
      });
      return child;
    };
    this.#watcher = watch(folder, { recursive: true }, (_, file) => {
      if (file !== null && code.test(file) && !file.split(sep).some((part) => ignored.has(part))) {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => {
          say(` * ${file} has changed, starting anew`);
          this.#restarting = this.#restarting.then(() => this.#restart());
        }, patience);
      }
    });
    this.#child = this.#start();
  }

  /** Ends the program, and the watching. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    this.#watcher.close();
    await this.#end();
  }

  /** There are never two on one port: the old one has ended before the new one starts. */
  async #restart(): Promise<void> {
    await this.#end();
    if (!this.#isStopping) {
      this.#child = this.#start();
    }
  }

  async #end(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) {
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
