import { defineForm, germanMessages } from "flagon";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { attributesOf, serveFields, serveForm } from "./support";

describe("a date in a control of another type", () => {
  it.each([
    ["month", "2026-02", "2026-02-01T00:00Z"],
    ["month", "0999-12", "0999-12-01T00:00Z"],
    ["week", "2026-W01", "2025-12-29T00:00Z"],
    ["week", "2026-W53", "2026-12-28T00:00Z"],
    ["week", "2024-W01", "2024-01-01T00:00Z"],
    ["week", "0001-W01", "0001-01-01T00:00Z"],
    ["time", "10:30", "1970-01-01T10:30Z"],
    ["time", "10:30:05.250", "1970-01-01T10:30:05.250Z"],
    ["date", "2026-02-28", "2026-02-28T00:00Z"],
    ["datetime-local", "2026-02-28T10:00", "2026-02-28T10:00Z"],
  ])("is the moment where it begins, and is shown again: %s %s", async (type, text, moment) => {
    const form = defineForm({ d: z.date().meta({ type }) }, { csrf: false });
    const page = serveForm(form, { initial: { d: new Date(moment) } });
    expect(attributesOf(await page.load(), "d")).toMatchObject({ type, value: text });
    expect((await page.send({ d: text })).data).toEqual({ d: new Date(moment) });
  });

  it.each([
    ["month", "2026-13", "Enter a date."],
    ["month", "2026-00", "Enter a date."],
    ["month", "soon", "Enter a date."],
    ["week", "2026-W00", "Enter a date."],
    ["week", "2027-W53", "Enter a date."],
    ["week", "2026-W54", "Enter a date."],
    ["time", "24:00", "Enter a time."],
    ["time", "10", "Enter a time."],
    ["datetime-local", "2026-02-31T10:00", "Enter a date and a time."],
  ])("is refused if the date does not exist: %s %s", async (type, text, error) => {
    const { errors, document } = await serveFields({ d: z.date().meta({ type }) }).send({ d: text });
    expect(errors).toEqual({ d: [error] });
    expect(attributesOf(document, "d")).toMatchObject({ value: text });
  });

  it("has bounds of the time alone, in both languages", async () => {
    const schema = z.date().min(new Date("1970-01-01T10:30Z")).max(new Date("1970-01-01T12:00:05Z")).meta({ type: "time" });
    const send = async (text: string, messages = {}) => (await serveFields({ d: schema }, { messages }).send({ d: text })).errors.d;
    expect(await send("10:29")).toEqual(["Not before 10:30."]);
    expect(await send("12:01")).toEqual(["Not after 12:00:05."]);
    expect(await send("10:29", germanMessages)).toEqual(["Nicht vor 10:30 Uhr."]);
  });

  it("has bounds that a visitor can read", async () => {
    const from = z.date().min(new Date("2026-02-02"));
    const page = serveFields({ a: from.meta({ type: "month" }), b: from.meta({ type: "datetime-local" }) });
    expect((await page.send({ a: "2026-02", b: "2026-02-01T23:00" })).errors).toEqual({
      a: ["Not before 2 February 2026."],
      b: ["Not before 2 February 2026 at 00:00."],
    });
  });
});
