import { Client } from "pg";
import { afterAll, beforeAll } from "vitest";
import { describeCrashes, describeRestarts } from "../jobs/crash.suite";
import { PostgresServer } from "./postgres-server";
import { RedisServer } from "./redis-server";

const postgres = new PostgresServer();
const redis = new RedisServer(["--appendonly", "yes", "--appendfsync", "always"]);
const restartPostgres = { kill: () => postgres.stop(), restart: async () => void (await postgres.start()) };

beforeAll(async () => {
  await Promise.all([postgres.create(), redis.start()]);
});

afterAll(async () => {
  await redis.remove();
  await postgres.remove();
});

describeCrashes(
  "a table of Postgres",
  async () => ({ POSTGRES: await postgres.createDatabase() }),
  async (_, { POSTGRES = "" }) => {
    const client = new Client({ connectionString: POSTGRES });
    await client.connect();
    const { rows } = await client.query<object>("select state, attempt from flagon_jobs");
    await client.end();
    return rows;
  },
);
describeCrashes("BullMQ on Redis", async () => ({ ENGINE: redis.nextUrl() }));

describeRestarts("a table of Postgres", async () => ({ POSTGRES: await postgres.createDatabase() }), restartPostgres);
describeRestarts("BullMQ on Postgres", async () => ({ ENGINE: await postgres.createDatabase() }), restartPostgres);
describeRestarts("BullMQ on Redis", async () => ({ ENGINE: redis.nextUrl() }), {
  kill: () => redis.stop("SIGKILL"),
  restart: () => redis.start(),
});
