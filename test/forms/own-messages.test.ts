import { describe, expect, it } from "vitest";
import { z } from "zod";
import { serveFields } from "./support";

describe("a message of the schema", () => {
  it.each<[message: string, schema: (message: string) => z.ZodType, sent: string]>([
    ["Invalid email", (message) => z.email(message), "x"],
    ["Invalid email address", (message) => z.email(message).optional(), "x"],
    ["Invalid phone number", (message) => z.e164({ error: () => message }), "x"],
    ["Too small: expected more", (message) => z.string().min(3, message), "x"],
    ["Invalid input: expected a whole number", (message) => z.int({ message }), "1.5"],
    ["Invalid option: expected one of these", (message) => z.enum(["a"], { error: message }), "x"],
  ])("is shown, also if it is like one of zod's: %s", async (message, schema, sent) => {
    expect((await serveFields({ f: schema(message) }).send({ f: sent })).errors).toEqual({ f: [message] });
  });

  it.each([z.e164(), z.email(), z.iban(), z.ipv4(), z.string().regex(/^a$/)])("is never one of zod's own", async (schema) => {
    expect((await serveFields({ f: schema }).send({ f: "x" })).errors.f?.[0]).toMatch(
      /^(?:Enter an e-mail address|This does not have the right format)\.$/,
    );
  });
});
