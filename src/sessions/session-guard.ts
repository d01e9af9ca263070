import { SessionError } from "../base/errors";
import { guardMembers } from "../base/guarded-members";
import { findSlip } from "../base/suggestion";
import type { Session } from "./session";

/** The members of sessions elsewhere, and the cure of each. */
const cures: Readonly<Record<string, string>> = {
  setdefault: "session.has(key) and session.set(key, value)",
  update: "session.set(key, value) for each value",
  items: "session.toObject()",
  destroy: "session.clear()",
  save: "session.set(key, value): the session is saved by itself",
  reload: "session.get(key)",
  modified: "session.set(key, value): changes inside of a value are saved, too",
  new: "session.isNew",
  sid: "a value of your own",
  cookie: "the settings of the session's cookie, such as sessionCookieName",
};

const members = ["get", "set", "has", "delete", "pop", "clear", "regenerate", "keys", "permanent", "isNew", "size", "toObject"];

/**
 * Refuses members that a session does not have, since nothing keeps them for the next request, and a default of `get()` and `pop()`,
 * since neither takes one. For debug mode and tests.
 */
export function guardSession(session: Session): Session {
  for (const name of ["get", "pop"] as const) {
    const read = (key: string, ...others: readonly unknown[]): unknown => {
      // As the callback of map() it gets the index and the list as well.
      if (others.length === 1 && (others[0] ?? null) !== null) {
        const shown = typeof others[0] === "object" || typeof others[0] === "function" ? "value" : JSON.stringify(others[0]);
        throw new SessionError(`session.${name}() takes no default. Write session.${name}("${key}") ?? ${shown}.`);
      }
      return Reflect.apply(original, session, [key]);
    };
    const original = session[name];
    Object.defineProperty(session, name, { value: read, configurable: true, writable: true });
  }
  return guardMembers(session, (name, isSet) => {
    const meant = findSlip(name, members);
    if (meant !== undefined) {
      return `The session has no member '${name}'. Did you mean '${meant}'?`;
    }
    if (Object.hasOwn(cures, name)) {
      return `The session has no member '${name}'. Use ${cures[name]}, or session.${isSet ? `set("${name}", value)` : `get("${name}")`} for a value of that name.`;
    }
    return isSet
      ? `The session has no member '${name}' to assign to, and would not keep it. Write session.set("${name}", value).`
      : `The session has no member '${name}'. Read a value by its name: session.get("${name}").`;
  });
}
