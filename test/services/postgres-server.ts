import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Client } from "pg";
import { findPort } from "../support";

const [version = ""] = readdirSync("/usr/lib/postgresql").sort().reverse();
const bin = join("/usr/lib/postgresql", version, "bin");

/** A server of Postgres, which refuses to run as root. */
export class PostgresServer {
  readonly folder: string = mkdtempSync(join(tmpdir(), "flagon-postgres-"));
  readonly #identity: { uid?: number; gid?: number };
  port = 0;
  #process: ChildProcess | undefined;

  constructor() {
    const isRoot = process.getuid?.() === 0;
    const idOf = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
    this.#identity = isRoot ? { uid: idOf("-u"), gid: idOf("-g") } : {};
    if (isRoot) {
      chownSync(this.folder, this.#identity.uid ?? 0, this.#identity.gid ?? 0);
    }
  }

  /** Starts it the first time, with a new port. */
  async create(): Promise<this> {
    execFileSync(join(bin, "initdb"), ["-D", join(this.folder, "data"), "-U", "app", "--auth=trust", "-E", "UTF8", "--no-sync"], {
      ...this.#identity,
      cwd: this.folder,
      stdio: "ignore",
    });
    this.port = await findPort();
    return this.start();
  }

  /** Starts it. */
  async start(): Promise<this> {
    const args = [
      "-D",
      join(this.folder, "data"),
      "-p",
      String(this.port),
      "-c",
      "listen_addresses=127.0.0.1",
      "-k",
      this.folder,
      "-c",
      "fsync=off",
    ];
    this.#process = spawn(join(bin, "postgres"), args, { ...this.#identity, cwd: this.folder, stdio: "ignore" });
    for (let round = 0; round < 200; round++) {
      const client = new Client({ connectionString: this.urlOf("postgres") });
      client.on("error", () => undefined);
      try {
        await client.connect();
        await client.end();
        return this;
      } catch {
        await wait(50);
      }
    }
    throw new Error("Postgres did not start.");
  }

  /** Stops it at once, as a crash would. */
  async stop(): Promise<void> {
    const running = this.#process;
    if (running !== undefined && running.exitCode === null) {
      const ended = once(running, "exit");
      running.kill("SIGQUIT");
      await ended;
    }
  }

  /** Stops it and removes its files. */
  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  urlOf(database: string): string {
    return `postgres://app@127.0.0.1:${this.port}/${database}`;
  }

  /** Makes a database of its own for one test. */
  async createDatabase(): Promise<string> {
    const name = `test_${process.pid}_${Math.random().toString(36).slice(2)}`;
    const client = new Client({ connectionString: this.urlOf("postgres") });
    await client.connect();
    await client.query(`create database ${name}`);
    await client.end();
    return this.urlOf(name);
  }
}
