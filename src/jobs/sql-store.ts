import { randomUUID } from "node:crypto";
import type { Database } from "../database/database";
import { type DrizzleSql, loadDrizzle } from "../database/drizzle";
import { findUniqueViolation } from "../database/violations";
import { HeldJobs } from "./held-jobs";
import { JobTables } from "./job-tables";
import type { Claim, JobInfo, JobState, Message, WaitingJob } from "./message";
import { schedulePrefix } from "./names";
import { type ClaimRequest, type JobStore, keptDone, keptFailed } from "./store";

type Row = Readonly<Record<string, unknown>>;
type Sql = DrizzleSql;

/** Keeps jobs in two tables of the app's own database. */
export class SqlStore implements JobStore {
  readonly #database: Database;
  readonly #held: HeldJobs;
  readonly #tables: JobTables;
  #ending: { readonly claims: Claim[]; readonly done: Promise<void> } | undefined;
  #turn: Promise<void> = Promise.resolve();

  /** @param database The app's database. */
  constructor(database: Database) {
    this.#database = database;
    this.#held = new HeldJobs(database);
    this.#tables = new JobTables(database);
  }

  prepare(): Promise<void> {
    return this.#tables.prepare();
  }

  async add(message: Message, added: (message: Message) => void): Promise<string> {
    await this.prepare();
    const waiting = message.key === null ? undefined : await this.#findWaiting(message);
    if (waiting !== undefined) {
      return waiting;
    }
    if (!this.#database.isAtomic) {
      return this.#insert(message, added);
    }
    return this.#held.add(message, async () => {
      const id = await this.#insert(message, () => undefined);
      if (id === message.id) {
        await this.#database.afterCommit(() => added(message));
      }
    });
  }

  async claim({ isEager, lease, limit, names, queues, running }: ClaimRequest): Promise<readonly Claim[]> {
    if (names.length === 0 || limit <= 0) {
      return [];
    }
    await this.prepare();
    const { inArray, notInArray, sql } = loadDrizzle();
    const now = Date.now();
    const token = randomUUID();
    const inQueues = queues.length === 0 ? sql`1 = 1` : inArray(sql`queue`, [...queues]);
    const isDue = isEager ? sql`state = 'waiting'` : sql`state = 'waiting' and run_at <= ${now}`;
    const isLost = running.length === 0 ? sql`claimed_until < ${now}` : sql`claimed_until < ${now} and ${notInArray(sql`id`, running)}`;
    const due = sql`select id from flagon_jobs where (${isDue} or state = 'active' and ${isLost}) and ${inQueues} and ${inArray(sql`name`, [...names])} order by run_at limit ${limit}`;
    const isPostgres = this.#database.kind === "postgres";
    // A read does not wait for the turn of the writers.
    if (!isPostgres && (await this.#tables.execute(due)).length === 0) {
      return [];
    }
    const picked = isPostgres ? sql`${due} for update skip locked` : due;
    const rows = await this.#tables.execute(
      sql`update flagon_jobs set state = 'active', claim = ${token}, claimed_until = ${now + lease}, attempt = attempt + 1, changed_at = ${now} where id in (${picked}) returning *`,
    );
    return rows.map((row) => ({ ...toMessage(row), token, attempt: Number(row.attempt) })).sort((left, right) => left.runAt - right.runAt);
  }

  async renew(claims: readonly Claim[], lease: number): Promise<ReadonlySet<string>> {
    const { inArray, sql } = loadDrizzle();
    const ids = claims.map(({ id }) => id);
    const tokens = [...new Set(claims.map(({ token }) => token))];
    const rows = await this.#tables.execute(
      sql`update flagon_jobs set claimed_until = ${Date.now() + lease} where ${inArray(sql`id`, ids)} and ${inArray(sql`claim`, tokens)} and state = 'active' returning id`,
    );
    return new Set(rows.map(({ id }) => String(id)));
  }

  finish(claim: Claim): Promise<void> {
    if (this.#database.isInTransaction) {
      return this.#finish([claim]);
    }
    // Those that end at nearly the same time share a statement, and its wait for the disk.
    const batch = this.#ending ?? { claims: [], done: new Promise((resolve) => setImmediate(resolve)).then(() => this.#finishBatch()) };
    this.#ending = batch;
    batch.claims.push(claim);
    return batch.done;
  }

  async retry(claim: Claim, runAt: number, error: string): Promise<void> {
    const { sql } = loadDrizzle();
    await this.#wait(claim, sql`, run_at = ${runAt}, error = ${error}`);
  }

  async fail(claim: Claim, error: string): Promise<void> {
    const { sql } = loadDrizzle();
    await this.#change(claim, sql`state = 'failed', error = ${error}`);
  }

  async giveBack(claim: Claim): Promise<void> {
    const { sql } = loadDrizzle();
    await this.#wait(claim, sql`, attempt = ${claim.attempt - 1}`);
  }

  async list(state: JobState | undefined, limit: number): Promise<readonly JobInfo[]> {
    await this.prepare();
    const { sql } = loadDrizzle();
    const rows = await this.#tables.execute(
      sql`select * from flagon_jobs where ${state === undefined ? sql`1 = 1` : sql`state = ${state}`} order by changed_at, run_at limit ${limit}`,
    );
    return rows.map((row) => ({
      id: String(row.id),
      name: String(row.name),
      queue: String(row.queue),
      state: toState(row.state),
      attempt: Number(row.attempt),
      data: JSON.parse(String(row.data)),
      error: toText(row.error),
      time: new Date(Number(row.state === "waiting" ? row.run_at : row.changed_at)),
    }));
  }

  async restore(id: string): Promise<WaitingJob | null> {
    await this.prepare();
    const { sql } = loadDrizzle();
    const isTaken = sql`exists (select 1 from flagon_jobs as other where other.name = flagon_jobs.name and other.key = flagon_jobs.key and other.state = 'waiting')`;
    try {
      return await this.#restore(id, sql`case when ${isTaken} then null else key end`);
    } catch (error) {
      // Another one with its key was added meanwhile.
      if (findUniqueViolation(error) === null) {
        throw error;
      }
      return this.#restore(id, sql`null`);
    }
  }

  async claimTick(name: string, tick: number, run: () => Promise<void>): Promise<void> {
    await this.prepare();
    const { sql } = loadDrizzle();
    // The tick and its job are one transaction: a crash between the two would lose the run.
    await this.#database.atomic(async () => {
      const rows = await this.#tables.execute(
        sql`insert into flagon_ticks (name, tick) values (${name}, ${tick}) on conflict do nothing returning tick`,
      );
      if (rows.length > 0) {
        await run();
      }
    });
  }

  async lastTick(name: string): Promise<number | null> {
    await this.prepare();
    const { sql } = loadDrizzle();
    const [row] = await this.#tables.execute(sql`select max(tick) as tick from flagon_ticks where name = ${name}`);
    return row?.tick === null || row?.tick === undefined ? null : Number(row.tick);
  }

  async isBusy(name: string): Promise<boolean> {
    const { sql } = loadDrizzle();
    const rows = await this.#tables.execute(
      sql`select id from flagon_jobs where name = ${name} and state in ('waiting', 'active') limit 1`,
    );
    return rows.length > 0;
  }

  async oldestWaiting(): Promise<number | null> {
    await this.prepare();
    const { sql } = loadDrizzle();
    const [row] = await this.#tables.execute(
      sql`select min(run_at) as run_at from flagon_jobs where state = 'waiting' and run_at <= ${Date.now()}`,
    );
    return row?.run_at === null || row?.run_at === undefined ? null : Number(row.run_at);
  }

  async clean(schedules: readonly string[]): Promise<void> {
    const { notInArray, sql } = loadDrizzle();
    const now = Date.now();
    for (const [state, { age, count }] of [["done", keptDone] as const, ["failed", keptFailed] as const]) {
      await this.#tables.execute(sql`delete from flagon_jobs where state = ${state} and changed_at < ${now - age} returning id`);
      await this.#tables.execute(
        sql`delete from flagon_jobs where state = ${state} and changed_at < (select changed_at from flagon_jobs where state = ${state} order by changed_at desc limit 1 offset ${count}) returning id`,
      );
    }
    await this.#tables.execute(
      sql`delete from flagon_jobs where state = 'waiting' and name like ${`${schedulePrefix}%`} and ${schedules.length === 0 ? sql`1 = 1` : notInArray(sql`name`, [...schedules])} returning id`,
    );
    // The latest tick of each schedule stays: it shows which runs were missed.
    await this.#tables.execute(
      sql`delete from flagon_ticks where tick < ${now - keptFailed.age} and tick < (select max(tick) from flagon_ticks as later where later.name = flagon_ticks.name) returning tick`,
    );
  }

  async #finishBatch(): Promise<void> {
    // While one statement is on its way, the next ones gather.
    await this.#turn.catch(() => undefined);
    const claims = this.#ending?.claims ?? [];
    this.#ending = undefined;
    this.#turn = this.#finish(claims);
    await this.#turn;
  }

  async #finish(claims: readonly Claim[]): Promise<void> {
    const { inArray, sql } = loadDrizzle();
    const ids = claims.map(({ id }) => id);
    const tokens = [...new Set(claims.map(({ token }) => token))];
    await this.#tables.execute(
      sql`update flagon_jobs set state = 'done', error = null, claim = null, claimed_until = null, changed_at = ${Date.now()} where ${inArray(sql`id`, ids)} and ${inArray(sql`claim`, tokens)} and state = 'active' returning id`,
    );
  }

  async #restore(id: string, key: Sql): Promise<WaitingJob | null> {
    const { sql } = loadDrizzle();
    const now = Date.now();
    const rows = await this.#tables.execute(
      sql`update flagon_jobs set state = 'waiting', attempt = 0, error = null, key = ${key}, run_at = ${now}, changed_at = ${now} where id = ${id} and state = 'failed' returning *`,
    );
    return rows[0] === undefined ? null : toMessage(rows[0]);
  }

  async #insert(message: Message, added: (message: Message) => void): Promise<string> {
    const { sql } = loadDrizzle();
    const { data, id, key, name, queue, requestId, runAt, traceparent } = message;
    const rows = await this.#tables.execute(
      sql`insert into flagon_jobs (id, name, queue, data, key, state, run_at, attempt, request_id, traceparent, changed_at)
        values (${id}, ${name}, ${queue}, ${data}, ${key}, 'waiting', ${runAt}, 0, ${requestId}, ${traceparent}, ${Date.now()})
        on conflict (name, key) where state = 'waiting' and key is not null do nothing returning id`,
    );
    if (rows.length > 0) {
      added(message);
      return id;
    }
    return (await this.#findWaiting(message)) ?? id;
  }

  async #findWaiting({ key, name }: Message): Promise<string | undefined> {
    const { sql } = loadDrizzle();
    const [row] = await this.#tables.execute(sql`select id from flagon_jobs where name = ${name} and key = ${key} and state = 'waiting'`);
    return row === undefined ? undefined : String(row.id);
  }

  /** Lets a job wait again; without its key if another one with it waits meanwhile. */
  async #wait(claim: Claim, change: Sql): Promise<void> {
    const { sql } = loadDrizzle();
    const isTaken = claim.key !== null && (await this.#findWaiting(claim)) !== undefined;
    try {
      await this.#change(claim, sql`state = 'waiting'${isTaken ? sql`, key = null` : sql``}${change}`);
    } catch (error) {
      if (findUniqueViolation(error) === null) {
        throw error;
      }
      await this.#change(claim, sql`state = 'waiting', key = null${change}`);
    }
  }

  async #change({ id, token }: Claim, change: Sql): Promise<void> {
    const { sql } = loadDrizzle();
    await this.#tables.execute(
      sql`update flagon_jobs set ${change}, claim = null, claimed_until = null, changed_at = ${Date.now()} where id = ${id} and claim = ${token} and state = 'active' returning id`,
    );
  }
}

function toMessage(row: Row): Message {
  return {
    id: String(row.id),
    name: String(row.name),
    queue: String(row.queue),
    data: String(row.data),
    key: toText(row.key),
    runAt: Number(row.run_at),
    requestId: toText(row.request_id),
    traceparent: toText(row.traceparent),
  };
}

function toText(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}

function toState(value: unknown): JobState {
  return value === "active" || value === "done" || value === "failed" ? value : "waiting";
}
