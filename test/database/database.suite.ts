import { setTimeout as wait } from "node:timers/promises";
import { asc, eq } from "drizzle-orm";
import { abort, defineForm, type Flagon, makeResponse, renderTemplateString, request, route } from "flagon";
import { afterCommit, atomic, findUniqueViolation, paginate, refuseDuplicates } from "flagon/database";
import { openapi } from "flagon/openapi";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp, createLiveApp } from "../support";
import type { createLibsql } from "./libsql";

/** A database with the empty table `posts`: the libSQL one in the types, whichever it is. */
export type Made = Pick<Awaited<ReturnType<typeof createLibsql>>, "database" | "db" | "posts">;

/** The behaviour that all databases have. */
export function describeDatabase(name: string, create: () => Promise<Made>, isPostgres: boolean): void {
  const titles = async ({ db, posts }: Made) => (await db.select().from(posts).orderBy(asc(posts.id))).map(({ title }) => title);
  const insert = ({ db, posts }: Made, title: string) => db.insert(posts).values({ title });
  const serve = (made: Made, live = false, ...controllers: object[]): Flagon => {
    const app = live ? createLiveApp() : createApp();
    app.use(made.database);
    for (const controller of controllers) {
      app.register(controller);
    }
    return app;
  };

  describe(`transactions on ${name}`, () => {
    it("commit when the function resolves, and roll back when it rejects", async () => {
      const made = await create();
      const { database } = made;
      expect(await database.atomic(() => insert(made, "a").then(() => "value"))).toBe("value");
      const error = new Error("no");
      await expect(
        database.atomic(async () => {
          await insert(made, "b");
          expect(await titles(made)).toEqual(["a", "b"]);
          throw error;
        }),
      ).rejects.toBe(error);
      expect(await titles(made)).toEqual(["a"]);
    });

    it("are savepoints when nested: an inner rollback keeps the outer rows, an outer one undoes all", async () => {
      const made = await create();
      const { database } = made;
      await database.atomic(async () => {
        await insert(made, "outer");
        await database.atomic(() => insert(made, "kept"));
        await database
          .atomic(async () => {
            await insert(made, "gone");
            await database.atomic(() => insert(made, "gone too"));
            throw new Error("inner");
          })
          .catch(() => undefined);
        await insert(made, "after");
      });
      expect(await titles(made)).toEqual(["outer", "kept", "after"]);
      await expect(
        database.atomic(async () => {
          await database.atomic(() => insert(made, "x"));
          throw new Error("outer");
        }),
      ).rejects.toThrow("outer");
      expect(await titles(made)).toEqual(["outer", "kept", "after"]);
    });

    it("run nested ones one after another, each with its own rows", async () => {
      const made = await create();
      const { database } = made;
      await database.atomic(async () => {
        const [a, b, c] = await Promise.allSettled([
          database.atomic(async () => {
            await insert(made, "a");
            await wait(20);
            throw new Error("a");
          }),
          database.atomic(async () => {
            await insert(made, "b");
            await wait(5);
          }),
          insert(made, "c"),
        ]);
        expect([a.status, b.status, c.status]).toEqual(["rejected", "fulfilled", "fulfilled"]);
      });
      expect((await titles(made)).sort()).toEqual(["b", "c"]);
    });

    it("refuse statements after their end", async () => {
      const made = await create();
      const { database } = made;
      const late: Promise<unknown>[] = [];
      const lateInsert = async (title: string) => {
        await wait(30);
        await insert(made, title);
      };
      await expect(
        database.atomic(() =>
          Promise.all([
            Promise.reject(new Error("early")),
            ...["slow"].map((title) => {
              const branch = lateInsert(title);
              late.push(branch.catch((error: unknown) => error));
              return branch;
            }),
          ]),
        ),
      ).rejects.toThrow("early");
      await database.atomic(async () => {
        late.push(lateInsert("later").catch((error: unknown) => error));
        late.push(
          wait(30)
            .then(() => database.atomic(() => insert(made, "again")))
            .catch((error: unknown) => error),
        );
      });
      const errors = (await Promise.all(late)).map((error) => String(Reflect.get(Object(error), "cause") ?? error));
      expect(errors[0]).toMatch(/after its transaction was rolled back/);
      expect(errors[1]).toMatch(/after its transaction was committed/);
      expect(errors[2]).toMatch(/atomic\(\) came after its transaction was committed/);
      expect(await titles(made)).toEqual([]);
    });

    it("work the same by drizzle's own transaction()", async () => {
      const made = await create();
      const { database, db, posts } = made;
      const committed: string[] = [];
      await db.transaction(async (tx) => {
        await tx.insert(posts).values({ title: "tx" });
        await insert(made, "current");
        await tx
          .transaction(async () => {
            await insert(made, "gone");
            await database.afterCommit(() => committed.push("inner"));
            throw new Error("inner");
          })
          .catch(() => undefined);
        await database.afterCommit(() => committed.push("outer"));
      });
      expect(committed).toEqual(["outer"]);
      await database.atomic((tx) => tx.insert(posts).values({ title: "given" }));
      expect(await titles(made)).toEqual(["tx", "current", "given"]);
    });

    it(`${isPostgres ? "reject with the first error" : "keep the rest"} if the error of a statement is caught`, async () => {
      const made = await create();
      const { database } = made;
      await insert(made, "taken");
      let ran = false;
      const result = database.atomic(async () => {
        await insert(made, "first");
        await database.afterCommit(() => {
          ran = true;
        });
        await Promise.resolve(insert(made, "taken")).catch(() => undefined);
      });
      if (isPostgres) {
        const error = await result.catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: "DATABASE" });
        expect(findUniqueViolation(error)?.columns).toEqual(["title"]);
        expect([await titles(made), ran]).toEqual([["taken"], false]);
      } else {
        await result;
        expect([await titles(made), ran]).toEqual([["taken", "first"], true]);
      }
      await database.atomic(async () => {
        await insert(made, "second");
        await database.atomic(() => insert(made, "taken")).catch(() => undefined);
        await insert(made, "third");
      });
      expect((await titles(made)).slice(-2)).toEqual(["second", "third"]);
    });

    it("run afterCommit() after a commit, outside of the transaction, and not after a rollback", async () => {
      const made = await create();
      const { database } = made;
      const log: string[] = [];
      await database.afterCommit(() => log.push("at once"));
      await database.atomic(async () => {
        await database.afterCommit(async () => {
          log.push(`outer ${database.isAtomic} ${(await titles(made)).length}`);
          await insert(made, "by afterCommit");
        });
        await database.atomic(() => database.afterCommit(() => log.push("inner")));
        await database
          .atomic(async () => {
            await database.atomic(() => database.afterCommit(() => log.push("never")));
            throw new Error("x");
          })
          .catch(() => undefined);
        await insert(made, "row");
        log.push("end");
      });
      await database.atomic(() => database.afterCommit(() => log.push("never"))).then(() => log.push("then"));
      await expect(
        database.atomic(async () => {
          await database.afterCommit(() => log.push("never again"));
          throw new Error("x");
        }),
      ).rejects.toThrow("x");
      expect(log).toEqual(["at once", "end", "outer false 1", "inner", "never", "then"]);
      expect(await titles(made)).toEqual(["row", "by afterCommit"]);
    });

    it("commit before the response, and roll back on an error", async () => {
      const made = await create();
      const log: string[] = [];
      class Base {
        @route("/inherited")
        @atomic
        async inherited() {
          await insert(made, "inherited");
          return abort(403);
        }
      }
      class Posts extends Base {
        @atomic
        @route.post("/above")
        async above() {
          await insert(made, "above");
          await afterCommit(() => {
            throw new Error("the mail failed");
          });
          await afterCommit(() => log.push("committed"));
          return { made: true };
        }

        @route.post("/below")
        @atomic
        async below() {
          await insert(made, "below");
          return abort(409);
        }

        @route.post("/returned")
        @atomic
        async returned() {
          await insert(made, "returned");
          return makeResponse("conflict", 409);
        }

        @atomic
        @route("/stream")
        stream() {
          return (async function* () {
            yield String(made.database.isAtomic);
            await insert(made, "streamed");
            yield "";
          })();
        }

        @atomic
        @route("/background")
        async background() {
          const { currentApp } = await import("flagon");
          currentApp.background(async () => {
            log.push(`background ${made.database.isAtomic}`);
            await insert(made, "background");
          });
          await insert(made, "with background");
          return renderTemplateString("x");
        }
      }
      const app = serve(made, true, Posts);
      app.errorHandler(403, async () => {
        await insert(made, "by the handler");
        return `handled ${made.database.isAtomic}`;
      });
      const client = app.testClient();
      expect((await client.post("/above")).status).toBe(200);
      expect((await client.post("/below")).status).toBe(409);
      expect((await client.post("/returned")).status).toBe(409);
      expect(await (await client.get("/inherited")).text()).toBe("handled false");
      expect(await (await client.get("/stream")).text()).toBe("false");
      expect((await client.get("/background")).status).toBe(200);
      await app.backgroundWork.finish(5000);
      expect(log).toEqual(["committed", "background false"]);
      expect(await titles(made)).toEqual(["above", "returned", "by the handler", "streamed", "with background", "background"]);
    });

    it("let twenty-five requests at once write, without stopping the process", async () => {
      const made = await create();
      class Posts {
        @atomic
        @route.post("/posts")
        async create() {
          const { posts, db } = made;
          const title = request.query.get("title") ?? "";
          await db.select().from(posts).where(eq(posts.title, title));
          await wait(2);
          await insert(made, title);
          return { title };
        }

        @route.post("/bare")
        async bare() {
          await insert(made, request.query.get("title") ?? "");
          return {};
        }
      }
      const client = serve(made, false, Posts).testClient();
      let stall = 0;
      let last = performance.now();
      const timer = setInterval(() => {
        stall = Math.max(stall, performance.now() - last - 5);
        last = performance.now();
      }, 5);
      const answers = await Promise.all(
        Array.from({ length: 25 }, (_, index) => client.post(`/${index % 5 === 0 ? "bare" : "posts"}?title=${index}`)),
      );
      clearInterval(timer);
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 25 }, () => 200));
      expect(await titles(made)).toHaveLength(25);
      expect(stall).toBeLessThan(500);
    });
  });

  describe(`tests on ${name}`, () => {
    it("roll everything back, requests included, twice in a row", async () => {
      const made = await create();
      const { database } = made;
      class Posts {
        @atomic
        @route.post("/posts/<title>")
        async create({ title }: { title: string }) {
          await insert(made, title);
          await afterCommit(() => insert(made, `${title} mailed`));
          return title === "bad" ? abort(400) : {};
        }
      }
      const client = serve(made, true, Posts).testClient();
      for (let round = 0; round < 2; round++) {
        await database.beginTest();
        await expect(database.beginTest()).rejects.toThrow(/twice without endTest/);
        await insert(made, "by the test");
        const statuses = await Promise.all([client.post("/posts/a"), client.post("/posts/bad"), client.post("/posts/b")]);
        expect(statuses.map(({ status }) => status)).toEqual([200, 400, 200]);
        expect((await titles(made)).sort()).toEqual(["a", "a mailed", "b", "b mailed", "by the test"]);
        await expect(Promise.resolve(insert(made, "a"))).rejects.toThrow();
        expect(await titles(made)).toHaveLength(5);
        await database.endTest();
        expect(await titles(made)).toEqual([]);
      }
      await database.endTest();
    });
  });

  describe(`paginate() on ${name}`, () => {
    const fill = async (made: Made, count: number) => {
      for (let index = 1; index <= count; index++) {
        await insert(made, `post ${index}`);
      }
    };

    it("gives the page of the query, and 404 for a missing one", async () => {
      const made = await create();
      const { db, posts } = made;
      await fill(made, 7);
      class Posts {
        @route("/")
        async index() {
          const page = await paginate(db.select().from(posts).orderBy(posts.id), { perPage: 3 });
          const { first, hasNext, items, last, pages, total } = page;
          return { titles: items.map(({ title }) => title), total, pages, hasNext, first, last, next: page.urlFor(page.page + 1) };
        }
      }
      const client = serve(made, true, Posts).testClient();
      expect(await (await client.get("/?x=1&page=2&y=%20")).json()).toEqual({
        titles: ["post 4", "post 5", "post 6"],
        total: 7,
        pages: 3,
        hasNext: true,
        first: 4,
        last: 6,
        next: "/?x=1&page=3&y=+",
      });
      expect(await (await client.get("/?page=3")).json()).toMatchObject({ titles: ["post 7"], hasNext: false });
      expect((await client.get("/")).status).toBe(200);
      for (const page of [
        "0",
        "-1",
        "1.5",
        "abc",
        "",
        "%202",
        "2%20",
        "1e3",
        "99999999999999999999",
        "9007199254740991",
        "4",
        "0x1",
        "%00",
        "+1",
        "٣",
      ]) {
        expect((await client.get(`/?page=${page}`)).status, page).toBe(404);
      }
    });

    it("is 404 beyond the numbers of the database", async () => {
      const made = await create();
      const query = made.db.select().from(made.posts).orderBy(made.posts.id);
      await expect(paginate(query, { page: Number.MAX_SAFE_INTEGER, perPage: 5000 })).rejects.toMatchObject({ status: 404 });
    });

    it("gives an empty first page without rows", async () => {
      const { db, posts } = await create();
      const page = await paginate(db.select().from(posts).orderBy(posts.id));
      expect(page).toMatchObject({ items: [], total: 0, pages: 1, page: 1, hasNext: false, hasPrevious: false, first: 0, last: 0 });
    });

    it("counts the rows of the query: with its conditions, inside of the transaction", async () => {
      const made = await create();
      const { database, db, posts } = made;
      await fill(made, 5);
      await database.atomic(async () => {
        await insert(made, "other");
        const page = await paginate(db.select({ title: posts.title }).from(posts).orderBy(posts.id), { page: 2, perPage: 4 });
        expect([page.total, page.items.length]).toEqual([6, 2]);
        const some = await paginate(db.select().from(posts).where(eq(posts.title, "other")).orderBy(posts.id), { perPage: 4 });
        expect([some.total, some.hasNext]).toEqual([1, false]);
      });
    });

    it("accepts a count, no count, and a function for relational queries", async () => {
      const made = await create();
      const { db, posts } = made;
      await fill(made, 5);
      const query = () => db.select().from(posts).orderBy(posts.id);
      const uncounted = await paginate(query(), { count: false, perPage: 2 });
      expect([uncounted.items.length, uncounted.total, uncounted.pages, uncounted.hasNext]).toEqual([2, null, null, true]);
      expect((await paginate(query(), { count: false, perPage: 2, page: 3 })).hasNext).toBe(false);
      await expect(paginate(query(), { count: false, perPage: 2, page: 4 })).rejects.toMatchObject({ status: 404 });
      expect(() => [...uncounted.iterPages()]).toThrow(/told not to count/);
      expect((await paginate(query(), { count: db.$count(posts), perPage: 2 })).total).toBe(5);
      const relational = await paginate(({ limit, offset }) => db.query.posts.findMany({ limit, offset, orderBy: asc(posts.id) }), {
        count: db.$count(posts),
        perPage: 3,
        page: 2,
      });
      expect(relational.items.map(({ title }) => title)).toEqual(["post 4", "post 5"]);
      await expect(paginate(({ limit }) => db.select().from(posts).limit(limit))).rejects.toThrow(/needs 'count'/);
      for (const count of [-1, 1.5, Number.NaN, Promise.resolve(Number.NaN)]) {
        await expect(paginate(query(), { count })).rejects.toThrow(/needs 'count' as a whole number/);
      }
      for (const perPage of [0, -1, 1.5, Number.NaN]) {
        await expect(paginate(query(), { perPage })).rejects.toThrow(TypeError);
      }
    });
  });

  describe(`refuseDuplicates() on ${name}`, () => {
    it("puts the error of a unique constraint on the form's field, also inside of a transaction", async () => {
      const made = await create();
      const { db, posts } = made;
      const PostForm = defineForm({ title: z.string() });
      class Posts {
        @route("/", { methods: ["GET", "POST"] })
        async create() {
          const form = await PostForm.validateOnSubmit();
          if (form.valid) {
            const made = await refuseDuplicates(form, { title: "There is such a post." }, () =>
              db.insert(posts).values(form.data).returning(),
            );
            if (made !== undefined) {
              return { made: made[0]?.title };
            }
          }
          return renderTemplateString("<%= it.form.render() %>", { form });
        }

        @atomic
        @route("/atomic", { methods: ["GET", "POST"] })
        async inTransaction() {
          await insert(made, "beside");
          return this.create();
        }

        @route("/other", { methods: ["GET", "POST"] })
        async other() {
          const form = await PostForm.validateOnSubmit();
          await refuseDuplicates(form, {}, () => db.insert(posts).values({ title: "Taken" }));
          return {};
        }
      }
      const client = serve(made, true, Posts).testClient();
      expect(await (await client.post("/", { form: { title: "Taken" } })).json()).toEqual({ made: "Taken" });
      for (const target of ["/", "/atomic"]) {
        const refused = await client.post(target, { form: { title: "Taken" } });
        expect([refused.status, (await refused.text()).includes("There is such a post.")]).toEqual([422, true]);
      }
      expect(await titles(made)).toEqual(["Taken", "beside"]);
      expect((await client.post("/other", { form: { title: "x" } })).status).toBe(500);
      expect(findUniqueViolation(new Error("other"))).toBeNull();
    });

    it("are a 409 of a JSON API, and a page that does not exist is a 404, both in its document", async () => {
      const made = await create();
      const { db, posts } = made;
      const NewPost = z.object({ title: z.string().trim().min(1) });
      const Post = NewPost.extend({ id: z.int() });
      const Posts = z.object({ items: z.array(Post), total: z.int().nullable(), nextPage: z.int().nullable() });
      const Paging = z.object({ page: z.int().min(1).default(1) });
      class Api {
        @route.get("/posts", { query: Paging, returns: Posts, openapi: { responses: { 404: "There is no such page." } } })
        list() {
          return paginate(db.select().from(posts).orderBy(asc(posts.id)), { perPage: 1 });
        }
        @route.get("/bare", { returns: Posts })
        bare() {
          return paginate(db.select().from(posts).orderBy(asc(posts.id)), { perPage: 1 });
        }
        @route.post("/posts", { json: NewPost, returns: Post, status: 201, openapi: { responses: { 409: "The title is taken." } } })
        async create({ json }: { json: z.output<typeof NewPost> }) {
          try {
            const [post] = await db.insert(posts).values(json).returning();
            return post ?? abort(500);
          } catch (error) {
            if (findUniqueViolation(error)?.columns.includes("title")) {
              abort(409, "The title is taken.");
            }
            throw error;
          }
        }
        @atomic
        @route.post("/atomic", { json: NewPost, returns: Post, status: 201 })
        inside(values: { json: z.output<typeof NewPost> }) {
          return this.create(values);
        }
      }
      const app = serve(made, false, Api);
      app.use(openapi({ info: { title: "Posts", version: "1" } }));
      const client = app.testClient();
      const read = async (path: string, json?: object) => {
        const response = await (json === undefined ? client.get(path) : client.post(path, { json }));
        return { status: response.status, type: response.headers.get("content-type"), body: await response.json() };
      };
      const problem = "application/problem+json";
      const taken = { status: 409, type: problem, body: { detail: "The title is taken." } };
      expect(await read("/posts", { title: "a" })).toMatchObject({ status: 201, body: { title: "a" } });
      expect(await read("/posts", { title: "a" })).toMatchObject(taken);
      expect(await read("/atomic", { title: "a" })).toMatchObject(taken);
      expect(await read("/atomic", { title: "b" })).toMatchObject({ status: 201 });
      expect(await read("/posts?page=2")).toMatchObject({ status: 200, body: { total: 2, nextPage: null, items: [{ title: "b" }] } });
      expect(await read("/posts?page=3")).toMatchObject({ status: 404, type: problem, body: { detail: "This list has no page 3." } });
      const detail = "This list has no such page: its pages have the numbers from 1 on.";
      for (const page of ["0", "-1", "abc", "1e9", "99999999999999999999"]) {
        expect(await read(`/bare?page=${page}`)).toMatchObject({ status: 404, type: problem, body: { detail } });
      }
      const { paths } = (await read("/openapi.json")).body as { paths: Record<string, Record<string, { responses: object }>> };
      expect(paths["/posts"]?.get?.responses).toMatchObject({ 404: { description: "There is no such page." } });
      expect(paths["/posts"]?.post?.responses).toMatchObject({ 409: { description: "The title is taken." } });
    });
  });
}
