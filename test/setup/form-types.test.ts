import { expect, it } from "vitest";
import { z } from "zod";
import { createApp } from "../support";

const client = () => {
  const app = createApp();
  app.post("/", ({ form }) => ({ name: form.name ?? null }), {
    endpoint: "form",
    csrf: false,
    form: z.object({ name: z.string().optional() }),
    query: z.object({ page: z.string().optional() }),
  });
  return app.testClient();
};

it.each(["application/json", "text/plain", "application/octet-stream", "application/xml"])(
  "a route with a form answers 415 to %s",
  async (type) => {
    const response = await client().post("/", { body: '{"name":"x"}', headers: { "content-type": type, accept: "application/json" } });
    expect(response.status).toBe(415);
    expect(await response.json()).toMatchObject({
      detail: `The body of the request is not a form, or its Content-Type does not say so: it is '${type}'. Send 'application/x-www-form-urlencoded' or 'multipart/form-data'.`,
    });
    expect(response.headers.get("accept")).toBe("application/x-www-form-urlencoded, multipart/form-data");
  },
);

it("takes forms of both types, and a request without a body", async () => {
  expect(await (await client().post("/", { form: { name: "a" } })).json()).toEqual({ name: "a" });
  expect(await (await client().post("/", { form: { name: "a" }, files: { other: new File(["x"], "x") } })).json()).toEqual({ name: "a" });
  expect(await (await client().post("/")).json()).toEqual({ name: null });
});
