import { Flagon } from "flagon";
import { Jobs, job } from "flagon/jobs";
import { describe, expect, it } from "vitest";
import { createLibsql } from "../database/libsql";
import { describeJobs, describeTransactionalJobs } from "./suite";

describeJobs("memory", async () => ({ options: {} }));
describeJobs("a file of libSQL", async () => {
  const { database } = await createLibsql("file");
  return { options: { database }, database };
});
for (const kind of ["file", "memory"] as const) {
  describeTransactionalJobs(`libSQL (${kind})`, async () => {
    const { database, db, posts } = await createLibsql(kind);
    return {
      database,
      insert: () => Promise.resolve(db.insert(posts).values({ title: "row" })),
      rows: async () => (await db.select().from(posts)).length,
    };
  });
}

describe("Jobs", () => {
  it("say what they need", async () => {
    expect(() => new Jobs({ concurrency: 0 })).toThrow(/concurrency/);
    expect(() => job("x", { retries: -1 }, () => undefined)).toThrow(/'retries' of the job 'x'/);
    expect(() => job("x", { timeout: 0 }, () => undefined)).toThrow(/'timeout'/);
    const { database } = await createLibsql("memory");
    const app = new Flagon(__dirname, { static: null, config: { testing: true } });
    app.use(new Jobs({ database }));
    await expect(app.ready()).rejects.toThrow(/does not use. Add it: app.use\(database\)/);
    const other = new Flagon(__dirname, { static: null, config: { testing: true } });
    other.use(new Jobs({ engine: "mysql://x" }));
    await expect(other.ready()).rejects.toThrow(/must be a URL that begins with/);
  });
});
