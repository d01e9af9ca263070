import { channel } from "node:diagnostics_channel";
import { setTimeout as wait } from "node:timers/promises";
import { asc, eq, sql } from "drizzle-orm";
import { currentApp, defineForm, eventStream, type Flagon, route } from "flagon";
import { afterCommit, atomic, findUniqueViolation, paginate, refuseDuplicates } from "flagon/database";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { createApp, createLiveApp } from "../support";
import type { Made } from "./database.suite";

/** The behaviour of all databases where things go wrong, or happen at once. */
export function describeEdges(name: string, create: () => Promise<Made>, isPostgres: boolean): void {
  const titles = async ({ db, posts }: Made) => (await db.select().from(posts).orderBy(asc(posts.id))).map(({ title }) => title);
  const insert = ({ db, posts }: Made, title: string) => db.insert(posts).values({ title });
  const run = ({ database }: Made, statement: string) => database.execute(sql.raw(statement));
  const serve = (made: Made, ...controllers: object[]): Flagon => {
    const app = createLiveApp(...controllers);
    app.use(made.database);
    return app;
  };
  const failure = (work: Promise<unknown>) => work.then(() => undefined).catch((error: unknown) => error);

  describe(`atomic() on ${name}`, () => {
    it("rejects with the thrown value, also if it is no error, and takes functions without a promise", async () => {
      const made = await create();
      const { database } = made;
      for (const thrown of [undefined, null, "text", 0, { status: 1 }]) {
        await expect(
          database.atomic(async () => {
            await insert(made, "gone");
            throw thrown;
          }),
        ).rejects.toBe(thrown);
      }
      await expect(
        database.atomic(() => {
          throw new RangeError("at once");
        }),
      ).rejects.toThrow(RangeError);
      expect(await database.atomic(() => 3)).toBe(3);
      expect(await database.atomic(() => undefined)).toBeUndefined();
      expect(await titles(made)).toEqual([]);
    });

    it("keeps transactions apart that run at once in one request", async () => {
      const made = await create();
      class Views {
        @route.post("/")
        async index() {
          const results = await Promise.allSettled([
            atomic(async () => {
              await insert(made, "first");
              await wait(20);
              throw new Error("first");
            }),
            atomic(async () => {
              await insert(made, "second");
              await wait(5);
            }),
          ]);
          return results.map(({ status }) => status);
        }
      }
      const app = serve(made, Views);
      expect(await (await app.testClient().post("/")).json()).toEqual(["rejected", "fulfilled"]);
      expect(await titles(made)).toEqual(["second"]);
    });

    it("lets transactions of drizzle's own object wait for one another", async () => {
      const made = await create();
      const { database, posts } = made;
      const work = (title: string) =>
        database.drizzle.transaction(async (tx) => {
          await tx.insert(posts).values({ title });
          await wait(10);
          if (title === "c") {
            throw new Error("c");
          }
        });
      const results = await Promise.allSettled([...["a", "b", "c"].map(work), insert(made, "d"), database.atomic(() => insert(made, "e"))]);
      expect(results.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled", "fulfilled"]);
      expect((await titles(made)).sort()).toEqual(["a", "b", "d", "e"]);
    });

    it("runs the functions before its commit that such a function asks for", async () => {
      const { database } = await create();
      const log: string[] = [];
      await database.atomic(() =>
        database.beforeCommit(async () => {
          log.push("first");
          await database.beforeCommit(() => log.push(`second ${database.isAtomic}`));
          await database.afterCommit(() => log.push("after"));
        }),
      );
      expect(log).toEqual(["first", "second true", "after"]);
    });

    it("waits for statements that nobody awaits, and for their errors", async () => {
      const made = await create();
      const { database } = made;
      await insert(made, "taken");
      const unawaited = (title: string) =>
        void insert(made, title)
          .execute()
          .catch(() => undefined);
      await database.atomic(async () => {
        unawaited("first");
        await database.atomic(async () => unawaited("inner"));
        unawaited("last");
      });
      const failed = database.atomic(async () => {
        unawaited("beside");
        unawaited("taken");
      });
      // Postgres would answer the commit of a failed transaction with a rollback, and no error.
      await (isPostgres ? expect(failed).rejects.toThrow("A statement of this transaction failed") : failed);
      expect(await titles(made)).toEqual(["taken", "first", "inner", "last", ...(isPostgres ? [] : ["beside"])]);
    });

    it("stores no text with a NUL character, of which a part would be lost", async () => {
      const made = await create();
      const { database } = made;
      const stored = async () => void (await insert(made, "admin\0x"));
      for (const work of [stored, () => database.atomic(stored)]) {
        const error = await failure(work());
        const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
        expect(String(reason)).toMatch(isPostgres ? /invalid byte sequence/ : /A text with a NUL character cannot be stored/);
      }
      if (!isPostgres) {
        expect(await made.db.select().from(made.posts).where(eq(made.posts.title, "nobody\0x"))).toEqual([]);
      }
      expect(await titles(made)).toEqual([]);
    });

    it("refuses work that comes while it commits", async () => {
      const { database } = await create();
      const late: Promise<unknown>[] = [];
      await database.atomic(() =>
        database.beforeCommit(() => {
          const comesLater = (work: () => Promise<unknown>) => late.push(failure(Promise.resolve().then(work)));
          // A few ticks later the functions before the commit are through.
          setImmediate(() => {
            comesLater(() => database.beforeCommit(() => undefined));
            comesLater(() => database.atomic(() => undefined));
          });
          return undefined;
        }),
      );
      await wait(20);
      expect(late).toHaveLength(2);
      for (const error of await Promise.all(late)) {
        expect(String(error)).toMatch(
          isPostgres ? /came after its transaction had begun to commit\. Await/ : /came after its transaction .*commit/,
        );
      }
    });

    it("keeps the first error as the cause when a statement and a savepoint fail after it", async () => {
      const made = await create();
      await insert(made, "taken");
      const error = await failure(
        made.database.atomic(async () => {
          await failure(Promise.resolve(insert(made, "taken")));
          await failure(Promise.resolve(insert(made, "second")));
          await failure(made.database.atomic(() => insert(made, "other")));
        }),
      );
      expect(findUniqueViolation(error)?.columns).toEqual(isPostgres ? ["title"] : undefined);
      expect(await titles(made)).toEqual(isPostgres ? ["taken"] : ["taken", "second", "other"]);
    });

    it("goes down ten levels, and takes back those below the one that fails", async () => {
      const made = await create();
      const { database } = made;
      const descend = async (level: number): Promise<void> => {
        await insert(made, `level ${level}`);
        if (level === 10) {
          throw new Error("the ground");
        }
        const below = database.atomic(() => descend(level + 1));
        await (level === 4 ? below.catch(() => undefined) : below);
        await insert(made, `level ${level} again`);
      };
      await database.atomic(() => descend(1));
      expect(await titles(made)).toEqual([
        ...[1, 2, 3, 4].map((level) => `level ${level}`),
        ...[4, 3, 2, 1].map((level) => `level ${level} again`),
      ]);
    });

    it("rejects if the commit itself is refused, and runs nothing after it", async () => {
      const made = await create();
      const { database } = made;
      await run(made, "create table parents (id integer primary key)");
      await run(made, "create table children (parent integer references parents (id) deferrable initially deferred)");
      let ran = false;
      const error = await failure(
        database.atomic(async () => {
          await run(made, "insert into children values (7)");
          await database.afterCommit(() => {
            ran = true;
          });
        }),
      );
      expect(String(Reflect.get(Object(error), "cause") ?? error)).toMatch(/foreign key/i);
      expect(ran).toBe(false);
      expect(await run(made, "select * from children")).toEqual([]);
      await database.atomic(() => insert(made, "after"));
      expect(await titles(made)).toEqual(["after"]);
    });

    it("can be opened in streams, in event streams, in background work and in commands", async () => {
      const made = await create();
      const note = async (place: string) => {
        const before = made.database.isAtomic;
        await atomic(() => insert(made, `${place} ${before}`));
        await failure(
          atomic(async () => {
            await insert(made, `${place} gone`);
            throw new Error("gone");
          }),
        );
      };
      class Views {
        @atomic
        @route("/stream")
        stream() {
          return (async function* () {
            await note("stream");
            yield "done";
          })();
        }

        @atomic
        @route("/events")
        events() {
          return eventStream(
            (async function* () {
              await note("events");
              yield "done";
            })(),
          );
        }

        @atomic
        @route("/background")
        background() {
          currentApp.background(() => note("background"));
          setTimeout(() => void failure(Promise.resolve(insert(made, "by a timer"))), 100);
          return "";
        }
      }
      const app = serve(made, Views);
      app.command("note", () => note("command"));
      const client = app.testClient();
      for (const path of ["/stream", "/events", "/background"]) {
        await (await client.get(path)).text();
      }
      await app.backgroundWork.finish(5000);
      await wait(200);
      expect((await app.testCommands().invoke("note")).exitCode).toBe(0);
      expect(await titles(made)).toEqual(["stream false", "events false", "background false", "command false"]);
    });
  });

  describe(`afterCommit() on ${name}`, () => {
    it("logs an error of one function, runs the others in order, and keeps the result", async () => {
      const made = await create();
      const app = createApp();
      const logged: unknown[] = [];
      app.logger.error = (...line: readonly unknown[]) => logged.push([String(Reflect.get(Object(line[0]), "err")), line[1]]);
      app.use(made.database);
      const log: string[] = [];
      await app.appContext(async () => {
        const result = await atomic(async () => {
          await afterCommit(() => {
            throw new Error("at once");
          });
          await afterCommit(async () => {
            await wait(5);
            log.push("slow");
          });
          await afterCommit(() => Promise.reject("a text"));
          await afterCommit(async () => {
            log.push(`atomic ${made.database.isAtomic}`);
            await atomic(async () => {
              await insert(made, "by afterCommit");
              await afterCommit(() => log.push("inner"));
            });
            await afterCommit(() => log.push("nested at once"));
          });
          await afterCommit(() => log.push("last"));
          return "kept";
        });
        expect(result).toBe("kept");
        await afterCommit(() => {
          throw new Error("outside");
        });
      });
      expect(log).toEqual(["slow", "atomic false", "inner", "nested at once", "last"]);
      expect(logged).toEqual(["Error: at once", "a text", "Error: outside"].map((text) => [text, "A function of afterCommit() failed."]));
      expect(await titles(made)).toEqual(["by afterCommit"]);
    });
  });

  describe(`what a constraint refuses on ${name}`, () => {
    const tables = async (made: Made) => {
      const key = isPostgres ? "serial" : "integer";
      await run(
        made,
        `create table people (id ${key} primary key, first text not null, last text, age integer check (age > 0), boss integer references people (id), constraint whole_name unique (first, last))`,
      );
      await run(made, "create unique index people_first on people (lower(first)) where age is not null");
    };
    const refusal = (made: Made, statement: string) => failure(made.database.atomic(() => run(made, statement)));

    it("is named by its columns if they have to be unique, alone, together or by an expression", async () => {
      const made = await create();
      await tables(made);
      await run(made, "insert into people (id, first, last, age) values (1, 'Ann', 'Bo', 3)");
      expect(findUniqueViolation(await refusal(made, "insert into people (id, first) values (1, 'x')"))?.columns).toEqual(["id"]);
      const both = findUniqueViolation(await refusal(made, "insert into people (id, first, last) values (2, 'Ann', 'Bo')"));
      expect(both?.columns).toEqual(["first", "last"]);
      const lower = findUniqueViolation(await refusal(made, "insert into people (id, first, age) values (2, 'ANN', 4)"));
      expect([lower?.columns, lower?.constraint]).toEqual([isPostgres ? ["first"] : [], "people_first"]);
      await run(made, 'create table odd ("a, b" text unique, "user" text unique, "Per Cent)=(" text unique)');
      await run(made, `insert into odd values ('x', 'x', 'x')`);
      expect(findUniqueViolation(await refusal(made, `insert into odd ("user") values ('x')`))?.columns).toEqual(["user"]);
    });

    it("is named by its columns whatever the values and the expressions are", async () => {
      const made = await create();
      await run(made, "create table people (name text unique, user_name text, mail text, slug text, site integer, unique (slug, site))");
      await run(made, "create unique index people_user_name on people (lower(trim(user_name)))");
      await run(made, "create unique index people_mail on people (lower(mail)) where site is null");
      for (const value of ["x)=(y", ")=(", "a\nb", "(name)=(x)", '"', "ä, b", "x".repeat(3000)]) {
        const insert = sql`insert into people (name, site) values (${value}, 1)`;
        await made.database.execute(insert);
        const error = await failure(made.database.atomic(() => made.database.execute(insert)));
        expect(findUniqueViolation(error)?.columns, value).toEqual(["name"]);
      }
      await run(made, "insert into people values ('1', 'Ann', 'a@x', 's, t', 1), ('2', 'Bo', 'a@x', null, null)");
      const both = findUniqueViolation(await refusal(made, "insert into people (slug, site) values ('s, t', 1)"));
      expect(both?.columns).toEqual(["slug", "site"]);
      const found: unknown[] = [];
      const form = { addError: (...values: readonly unknown[]) => found.push(values) };
      const messages = { name: "name", userName: "user", mail: "mail" };
      await made.database.atomic(async () => {
        for (const values of ["('3', ' ANN ', 'b@x', null, 1)", "('4', 'c', 'A@X', null, null)", "('2', 'd', 'd@x', null, 1)"]) {
          expect(await refuseDuplicates(form, messages, () => run(made, `insert into people values ${values}`))).toBeUndefined();
        }
      });
      expect(found).toEqual([
        ["userName", "user"],
        ["mail", "mail"],
        ["name", "name"],
      ]);
    });

    it("is no unique violation if it is null, a check or a foreign key", async () => {
      const made = await create();
      await tables(made);
      for (const values of ["(1, null, null, 1, null)", "(1, 'a', null, -1, null)", "(1, 'a', null, 1, 99)"]) {
        const error = await refusal(made, `insert into people (id, first, last, age, boss) values ${values}`);
        expect(error, values).toBeInstanceOf(Error);
        expect(findUniqueViolation(error), values).toBeNull();
      }
      for (const other of [undefined, null, "23505", 5, {}, new Error("UNIQUE")]) {
        expect(findUniqueViolation(other)).toBeNull();
      }
    });

    it("goes to the field of its column, its constraint or its index, and any other is thrown", async () => {
      const made = await create();
      await tables(made);
      await run(made, "insert into people (id, first, last, age) values (1, 'Ann', 'Bo', 3)");
      const Form = defineForm({ first: z.string(), wholeName: z.string().optional() });
      const answers: unknown[] = [];
      class Views {
        @route.post("/<path:statement>")
        async index({ statement }: { statement: string }) {
          const form = await Form.validateOnSubmit();
          const result = await refuseDuplicates(form, { first: "taken" }, () =>
            run(made, `insert into people (id, first, last, age) values ${statement}`),
          );
          answers.push([result === undefined, form.errors]);
          return {};
        }
      }
      const client = serve(made, Views).testClient();
      const statusOf = async (statement: string) =>
        (await client.post(`/${encodeURIComponent(statement)}`, { form: { first: "x" } })).status;
      expect(await statusOf("(2, 'ann', 'x', 4)")).toBe(422);
      expect(await statusOf("(3, 'Ann', 'Bo', null)")).toBe(422);
      expect(answers.map((answer) => JSON.stringify(answer).includes("taken"))).toEqual([true, true]);
      expect(await statusOf("(1, 'New', 'x', 4)")).toBe(500);
      expect(await statusOf("(4, 'New', 'x', -4)")).toBe(500);
      expect(await run(made, "select id from people")).toHaveLength(1);
    });
  });

  describe(`the transaction of a test on ${name}`, () => {
    it("is begun once, also by two at the same time", async () => {
      const made = await create();
      const { database } = made;
      const results = await Promise.allSettled([database.beginTest(), database.beginTest()]);
      expect(results).toMatchObject([
        { status: "fulfilled" },
        { status: "rejected", reason: { message: expect.stringMatching(/twice without endTest/) } },
      ]);
      await insert(made, "gone");
      await database.endTest();
      expect(await titles(made)).toEqual([]);
    });

    it("keeps statements that come during its end out of the database", async () => {
      const made = await create();
      const { database } = made;
      await database.beginTest();
      const slow = failure(
        database.atomic(async () => {
          await wait(60);
          await insert(made, "slow");
        }),
      );
      const late = wait(20).then(() => failure(Promise.resolve(insert(made, "late"))));
      await database.endTest();
      await Promise.all([slow, late]);
      expect(await titles(made)).toEqual([]);
    });
  });

  describe(`paginate() on ${name}`, () => {
    it("hears the rejection of a count while it refuses the page", async () => {
      const { db, posts } = await create();
      const unheard: unknown[] = [];
      const hear = (error: unknown) => unheard.push(error);
      process.on("unhandledRejection", hear);
      onTestFinished(() => void process.off("unhandledRejection", hear));
      for (const options of [{ page: 0 }, { perPage: 0 }]) {
        const count = Promise.reject<number>(new Error("no count"));
        expect(await failure(paginate(db.select().from(posts).orderBy(posts.id), { ...options, count }))).toBeInstanceOf(Error);
      }
      await wait(20);
      expect(unheard).toEqual([]);
    });

    const listen = () => {
      const statements: string[] = [];
      const hear = (message: unknown) => statements.push(String(Reflect.get(Object(message), "sql")));
      channel("flagon:query").subscribe(hear);
      onTestFinished(() => void channel("flagon:query").unsubscribe(hear));
      return statements;
    };

    it("counts once, without the order, and not at all without a count", async () => {
      const made = await create();
      const { database, db, posts } = made;
      await database.atomic(async () => {
        for (let index = 1; index <= 5; index++) {
          await insert(made, `post ${index}`);
        }
      });
      const statements = listen();
      const query = () => db.select().from(posts).orderBy(asc(posts.title), asc(posts.id));
      expect((await paginate(query(), { perPage: 2 })).total).toBe(5);
      const counts = statements.filter((statement) => /count\(\*\)/.test(statement));
      expect([statements.length, counts.length, counts[0]?.includes("order by")]).toEqual([2, 1, false]);
      statements.length = 0;
      expect((await paginate(query(), { perPage: 2, count: false })).hasNext).toBe(true);
      expect(statements).toHaveLength(1);
    });

    it("counts the rows of groups, of distinct values, of unions and of joins as the query gives them", async () => {
      const made = await create();
      const { db, posts } = made;
      for (const title of ["a 1", "a 2", "b 1"]) {
        await insert(made, title);
      }
      const letter = sql<string>`substr(${posts.title}, 1, 1)`;
      const grouped = db.select({ letter, count: sql<number>`count(*)` }).from(posts).groupBy(letter).orderBy(letter);
      const distinct = db.selectDistinct({ letter }).from(posts).orderBy(letter);
      const joined = db.select().from(posts).leftJoin(sql`(select 1 as one union all select 2) as twice`, sql`true`).orderBy(posts.id);
      for (const [query, total] of [
        [grouped, 2],
        [distinct, 2],
        [joined, 6],
      ] as const) {
        const page = await paginate<unknown>(query as never, { perPage: 1, page: 2 });
        expect([page.total, page.items.length]).toEqual([total, 1]);
      }
      const one = db.select().from(posts).where(eq(posts.title, "a 1"));
      const page = await paginate<unknown>(one.unionAll(db.select().from(posts)).orderBy(sql`1`) as never, { perPage: 3 });
      expect([page.total, page.pages]).toEqual([4, 2]);
    });

    it("is 404 for a malformed number, in the option as well, and reads the named parameter", async () => {
      const made = await create();
      const { db, posts } = made;
      for (const title of ["a", "b", "c"]) {
        await insert(made, title);
      }
      const query = () => db.select().from(posts).orderBy(posts.id);
      for (const page of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER, 4]) {
        expect(await failure(paginate(query(), { page, perPage: 1 })), String(page)).toMatchObject({ status: 404 });
      }
      class Views {
        @route("/")
        async index() {
          const page = await paginate(query(), { parameter: "p", perPage: 1 });
          return { page: page.page, next: page.urlFor(3) };
        }
      }
      const client = serve(made, Views).testClient();
      expect(await (await client.get("/?page=9&p=2&p=7")).json()).toEqual({ page: 2, next: "/?page=9&p=3" });
      for (const target of ["/?p=01", "/?p=2.0", "/?p=2;drop", "/?p=%F0%9F%98%80", "/?p=2147483648", "/?p=-0"]) {
        expect((await client.get(target)).status, target).toBe(404);
      }
    });
  });
}
