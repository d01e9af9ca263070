import { setTimeout as wait } from "node:timers/promises";
import { defineForm, request } from "flagon";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { createApp, createLiveApp } from "../support";

/** Collects the rejections that nobody handles until the test is over. */
function collectRejections(): unknown[] {
  const rejections: unknown[] = [];
  const keep = (error: unknown): void => {
    rejections.push(error);
  };
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", keep);
  onTestFinished(() => {
    process.off("unhandledRejection", keep);
    for (const other of others) {
      process.on("unhandledRejection", other);
    }
  });
  return rejections;
}

/** Creates a text whose refinement counts its runs, and settles as the text says. */
function createText(runs: string[]) {
  return z.string().refine(async (value) => {
    runs.push(value);
    if (value === "down") {
      throw new Error("The database is down.");
    }
    return value !== "taken";
  }, "It is taken.");
}

describe("an asynchronous refinement", () => {
  it.each([
    ["a form", { form: { x: "down" } }],
    ["the JSON of a route", { json: { x: "down" } }],
    ["the query of a route", { query: { x: "down" } }],
    ["request.json()", { json: { x: "down" } }],
    ["the result of a view", {}],
  ])("of %s that rejects is answered with one 500", async (place, options) => {
    const rejections = collectRejections();
    const runs: string[] = [];
    const schema = z.object({ x: createText(runs) });
    const Form = defineForm(schema);
    const app = createLiveApp();
    const routes: Record<string, () => void> = {
      "a form": () => app.route("/", async () => String((await Form.validateOnSubmit()).valid), { methods: ["POST"], endpoint: "x" }),
      "the JSON of a route": () => app.route("/", () => "", { methods: ["POST"], endpoint: "x", json: schema }),
      "the query of a route": () => app.route("/", () => "", { methods: ["POST"], endpoint: "x", query: schema }),
      "request.json()": () => app.route("/", async () => String(await request.json({ schema })), { methods: ["POST"], endpoint: "x" }),
      "the result of a view": () => app.route("/", () => ({ x: "down" }), { methods: ["POST"], endpoint: "x", returns: schema }),
    };
    routes[place]?.();
    expect((await app.testClient().post("/", options)).status).toBe(500);
    await wait(20);
    expect([runs, rejections]).toEqual([["down"], []]);
  });

  it("runs once for each value, and its message is kept", async () => {
    const runs: string[] = [];
    const app = createApp();
    app.route("/", ({ json }) => json.x, { methods: ["POST"], endpoint: "x", json: z.object({ x: createText(runs) }) });
    const client = app.testClient();
    expect(await (await client.post("/", { json: { x: "free" } })).text()).toBe("free");
    const refused = await client.post("/", { json: { x: "taken" } });
    expect([refused.status, await refused.json()]).toEqual([
      422,
      expect.objectContaining({ errors: [{ in: "body", path: ["x"], detail: "It is taken." }] }),
    ]);
    expect(runs).toEqual(["free", "taken"]);
  });

  it("in an option of a union causes no unhandled rejection", async () => {
    const rejections = collectRejections();
    const Form = defineForm({ x: z.union([createText([]), z.number()]) });
    const app = createLiveApp();
    app.route("/", async () => String((await Form.validateOnSubmit()).valid), { methods: ["POST"], endpoint: "x" });
    expect((await app.testClient().post("/", { form: { x: "down" } })).status).toBe(500);
    await wait(20);
    expect(rejections).toEqual([]);
  });
});

describe("a refinement that throws", () => {
  it("is answered with 500, and runs once", async () => {
    let runs = 0;
    const schema = z.object({
      x: z.string().refine(() => {
        runs++;
        throw new Error("broken");
      }),
    });
    const app = createLiveApp();
    app.route("/", () => "", { methods: ["POST"], endpoint: "x", json: schema });
    expect((await app.testClient().post("/", { json: { x: "a" } })).status).toBe(500);
    expect(runs).toBe(1);
  });
});
