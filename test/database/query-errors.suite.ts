import fs from "node:fs";
import { inspect } from "node:util";
import { DrizzleQueryError, sql } from "drizzle-orm";
import { Flagon, route } from "flagon";
import { atomic, findUniqueViolation } from "flagon/database";
import pino from "pino";
import { describe, expect, it, vi } from "vitest";
import { createLogger } from "../../src/base/logging";
import { writeFiles } from "../support";
import type { Made } from "./database.suite";

const secret = "scrypt$very-secret$hash";

/** The errors of queries on all databases: their reason comes first, and they hold no values. */
export function describeQueryErrors(name: string, create: () => Promise<Made>, isPostgres: boolean): void {
  const capture = async (run: () => unknown): Promise<Error> => {
    try {
      await run();
    } catch (error) {
      if (error instanceof Error) {
        return error;
      }
    }
    throw new Error("It did not fail.");
  };
  /** All that can be seen of an error. */
  const show = (error: unknown): string =>
    [inspect(error, { depth: 20 }), String(error), JSON.stringify(error), JSON.stringify(pino.stdSerializers.err(error as Error))].join(
      "\n",
    );
  const readErrors = (run: (app: Flagon) => unknown): Promise<string> => {
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    return Promise.resolve(run(new Flagon(__dirname, { static: null, config: { debug: true } }))).then(() => {
      const text = write.mock.calls.map(([line]) => String(line)).join("");
      write.mockRestore();
      return text;
    });
  };
  const fail = ({ db, posts }: Made): readonly (() => unknown)[] => {
    const nowhere = sql.raw("nowhere");
    // Postgres takes a name.
    const named = (isPostgres ? ["one"] : []) as unknown as [];
    return [
      () => db.insert(posts).values([{ title: secret }, { title: secret }]),
      () => db.select().from(posts).where(sql`title = ${secret} and ${nowhere} = 1`),
      () => db.update(posts).set({ title: secret }).where(sql`${nowhere} = ${secret}`),
      () => db.delete(posts).where(sql`${nowhere} = ${secret}`).returning(),
      () => db.transaction((own) => own.insert(posts).values([{ title: secret }, { title: secret }])),
      () =>
        db
          .select()
          .from(posts)
          .where(sql`${nowhere} = ${sql.placeholder("value")}`)
          .prepare(...named)
          .execute({ value: secret }),
      () => db.$count(posts, sql`${nowhere} = ${secret}`),
    ];
  };

  describe(`errors of queries on ${name}`, () => {
    it("hold no values of parameters that a console, a logger or JSON shows, inside of transactions too", async () => {
      const made = await create();
      for (const run of fail(made)) {
        for (const error of [await capture(run), await capture(() => made.database.atomic(() => run() as never))]) {
          expect(show(error)).not.toContain("very-secret");
        }
      }
      const nested = await capture(() => made.database.atomic(() => made.database.atomic(() => fail(made)[0]?.() as never)));
      const around = new Error("Around", { cause: new AggregateError([nested], "Many") });
      expect(show(around)).not.toContain("very-secret");
      await made.database.beginTest();
      expect(show(await capture(() => fail(made)[0]?.()))).not.toContain("very-secret");
      await made.database.endTest();
    });

    it("name the statement, the number of its parameters and the reason, and keep the values for code", async () => {
      const made = await create();
      const { db, posts } = made;
      await db.insert(posts).values({ title: "taken" });
      const error = await capture(() => db.insert(posts).values({ title: "taken" }));
      expect(error.message).toMatch(/^Failed query: insert into "posts"[^\n]*(?:\nparams: 1 value, not shown)?$/);
      expect(error.stack).toContain(error.message);
      // Version 1 of drizzle does not keep the values.
      expect([["taken"], undefined]).toContainEqual(Reflect.get(error, "params"));
      expect(findUniqueViolation(error)).toMatchObject({ columns: ["title"] });
      expect((await capture(() => made.database.execute(sql`select nowhere`))).message).toBe("Failed query: select nowhere");
    });

    it("hold no values in the words of the driver", async () => {
      const { database } = await create();
      await database.execute(
        sql`create table kinds (id integer, day ${sql.raw(isPostgres ? "date" : "text")}, note text not null check (length(note) < 200))`,
      );
      for (const statement of [
        sql`insert into kinds (id, note) values (cast(${secret} as integer), null)`,
        sql`insert into kinds (id, note) values (1, ${secret.repeat(50)})`,
        sql`insert into kinds (day) values (${secret})`,
        sql`insert into kinds (id, day, note) select ${secret}, null, null from nowhere`,
      ]) {
        expect(show(await capture(() => database.execute(statement)))).not.toContain("very-secret");
        expect(show(await capture(() => database.atomic(() => database.execute(statement))))).not.toContain("very-secret");
      }
    });

    it("show their reason first to the developer, with an advice for what is missing", async () => {
      const made = await create();
      const { db, posts } = made;
      class Views {
        @route("/table")
        table() {
          return made.database.execute(sql`select title from ${sql.identifier("notes")} where 1 = ${secret}`);
        }
        @atomic
        @route("/column")
        async column() {
          return db.select({ sent: sql`sent_at` }).from(posts);
        }
        @route("/insert")
        async insert() {
          return made.database.execute(sql`insert into posts (sent_at) values (1)`);
        }
        @route("/other")
        async other(): Promise<string> {
          throw new Error("Loading failed", { cause: await capture(() => db.insert(posts).values({ title: null as never })) });
        }
      }
      const root = writeFiles({ "migrations/0000_one.sql": 'CREATE TABLE "notes" (id integer);' });
      const app = new Flagon(root, { static: null, config: { debug: true } });
      app.logger.level = "silent";
      app.use(made.database);
      app.register(Views);
      const client = app.testClient();
      const get = async (path: string, accept: string) => {
        const response = await client.get(path, { headers: { accept } });
        expect(response.status).toBe(500);
        return response;
      };
      const noTable = isPostgres ? 'relation "notes" does not exist' : "no such table: notes";
      const page = await (await get("/table", "text/html")).text();
      const unescaped = page.replaceAll("&quot;", '"').replaceAll("&#34;", '"');
      expect(unescaped.indexOf(noTable)).toBeGreaterThan(0);
      expect(unescaped.indexOf(noTable)).toBeLessThan(unescaped.indexOf("Failed query"));
      expect(page).toContain("npx flagon db migrate");
      expect(page.includes("very-secret")).toBe(page.includes("not shown"));
      const { debug } = (await (await get("/table", "application/json")).json()) as { debug: string };
      expect(debug.split("\n", 1)[0]).toContain(noTable);
      expect(debug).toMatch(/A migration speaks of 'notes'.*npx flagon db migrate[\s\S]*Failed query: select[\s\S]*caused by/);
      expect(debug).not.toContain("very-secret");
      for (const path of ["/column", "/insert"]) {
        const { debug } = (await (await get(path, "application/json")).json()) as { debug: string };
        expect(debug).toMatch(/^[^\n]*sent_at[\s\S]*No migration speaks of 'sent_at': write one by npx flagon db generate/);
      }
      const other = await (await get("/other", "text/html")).text();
      expect(other.indexOf("Loading failed")).toBeLessThan(other.indexOf("caused by Failed query"));
      expect(other).not.toContain("npx flagon db");
    });

    it("say in the log of development what is missing, and nothing of values in any log", async () => {
      const made = await create();
      const error = await capture(() => made.database.execute(sql`select ${secret} from notes`));
      const text = await readErrors(({ logger }) => logger.error({ err: error }, "It failed."));
      expect(text).toMatch(/ERROR It failed\.[\s\S]*No migration speaks of 'notes'/);
      const write = vi.spyOn(fs, "writeSync").mockReturnValue(1_000_000);
      const logger = createLogger({ name: "app", level: "info", isReadable: false });
      // Errors of drizzle's that no Database has seen.
      const bare = () => new DrizzleQueryError("select ?", [secret], new Error(`Duplicate entry '${secret}' for key`));
      logger.error({ err: bare(), other: { cause: bare() } }, "It failed.");
      logger.error(bare());
      logger.child({}).error(new Error("Around", { cause: bare() }));
      const lines = write.mock.calls.map(([, line]) => String(line));
      write.mockRestore();
      expect(lines).toHaveLength(3);
      expect(lines.join("") + text).not.toContain("very-secret");
    });

    it("hold no values in the output of commands, and begin with their reason", async () => {
      const made = await create();
      const app = new Flagon(__dirname, { static: null, config: { testing: true } });
      app.use(made.database);
      app.command("fill", () => made.database.execute(sql`insert into notes values (${secret})`) as never, { description: "Fills." });
      const { exitCode, output } = await app.testCommands().invoke(["fill"]);
      expect([exitCode, output.split("\n", 1)[0]]).toEqual([1, expect.stringMatching(/notes/)]);
      expect(output).not.toContain("very-secret");
    });
  });
}
