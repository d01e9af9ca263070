import { defineForm } from "flagon";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { serveForm } from "./support";

/** Lists the labels and legends of a form, in their order. */
async function listLabels(fields: Record<string, z.ZodType>, initial: object = {}): Promise<(string | null)[]> {
  const document = await serveForm(defineForm(z.object(fields), { csrf: false }), { initial }).load();
  const shown = [...document.querySelectorAll("legend, label, [aria-label]")];
  return shown.map((element) => element.getAttribute("aria-label") ?? element.textContent);
}

const guest = z.object({ name: z.string() });

describe("the labels", () => {
  it.each<[label: string, schema: z.ZodType, value: unknown, expected: string[]]>([
    ["rows have numbers", z.array(guest), [{ name: "a" }, { name: "b" }], ["F", "F 1", "Name", "F 2", "Name", "F 3", "Name"]],
    ["a set has numbers", z.set(guest), new Set([{ name: "a" }]), ["F", "F 1", "Name", "F 2", "Name"]],
    ["a row has its own label", z.array(guest.meta({ label: "Guest" })), [], ["F", "Guest 1", "Name"]],
    ["rows have the label of their list", z.array(guest).meta({ title: "Guests" }), [], ["Guests", "Guests 1", "Name"]],
    ["parts of a tuple have numbers", z.tuple([z.int(), z.int()]), undefined, ["F", "F 1", "F 2"]],
    [
      "parts of a tuple have their own labels",
      z.tuple([z.int().meta({ label: "X" }), z.int().meta({ label: "Y" })]),
      undefined,
      ["F", "X", "Y"],
    ],
    ["the rest of a tuple has numbers", z.tuple([z.int()], z.int().meta({ label: "More" })), [1, 2], ["F", "F 1", "More 2"]],
    ["lists of lists have both numbers", z.array(z.array(z.int())), [[1]], ["F", "F 1", "F 1 1", "F 1 2", "F 2", "F 2 1"]],
    ["a record of unknown keys has them as they are", z.record(z.string(), z.int()), { "SKU-12.b": 1, "7": 2 }, ["F", "7", "SKU-12.b"]],
    ["a record of ids has groups", z.record(z.string(), guest), { "10452": { name: "a" } }, ["F", "10452", "Name"]],
    ["a record of known keys has words", z.record(z.enum(["extraLarge", "s"]), z.int()), {}, ["F", "Extra large", "S"]],
  ])("%s", async (_, schema, value, expected) => {
    expect(await listLabels({ f: schema }, { f: value })).toEqual(expected);
  });

  it("are the keys in words", async () => {
    const names = ["userID", "URLPath", "isOK", "first_name", "élanVital", "IN_PROGRESS", "a1", "\u540d"];
    expect(await listLabels(Object.fromEntries(names.map((name) => [name, z.string()])))).toEqual([
      "User ID",
      "URL path",
      "Is OK",
      "First name",
      "Élan vital",
      "In progress",
      "A1",
      "\u540d",
    ]);
  });
});
