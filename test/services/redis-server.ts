import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findPort } from "../support";

/** A server of Redis for tests. */
export class RedisServer {
  readonly folder: string = mkdtempSync(join(tmpdir(), "flagon-redis-"));
  readonly #options: readonly string[];
  #databases = 0;
  #port = 0;
  #process: ChildProcess | undefined;

  /** @param options Options of `redis-server`. Default: nothing is written to the disk. */
  constructor(options: readonly string[] = ["--save", ""]) {
    this.#options = options;
  }

  /** Starts it: with a new port the first time, and with the same one after {@link stop}. */
  async start(): Promise<void> {
    this.#port ||= await findPort();
    const address = ["--port", String(this.#port), "--bind", "127.0.0.1", "--dir", this.folder];
    const started = spawn("redis-server", [...address, ...this.#options], { stdio: "pipe" });
    this.#process = started;
    await new Promise<void>((resolve) => {
      started.stdout?.on("data", (text: Buffer) => (/Ready to accept connections/.test(String(text)) ? resolve() : undefined));
    });
  }

  /** Stops it. `SIGKILL` stops it as a crash would. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const running = this.#process;
    if (running !== undefined && running.exitCode === null && running.signalCode === null) {
      const ended = once(running, "exit");
      running.kill(signal);
      await ended;
    }
  }

  /** Sends a signal, such as `SIGSTOP`: it then accepts connections and answers nothing, until `SIGCONT`. */
  send(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** Stops it and removes its files. */
  async remove(): Promise<void> {
    await this.stop("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The URL of its first database. */
  get url(): string {
    return `redis://127.0.0.1:${this.#port}`;
  }

  /** Returns the URL of a database that no other test uses. */
  nextUrl(): string {
    this.#databases++;
    return `${this.url}/${this.#databases}`;
  }
}
