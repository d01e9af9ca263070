import { join } from "node:path";
import { openLibsql } from "flagon/database";
import { describeCrashes } from "./crash.suite";

describeCrashes(
  "a libSQL file",
  async () => ({}),
  async (root) => {
    const client = openLibsql(`file:${join(root, "app.db")}`);
    const { rows } = await client.execute("select state, attempt from flagon_jobs");
    client.close();
    return rows.map((row) => ({ ...row }));
  },
);
