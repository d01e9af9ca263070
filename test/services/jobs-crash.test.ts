import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll } from "vitest";
import { describeCrashes } from "../jobs/crash.suite";
import { findPort } from "../support";
import { PostgresServer } from "./postgres-server";

const postgres = new PostgresServer();
const folder = mkdtempSync(join(tmpdir(), "flagon-redis-"));
let redis: ChildProcess;
let port = 0;
let databases = 0;

async function startRedis(): Promise<void> {
  const words = ["--port", String(port), "--bind", "127.0.0.1", "--appendonly", "yes", "--appendfsync", "always", "--dir", folder];
  redis = spawn("redis-server", words, { stdio: "pipe" });
  await new Promise<void>((resolve) => {
    redis.stdout?.on("data", (line: Buffer) => (/Ready to accept connections/.test(String(line)) ? resolve() : undefined));
  });
}

beforeAll(async () => {
  port = await findPort();
  await Promise.all([postgres.create(), startRedis()]);
});

afterAll(async () => {
  redis.kill();
  await postgres.remove();
  rmSync(folder, { recursive: true, force: true });
});

describeCrashes(
  "a table of Postgres",
  async () => ({ POSTGRES: await postgres.createDatabase() }),
  { kill: () => postgres.stop(), restart: async () => void (await postgres.start()) },
  async (_, { POSTGRES = "" }) => {
    const client = new Client({ connectionString: POSTGRES });
    await client.connect();
    const { rows } = await client.query<object>("select state, attempt from flagon_jobs");
    await client.end();
    return rows;
  },
);

describeCrashes("BullMQ on Redis", async () => ({ REDIS: `redis://127.0.0.1:${port}/${databases++}` }), {
  async kill() {
    const ended = once(redis, "exit");
    redis.kill("SIGKILL");
    await ended;
  },
  restart: startRedis,
});
