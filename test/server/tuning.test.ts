import { createHook } from "node:async_hooks";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Flagon } from "flagon";
import { expect, it } from "vitest";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/** Asks for the handler of a new app, and tells how many of the ticks that this takes are kept. */
async function countKeptTicks(): Promise<number> {
  const ticks: WeakRef<object>[] = [];
  const hook = createHook({
    init: (_id, type, _trigger, resource) => {
      if (type === "TickObject") {
        ticks.push(new WeakRef(resource));
      }
    },
  });
  hook.enable();
  new Flagon(__dirname).handler;
  hook.disable();
  await turn();
  collectGarbage();
  return ticks.filter((tick) => tick.deref() !== undefined).length;
}

it("keeps one tick, and its shape, for all apps of a process", async () => {
  expect([await countKeptTicks(), await countKeptTicks()]).toEqual([1, 0]);
});
