import { describe, expect, it, onTestFinished } from "vitest";
import { createLiveApp } from "../support";

describe("an error without a stack", () => {
  it("is answered under --frozen-intrinsics, where the limit of stacks is fixed", async () => {
    const { stackTraceLimit } = Error;
    Object.defineProperty(Error, "stackTraceLimit", { value: stackTraceLimit, writable: false, enumerable: true, configurable: true });
    onTestFinished(() => {
      Object.defineProperty(Error, "stackTraceLimit", { value: stackTraceLimit, writable: true, enumerable: true, configurable: true });
    });
    const client = createLiveApp().testClient();
    expect([(await client.get("/none")).status, Error.stackTraceLimit]).toEqual([404, stackTraceLimit]);
  });
});
