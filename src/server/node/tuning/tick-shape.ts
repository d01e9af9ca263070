import { createHook } from "node:async_hooks";
import { lazily } from "../../../base/lazily";

/**
 * Keeps one `TickObject` of `process.nextTick()` alive, and with it the hidden class of its kind.
 *
 * Purpose: V8 drops the hidden class when a garbage collection finds no such object, which happens on an idle server.
 * Each later tick is then slower, until the process ends: V8 looks its properties up in the runtime.
 * Gain: 5 to 20 % of the CPU time of a request; a tick takes 64 to 117 ns in place of 284 to 423 ns.
 * Node lines: 20, 22, 24 and 26. Bun is excluded.
 * Measured by: `node bench/ticks.mjs`.
 * Remove it when that command prints a ratio near 1 on every supported line. If Node renames the type `TickObject`,
 * nothing is kept and nothing breaks.
 */
export const keepTickShape: () => { readonly tick: object | undefined } = lazily(() => {
  const kept: { tick: object | undefined } = { tick: undefined };
  // Bun has no async hooks, and prints a warning if one is created.
  if (Reflect.has(globalThis, "Bun")) {
    return kept;
  }
  const hook = createHook({
    init: (_id, type, _trigger, resource) => {
      if (type === "TickObject") {
        kept.tick = resource;
      }
    },
  });
  hook.enable();
  process.nextTick(() => undefined);
  hook.disable();
  return kept;
});
