import type { TestClient } from "flagon";
import { beforeEach, expect, it } from "vitest";
import { createApp } from "./app";

let client: TestClient;

beforeEach(() => {
  client = createApp().testClient();
});

const add = (name: string, price = 1) => client.post("/api/items", { json: { name, price } });
const list = async (path = "/api/items"): Promise<unknown> => (await client.get(path)).json();

it("adds, shows and lists items", async () => {
  const made = await add(" Tea ", 3);
  expect([made.status, await made.json()]).toEqual([201, { id: 1, name: "Tea", price: 3 }]);
  await add("Coffee", 4.5);
  expect(await list("/api/items/2")).toEqual({ id: 2, name: "Coffee", price: 4.5 });
  expect(await list()).toEqual([
    { id: 1, name: "Tea", price: 3 },
    { id: 2, name: "Coffee", price: 4.5 },
  ]);
  expect(await list("/api/items?search=COF")).toEqual([{ id: 2, name: "Coffee", price: 4.5 }]);
});

it("replaces an item", async () => {
  await add("Tea");
  const replaced = await client.put("/api/items/1", { json: { name: "Green tea", price: 4 } });
  expect([replaced.status, await replaced.json()]).toEqual([200, { id: 1, name: "Green tea", price: 4 }]);
  expect(await list()).toEqual([{ id: 1, name: "Green tea", price: 4 }]);
});

it("never gives the id of a deleted item again", async () => {
  await add("a");
  await add("b");
  expect((await client.delete("/api/items/1")).status).toBe(204);
  expect(await (await add("c")).json()).toMatchObject({ id: 3 });
  expect((await client.delete("/api/items/3")).status).toBe(204);
  expect(await (await add("d")).json()).toMatchObject({ id: 4 });
  expect(await list()).toEqual([
    { id: 2, name: "b", price: 1 },
    { id: 4, name: "d", price: 1 },
  ]);
});

it.each([{ name: "", price: 1 }, { name: "Tea" }, { name: "Tea", price: -1 }, { name: "Tea", price: "1" }, []])(
  "refuses %j and stores nothing",
  async (json) => {
    const refused = await client.post("/api/items", { json });
    expect(refused.status).toBe(422);
    expect(refused.headers.get("content-type")).toContain("json");
    expect(await list()).toEqual([]);
  },
);

it("answers 404 for an item that does not exist", async () => {
  const answers = [
    await client.get("/api/items/1"),
    await client.put("/api/items/1", { json: { name: "Tea", price: 1 } }),
    await client.delete("/api/items/1"),
  ];
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
});

it("describes itself, and says where", async () => {
  expect(await list("/")).toEqual({ name: "Items", document: "/openapi.json", items: "/api/items" });
  expect(await list("/openapi.json")).toMatchObject({
    openapi: expect.stringMatching(/^3\.1/),
    paths: { "/api/items": { get: {}, post: {} }, "/api/items/{id}": { get: {}, put: {}, delete: {} } },
  });
});
