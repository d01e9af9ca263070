import { defineForm, route } from "flagon";
import { type ErrorTarget, refuseDuplicates } from "flagon/database";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../support";
import { createLibsql } from "./libsql";

const TeamForm = defineForm({ name: z.string(), email: z.string(), address: z.object({ city: z.string() }), tags: z.array(z.string()) });

describe("the messages of refuseDuplicates()", () => {
  const send = async (messages: Readonly<Record<string, unknown>>) => {
    const { database, db, posts } = await createLibsql("memory");
    await db.insert(posts).values({ title: "taken" });
    let runs = 0;
    class Views {
      @route("/", { methods: ["POST"] })
      async create() {
        const form = await TeamForm.validateOnSubmit();
        const target: ErrorTarget<string> = form as never;
        const made = await refuseDuplicates(target, messages as Record<string, string>, () => {
          runs++;
          return db.insert(posts).values({ title: "new" });
        });
        return { made: made !== undefined };
      }
    }
    const app = createApp({}, Views);
    app.use(database);
    const sent = { name: "x", email: "y", "address.city": "z", tags: "a" };
    const result = await app
      .testClient()
      .post("/", { form: sent })
      .then((response) => response.json())
      .catch((error: unknown) => error);
    return { result, runs };
  };

  it.each([
    ["nmae", "The form has no field 'nmae'. Did you mean 'name'?"],
    ["Email", "Did you mean 'email'?"],
    ["e_mail", "Did you mean 'email'?"],
    ["adress.city", "Did you mean 'address.city'?"],
    ["address.citty", "Did you mean 'address.city'?"],
    ["teams_name_unique", "The form has no field 'teams_name_unique'."],
  ])("are refused for a field that the form lacks, before the statement runs: %s", async (field, said) => {
    const { result, runs } = await send({ name: "Taken.", [field]: "Taken." });
    expect(result).toMatchObject({ code: "FORM", message: expect.stringContaining(said) });
    expect(runs).toBe(0);
  });

  it("are refused if they are no text", async () => {
    for (const message of [3, null, {}, () => "Taken."]) {
      expect((await send({ name: message })).result).toMatchObject({
        code: "FORM",
        message: expect.stringContaining("for 'name' must be a text"),
      });
    }
  });

  it("may name any field, and be left out", async () => {
    expect(await send({ name: "a", email: "b", "address.city": "c", tags: "d" })).toEqual({ result: { made: true }, runs: 1 });
    expect(await send({ name: undefined })).toEqual({ result: { made: true }, runs: 1 });
    expect(await send({})).toEqual({ result: { made: true }, runs: 1 });
  });
});
