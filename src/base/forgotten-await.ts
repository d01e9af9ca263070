import { FlagonError } from "./errors";
import { ignoreRejection, isPromise } from "./maybe-promise";

/** The class of an error with a message. */
type ErrorKind = new (message: string) => Error;

/**
 * Refuses a promise where its value is needed, and ignores its rejection: nobody awaits it, so that it would end the process.
 *
 * @param value The value.
 * @param place The use of the value, for the error, such as "location of redirect()".
 * @param kind The class of the error. Default: {@link FlagonError}.
 * @throws {FlagonError} If the value is a promise.
 */
export function refusePromise(value: unknown, place: string, kind: ErrorKind = FlagonError): void {
  if (typeof value === "object" && isPromise(value)) {
    ignoreRejection(value);
    throw new kind(`The ${place} is a promise. Await it: put 'await' before the call that returns it.`);
  }
}

/**
 * Refuses data that is a promise, or has one inside, as {@link refusePromise} does.
 *
 * @param data The data.
 * @param place The use of the data, for the error.
 * @param kind The class of the error. Default: {@link FlagonError}.
 * @throws {FlagonError} If there is a promise.
 */
export function refusePromises(data: unknown, place: string, kind: ErrorKind = FlagonError): void {
  walkData(data, (item, path) => refusePromise(item, path === "" ? place : `member '${path}' of the ${place}`, kind));
}

/**
 * Refuses data whose JSON has lost a promise: JSON writes it as an empty object.
 *
 * @param json The data as JSON.
 * @param data The data.
 * @param place The use of the data, for the error.
 * @throws {FlagonError} If there is a promise.
 */
export function refuseLostPromises(json: string | undefined, data: unknown, place: string): void {
  if (json?.includes("{}") === true) {
    refusePromises(data, place);
  }
}

/**
 * Calls a function with each object inside of data, from the outside in. Objects that write themselves as JSON count as one value.
 *
 * If the function throws, the data is refused, so that the rejections of all its promises are ignored.
 */
export function walkData(data: unknown, visit: (item: object, path: string) => void): void {
  const visited = new Set<unknown>();
  const walk = (item: unknown, path: string): void => {
    if (typeof item !== "object" || item === null || visited.has(item) || "toJSON" in item) {
      return;
    }
    visited.add(item);
    visit(item, path);
    if (Array.isArray(item) || Object.getPrototypeOf(item) === Object.prototype) {
      for (const [key, inner] of Object.entries(item)) {
        walk(inner, path === "" ? key : `${path}.${key}`);
      }
    }
  };
  try {
    walk(data, "");
  } catch (error) {
    silencePromises(data);
    throw error;
  }
}

/** Ignores the rejections of the promises inside of data that is refused. */
export function silencePromises(data: unknown): void {
  walkData(data, (item) => {
    if (isPromise(item)) {
      ignoreRejection(item);
    }
  });
}
