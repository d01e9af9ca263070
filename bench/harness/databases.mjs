/*
 * The databases of a run: a file of libSQL for each server, and a server of Postgres where Debian's is installed.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fillDatabase, openPool } from "../servers/databases.mjs";

const programs = "/usr/lib/postgresql";

/** Makes the databases; `environment()` gives those of one server. */
export async function createDatabases() {
  const folder = mkdtempSync(join(tmpdir(), "flagon-bench-"));
  const first = join(folder, "first.db");
  process.env.BENCH_LIBSQL = `file:${first}`;
  await fillDatabase("libsql");
  const postgres = existsSync(programs) ? await startPostgres() : undefined;
  if (postgres === undefined) {
    console.log("Postgres is not installed: its workloads are left out.");
  } else {
    process.env.BENCH_POSTGRES = postgres.url;
    await fillDatabase("postgres");
  }
  let count = 0;
  return {
    kinds: ["libsql", ...(postgres === undefined ? [] : ["postgres"])],
    environment() {
      const file = join(folder, `${count++}.db`);
      copyFileSync(first, file);
      return { BENCH_LIBSQL: `file:${file}`, ...(postgres === undefined ? {} : { BENCH_POSTGRES: postgres.url }) };
    },
    async close() {
      delete process.env.BENCH_LIBSQL;
      delete process.env.BENCH_POSTGRES;
      await postgres?.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Starts Postgres, which refuses to run as root. */
async function startPostgres() {
  const [version] = readdirSync(programs).sort().reverse();
  const folder = mkdtempSync(join(tmpdir(), "flagon-bench-postgres-"));
  const idOf = (flag) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  const identity = process.getuid() === 0 ? { uid: idOf("-u"), gid: idOf("-g") } : {};
  if (identity.uid !== undefined) {
    chownSync(folder, identity.uid, identity.gid);
  }
  const data = join(folder, "data");
  const options = { ...identity, cwd: folder, stdio: "ignore" };
  const program = (name) => join(programs, version, "bin", name);
  execFileSync(program("initdb"), ["-D", data, "-U", "app", "--auth=trust", "-E", "UTF8", "--no-sync"], options);
  const port = await findPort();
  const child = spawn(
    program("postgres"),
    ["-D", data, "-p", port, "-k", folder, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"].map(String),
    options,
  );
  const url = `postgres://app@127.0.0.1:${port}/postgres`;
  process.env.BENCH_POSTGRES = url;
  for (let round = 0; round < 200; round++) {
    const pool = openPool();
    try {
      await pool.query("select 1");
      return { url, stop: () => stop(child, folder) };
    } catch {
      await wait(50);
    } finally {
      await pool.end();
    }
  }
  await stop(child, folder);
  throw new Error("Postgres did not start.");
}

async function stop(child, folder) {
  if (child.exitCode === null) {
    const ended = once(child, "exit");
    child.kill("SIGQUIT");
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
}

async function findPort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}
