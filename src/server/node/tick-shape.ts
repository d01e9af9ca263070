import { createHook } from "node:async_hooks";

let kept: object | undefined;

/**
 * Keeps one of the objects that `process.nextTick()` makes for as long as the process lives, and so their shape.
 *
 * V8 makes such an object quickly while it knows its shape. A collection of garbage in a quiet moment, when there is no
 * such object, takes the shape away as well; V8 then asks its runtime for each of their properties from there on. Node's
 * server makes half a dozen of them for a request, which so costs a fifth more, on Node 24, until the process ends.
 */
export function keepTickShape(): void {
  // Bun has no hooks, and warns of them.
  if (kept !== undefined || Reflect.has(globalThis, "Bun")) {
    return;
  }
  const hook = createHook({
    init: (_id, type, _trigger, resource) => {
      if (type === "TickObject") {
        kept = resource;
      }
    },
  });
  hook.enable();
  process.nextTick(() => undefined);
  hook.disable();
}
