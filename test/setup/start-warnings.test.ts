import { describe, expect, it } from "vitest";
import { z } from "zod";
import { findForeignViews, findMisplacedSettings } from "../../src/setup/start-warnings";
import { createApp } from "../support";

type Loose = Record<string, Record<string, string>>;

describe("a view that takes its argument for the request of Express", () => {
  it.each<[string, (req: never) => unknown]>([
    ["params", (req: Loose) => req.params?.id],
    ["query", async (req: Loose) => req.query?.page],
    [
      "body",
      function save(req: Loose) {
        return req.body?.title;
      },
    ],
  ])("is found when the server starts: %s", (member, view) => {
    const app = createApp();
    app.post("/posts/<int:id>", view as () => string, { endpoint: "show" });
    expect(findForeignViews(app)).toEqual([
      {
        problem: `The view 'show' reads 'req.${member}', but its argument holds the values of the rule alone.`,
        cure: "Take them as ({ id }) => …, and all else from 'request' of \"flagon\": request.query.get(…), await request.json().",
      },
    ]);
  });

  it("is not one that reads a variable of its rule, the values of a schema, or its own data", () => {
    const app = createApp();
    app.get("/<path:params>", (values) => values.params, { endpoint: "variable" });
    app.get("/found", (values) => String(values.query.page), { endpoint: "schema", query: z.object({ page: z.int().default(1) }) });
    app.get("/own", ({ id }: { id?: string }) => ({ body: { params: id } }).body, { endpoint: "own" });
    expect(findForeignViews(app)).toEqual([]);
  });
});

describe("a setting on the app itself", () => {
  it.each([
    ["secretKey", "secretKey"],
    ["secret_key", "secretKey"],
    ["testing", "testing"],
  ])("is found when the server starts: %s", (key, meant) => {
    const app = createApp();
    Object.assign(app, { [key]: true, shopName: "Shop" });
    expect(findMisplacedSettings(app)).toEqual([
      { problem: `The app has a property '${key}', which is no setting.`, cure: `Set it in the configuration: app.config.${meant} = ….` },
    ]);
  });

  it("is none of a new app", () => {
    expect(findMisplacedSettings(createApp())).toEqual([]);
  });
});
