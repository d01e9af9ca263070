import { once } from "node:events";
import { readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/libsql";
import { drizzle as drizzlePostgres } from "drizzle-orm/node-postgres";
import { Flagon, route } from "flagon";
import { atomic, Database, openLibsql, openPostgres, Page } from "flagon/database";
import { describe, expect, it, onTestFinished } from "vitest";
import { writeFiles } from "../support";
import { describeDatabase } from "./database.suite";
import { describeEdges } from "./edges.suite";
import { createLibsql, openStranger } from "./libsql";
import { describeMigrations } from "./migrations.suite";
import { describeQueryErrors } from "./query-errors.suite";

describeDatabase("a file of libSQL", () => createLibsql("file"), false);
describeDatabase("libSQL in memory", () => createLibsql("memory"), false);
describeEdges("a file of libSQL", () => createLibsql("file"), false);
describeEdges("libSQL in memory", () => createLibsql("memory"), false);
describeQueryErrors("a file of libSQL", () => createLibsql("file"), false);

describeMigrations("a file of libSQL", async () => {
  const url = `file:${writeFiles({ "keep.txt": "" })}/app.db`;
  return () => {
    const client = openLibsql(url);
    return { drizzle: drizzle({ client }), query: async (sql) => (await client.execute(sql)).rows.map((row) => ({ ...row })) };
  };
});

describe("libSQL", () => {
  it("waits for the lock of another process", async () => {
    const { client, database, db, posts, url } = await createLibsql("file");
    const stranger = openStranger(url);
    const held = await stranger.transaction("write");
    const written = Promise.all([
      database.atomic(() => db.insert(posts).values({ title: "atomic" })),
      db.insert(posts).values({ title: "bare" }),
    ]);
    await wait(150);
    await held.commit();
    await written;
    await database.atomic(() => db.insert(posts).values({ title: "after" }));
    expect((await client.execute("select count(*) as count from posts")).rows[0]?.count).toBe(3);
  });

  it("gives a writer up after five seconds, in words that name the queue", async () => {
    const { database, db, posts } = await createLibsql("file");
    let release: () => unknown = () => undefined;
    const held = database.atomic(
      () =>
        new Promise<void>((resolve) => {
          release = resolve;
        }),
    );
    const begun = performance.now();
    const late = await Promise.allSettled([
      database.atomic(() => db.insert(posts).values({ title: "late" })),
      db.insert(posts).values({ title: "late too" }),
    ]);
    expect(performance.now() - begun).toBeLessThan(7000);
    for (const one of late) {
      const reason: unknown = one.status === "rejected" ? one.reason : undefined;
      expect(String(Reflect.get(Object(reason), "cause") ?? reason)).toMatch(/waited 5 s for its turn in the queue of writers/);
    }
    release();
    await held;
    await db.insert(posts).values({ title: "after" });
    expect(await db.select().from(posts)).toHaveLength(1);
  });

  it("keeps the lock from the first read to the commit, so that the read values stay true", async () => {
    const { database, db, posts, url } = await createLibsql("file");
    const stranger = openStranger(url);
    await database.atomic(async () => {
      expect(await db.select().from(posts)).toEqual([]);
      await expect(stranger.execute("insert into posts (title) values ('between')")).rejects.toThrow(/BUSY/);
      await db.insert(posts).values({ title: "mine" });
    });
    expect((await db.select().from(posts)).map(({ title }) => title)).toEqual(["mine"]);
  });

  it("lets two clients of one file write by turns", async () => {
    const { database, db, posts, url } = await createLibsql("file");
    const other = new Database(drizzle({ client: openLibsql(url) }));
    const write = (one: typeof database, title: string) =>
      one.atomic(async () => {
        await wait(5);
        await one.execute(sql`insert into posts (title) values (${title})`);
      });
    await Promise.all(Array.from({ length: 10 }, (_, n) => write(n % 2 === 0 ? database : (other as never), String(n))));
    expect(await db.select().from(posts)).toHaveLength(10);
    await other.close();
  });

  it("in memory, lets reads and health checks wait for the transaction, which has the only connection", async () => {
    const { database, db, posts } = await createLibsql("memory");
    const app = new Flagon(__dirname, { static: null, config: { testing: true } });
    app.use(database);
    const open = database.atomic(async () => {
      await db.insert(posts).values({ title: "x" });
      await wait(50);
    });
    await wait(10);
    const [rows, failed] = await Promise.all([db.select().from(posts), app.lifeCycle.health.run()]);
    expect([rows.length, failed]).toEqual([1, []]);
    await open;
  });

  it("refuses a statement that would wait for its own transaction", async () => {
    const { database, posts } = await createLibsql("file");
    await expect(database.atomic(() => database.drizzle.insert(posts).values({ title: "x" }))).rejects.toMatchObject({
      cause: { message: expect.stringMatching(/would wait for that transaction/) },
    });
  });

  it("has a write-ahead log and foreign keys on every connection", async () => {
    const { client } = await createLibsql("file");
    const rows = await Promise.all(Array.from({ length: 5 }, () => client.execute("pragma foreign_keys")));
    expect(rows.map(({ rows: [row] }) => row?.foreign_keys)).toEqual([1, 1, 1, 1, 1]);
    expect((await client.execute("pragma journal_mode")).rows[0]?.journal_mode).toBe("wal");
  });

  it("reads during a transaction on a file", async () => {
    const { database, db, posts } = await createLibsql("file");
    let rows = -1;
    await Promise.all([
      database.atomic(async () => {
        await db.insert(posts).values({ title: "x" });
        await wait(50);
      }),
      wait(20).then(async () => {
        rows = (await db.select().from(posts)).length;
      }),
    ]);
    expect(rows).toBe(0);
  });
});

describe("a database that cannot be reached", () => {
  const describeError = async (database: Database) => {
    const app = new Flagon(writeFiles({ "migrations/meta/_journal.json": '{"entries":[]}' }), { static: null, config: { testing: true } });
    app.use(database);
    const outputs: string[] = [];
    for (const word of ["migrate", "check", "reset"]) {
      const { exitCode, output } = await app.testCommands().invoke(["db", word]);
      outputs.push(`${exitCode} ${output}`);
    }
    await database.close();
    return [...new Set(outputs)];
  };

  it("is named by each command: a server that refuses, a host without an address, a file of another kind", async () => {
    const none = new Database(drizzlePostgres({ client: openPostgres("postgres://app:secret@127.0.0.1:1/app") }));
    expect(await describeError(none)).toEqual([
      expect.stringMatching(/^1 The database cannot be reached: .*ECONNREFUSED.* Look at its URL/),
    ]);
    const remote = new Database(drizzle({ client: openLibsql("libsql://127.0.0.1:2") }));
    expect(await describeError(remote)).toEqual([expect.stringMatching(/^1 The database cannot be reached: /)]);
    const file = join(writeFiles({ "app.db": "a text, and no database ".repeat(100) }), "app.db");
    const text = new Database(drizzle({ client: openLibsql(`file:${file}`) }));
    expect(await describeError(text)).toEqual([expect.stringMatching(/^1 The database cannot be reached: .*not a database/)]);
  });

  it("is given up if the server accepts the connection and never answers", async () => {
    const server = createServer((socket) => socket.on("error", () => undefined).resume()).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const begun = performance.now();
    const silent = new Database(
      drizzlePostgres({ client: openPostgres(`postgres://app@127.0.0.1:${port}/app`, { connectionTimeoutMillis: 300 }) }),
    );
    await expect(silent.migrate()).rejects.toThrow(/cannot be reached/);
    expect(performance.now() - begun).toBeLessThan(5000);
    await silent.close();
  });

  it("does not wait for another process if the file of the lock cannot be written", async () => {
    const root = writeFiles({ "migrations/meta/_journal.json": '{"entries":[]}', ".app.db.migrating.db/keep.txt": "" });
    const database = new Database(drizzle({ client: openLibsql(`file:${join(root, "app.db")}`) }), {
      migrations: join(root, "migrations"),
    });
    const begun = performance.now();
    await expect(database.migrate()).rejects.toThrow(
      /\.app\.db\.migrating\.db', which keeps other processes from migrating, cannot be written/,
    );
    expect(performance.now() - begun).toBeLessThan(5000);
    await database.close();
  });
});

describe("openLibsql()", () => {
  it("makes the folder of a file, however its URL is written", async () => {
    const root = writeFiles({ "keep.txt": "" });
    for (const name of ["plain/x.db", "a folder/x.db", "percent%20sign/x.db", "ümlaut/ü.db"]) {
      for (const start of ["file:", "FILE:", "file://", "file://localhost"]) {
        const client = openLibsql(`${start}${root}/${name}`);
        const { rows } = await client.execute("select file from pragma_database_list where name = 'main'");
        client.close();
        expect(rows[0]?.file, start + name).toBe(join(root, decodeURIComponent(name)));
      }
    }
    expect(readdirSync(root).sort()).toEqual(["a folder", "keep.txt", "percent sign", "plain", "ümlaut"]);
  });

  it.each(["", "app.db", "/tmp/app.db", "sqlite:app.db", "mysql://root@127.0.0.1/app", "libsql://", "file:app.db?mode=ro", " file:app.db"])(
    "refuses '%s' with the cure",
    (url) => {
      expect(() => openLibsql(url)).toThrow(
        expect.objectContaining({ code: "CONFIG", message: expect.stringContaining("Write a file as") }),
      );
    },
  );

  it("keeps the token of a URL out of its errors", () => {
    expect(() => openLibsql("nothing://user:secret@host?authToken=secret")).toThrow(/^(?!.*secret)/s);
  });
});

describe("Database", () => {
  it("checks its health, closes last, and shows its queries with their times", async () => {
    const { channel } = await import("node:diagnostics_channel");
    const { database, db, posts } = await createLibsql("file");
    const app = new Flagon(__dirname, { static: null, config: { testing: true } });
    const log: string[] = [];
    app.use(database);
    app.onStop(async () => log.push(String((await db.select().from(posts)).length)));
    const seen: { sql: string; duration: number; parameters: unknown[] }[] = [];
    const listen = (message: unknown) => seen.push(message as (typeof seen)[0]);
    channel("flagon:query").subscribe(listen);
    expect(await app.lifeCycle.health.run()).toEqual([]);
    await database.atomic(() => db.insert(posts).values({ title: "x" }));
    await db.select().from(posts);
    channel("flagon:query").unsubscribe(listen);
    expect(seen.map(({ sql }) => sql.slice(0, 6))).toEqual(["SELECT", "insert", "select"]);
    expect(seen.every(({ duration }) => duration >= 0)).toBe(true);
    expect(seen[1]?.parameters).toEqual(["x"]);
    await app.testClient().close();
    expect(log).toEqual(["1"]);
    await expect(Promise.resolve(db.select().from(posts))).rejects.toThrow();
  });

  it("names its missing parts", () => {
    expect(() => new Database({ _: {} })).toThrow(/needs what drizzle\(\) gives/);
  });

  it("warns in debug mode of queries outside of the open transaction, and of pages without an order", async () => {
    const { paginate } = await import("flagon/database");
    const { database, db, posts } = await createLibsql("file");
    const app = new Flagon(__dirname, { static: null, config: { debug: true } });
    const lines: unknown[] = [];
    app.logger.warn = (line: unknown) => lines.push(line);
    app.use(database);
    class Views {
      @route("/")
      async index() {
        await database.atomic(() => database.drizzle.select().from(posts));
        await paginate(db.select().from(posts));
        return {};
      }
    }
    app.register(Views);
    await app.testClient().get("/");
    expect(lines).toEqual([expect.stringContaining("outside of the transaction"), expect.stringContaining("without an order")]);
  });
});

describe("flagon db generate", () => {
  it("writes migrations by drizzle-kit, refuses to guess a renaming, and lists statements that lose data", async () => {
    const table = (columns: string) =>
      `import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";\nexport const users = sqliteTable("users", { id: integer().primaryKey(), ${columns} });\n`;
    const root = writeFiles({ "package.json": "{}", "schema.ts": table("name: text().notNull(), age: integer()") });
    symlinkSync(join(__dirname, "../../node_modules"), join(root, "node_modules"));
    const database = new Database(drizzle({ client: openLibsql(":memory:") }));
    const app = new Flagon(root, { static: null, config: { testing: true } });
    app.use(database);
    const generate = (...words: string[]) => app.testCommands().invoke(["db", "generate", ...words]);
    const files = () => readdirSync(join(root, "migrations")).filter((file) => file.endsWith(".sql"));
    expect((await generate("--name", "users")).exitCode).toBe(0);
    expect(files()).toEqual(["0000_users.sql"]);
    expect(await database.migrate()).toEqual(["0000_users"]);
    writeFileSync(join(root, "schema.ts"), table("title: text().notNull(), age: integer()"));
    const renamed = await generate();
    expect([renamed.exitCode, renamed.output, files().length]).toEqual([1, expect.stringContaining("may have been renamed"), 1]);
    writeFileSync(join(root, "schema.ts"), table("name: text().notNull()"));
    expect((await generate("--name", "ageless")).output).toContain("These statements lose or move data");
    expect((await generate()).output).toContain("No schema changes");
    await database.close();
  });
});

describe("Page", () => {
  const list = (page: number, pages: number, edges?: object) =>
    [...new Page([], page, 1, pages, false, "page").iterPages(edges)].map((number) => number ?? "…").join(" ");

  it("lists the pages to link to as Flask-SQLAlchemy does", () => {
    expect(list(1, 1)).toBe("1");
    expect(list(1, 10)).toBe("1 2 3 4 5 … 9 10");
    expect(list(10, 20)).toBe("1 2 … 8 9 10 11 12 13 14 … 19 20");
    expect(list(20, 20)).toBe("1 2 … 18 19 20");
    expect(list(5, 9, { leftEdge: 0, rightEdge: 0, leftCurrent: 1, rightCurrent: 1 })).toBe("… 4 5 6 …");
    expect(list(1, 1_000_000).length).toBeLessThan(40);
  });
});

describe("@atomic", () => {
  it("is refused on generators, which run after the commit", () => {
    const decorate = atomic as unknown as (prototype: object, name: string, descriptor: PropertyDescriptor) => void;
    for (const value of [function* rows() {}, async function* rows() {}]) {
      expect(() => decorate({}, "rows", { value })).toThrow("@atomic was put on the generator 'rows', which runs after the commit.");
    }
    const run = atomic as unknown as (value: () => unknown) => unknown;
    expect(() => run(async function* rows() {})).toThrow("atomic() got the generator 'rows', which runs after the commit.");
  });
});
