import { MemoryStore } from "../../src/jobs/memory-store";
import { SqlStore } from "../../src/jobs/sql-store";
import { createLibsql } from "../database/libsql";
import { describeStore } from "./store.suite";

describeStore("memory", async () => ({ store: new MemoryStore() }));
describeStore("a file of libSQL", async () => {
  const { database } = await createLibsql("file");
  return { store: new SqlStore(database), database };
});
