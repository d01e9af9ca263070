import { expect, it } from "vitest";
import app from "./app";

const client = app.testClient();

it("says hello", async () => {
  const response = await client.get("/");
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(await response.text()).toContain("<h1>Hello, world!</h1>");
});

it("greets by name, in JSON", async () => {
  const response = await client.get("/hello/Ann%20%3Cb%3E");
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(await response.json()).toEqual({ hello: "Ann <b>" });
});

it("has no other page, and takes no other method", async () => {
  expect((await client.get("/hello")).status).toBe(404);
  expect((await client.get("/hello/Ann/Bo")).status).toBe(404);
  expect((await client.post("/")).status).toBe(405);
});
