import { ReturnValueError } from "../../base/errors";
import { silencePromises, walkData } from "../../base/forgotten-await";
import { defaultJson, type JsonProvider } from "../../base/json";
import { isPromise } from "../../base/maybe-promise";

/** The cures for objects that JSON does not write as they are meant, by their tags. */
const cures = new Map([
  ["Error", "Throw it, or return the text of its message."],
  ["DOMException", "Throw it, or return the text of its message."],
  ["Map", "Return Object.fromEntries(map)."],
  ["Set", "Return a list: [...set]."],
  ["WeakMap", "Return an object or a list."],
  ["WeakSet", "Return an object or a list."],
  ["FormData", "Return Object.fromEntries(form)."],
  ["URLSearchParams", "Return Object.fromEntries(query), or its text."],
  ["Headers", "Return Object.fromEntries(headers)."],
  ["Request", "Return the response of fetch(request)."],
  ["RegExp", "Return its source."],
  ["Promise", "Await it."],
  ["TransformStream", "Return its 'readable'."],
]);

/**
 * Refuses objects that JSON writes as `{}`, unless they write themselves by `toJSON()`: those of the classes above, and those of other
 * classes that have methods or accessors, but no public property.
 *
 * @throws {ReturnValueError} If the value is one.
 */
export function checkData(value: object, label: string, path = ""): void {
  if ("toJSON" in value && typeof value.toJSON === "function") {
    return;
  }
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  const cure = cures.get(tag);
  if (cure !== undefined) {
    silencePromises(value);
    refuse(tag, `, which JSON writes as {}. ${cure}`, label, path);
  }
  if (ArrayBuffer.isView(value) && !(value instanceof Uint8Array)) {
    refuse(tag, ", which JSON writes as an object. Return a list: [...numbers].", label, path);
  }
  if ("pipe" in value && typeof value.pipe === "function") {
    refuse(nameOf(value, tag), ", a stream that cannot be read. Return a readable stream.", label, path);
  }
  if (Object.keys(value).length === 0 && hasMembers(value) && !/^(?:Boolean|Number|String|Array|Arguments|Uint8Array)$/.test(tag)) {
    refuse(
      nameOf(value, tag),
      ", which JSON writes as {}: it has no property to write. Return a plain object, or add toJSON().",
      label,
      path,
    );
  }
}

/** Tells whether the class of an object has methods or accessors: an object of one without them may be empty data. */
function hasMembers(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    typeof prototype === "object" &&
    prototype !== null &&
    prototype !== Object.prototype &&
    Object.getOwnPropertyNames(prototype).some((name) => name !== "constructor")
  );
}

function refuse(name: string, reason: string, label: string, path: string): never {
  const place = path === "" ? "a value" : `data whose '${path}' is a value`;
  throw new ReturnValueError(`${label} returned ${place} of the class ${name}${reason}`);
}

function nameOf(value: object, tag: string): string {
  const { constructor } = value;
  return typeof constructor === "function" && constructor.name !== "" ? constructor.name : tag;
}

/**
 * Refuses data with a promise inside, or with another object that JSON writes as `{}`. For the debug mode, since it looks at all values. A JSON of the
 * app's own may write such objects, so that only promises are refused then.
 *
 * @throws {ReturnValueError} If there is one.
 */
export function checkInnerData(value: unknown, label: string, json: JsonProvider): void {
  walkData(value, (item, path) => {
    refusePromise(item, label, path);
    if (json === defaultJson && path !== "") {
      checkData(item, label, path);
    }
  });
}

/**
 * Refuses data with a promise inside. Its promises do not end the process if they are rejected.
 *
 * @throws {ReturnValueError} If there is one.
 */
export function checkPromises(value: unknown, label: string): void {
  walkData(value, (item, path) => refusePromise(item, label, path));
}

/** Warns of a rejected promise inside of data that was sent. JSON writes it as `{}`, and nothing else hears of its error. */
export function watchPromises(value: unknown, label: string): void {
  walkData(value, (item, path) => {
    // A query of a database also has a 'then', which would run it.
    if (item instanceof Promise) {
      item.then(undefined, (error: unknown) => {
        process.emitWarning(`${label} returned data whose '${path}' is a promise, which was rejected: ${String(error)}`);
      });
    }
  });
}

function refusePromise(item: object, label: string, path: string): void {
  if (isPromise(item)) {
    const place = path === "" ? "a promise" : `data whose '${path}' is a promise`;
    throw new ReturnValueError(`${label} returned ${place}. Did you forget to await it?`);
  }
}
