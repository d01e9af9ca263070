import { describe, expect, it } from "vitest";
import { z } from "zod";
import { serveFields } from "./support";

describe("a word that is no boolean", () => {
  it("is refused by z.coerce.boolean() too", async () => {
    const page = serveFields({ f: z.coerce.boolean() });
    expect((await page.send({ f: "x" })).errors).toEqual({ f: ["Choose yes or no."] });
    expect((await page.send({ f: "on" })).data).toEqual({ f: true });
    expect((await page.send({ f: "no" })).data).toEqual({ f: false });
  });
});
