import { FlagonRequest } from "../http/request/request";
import type { ViewDecoratorOptions, ViewWrapper } from "./hooks";
import { addRecord, getOwnRecords } from "./metadata";

/** The record of a decorator for views. */
type ViewDecoration =
  | { readonly kind: "viewDecorator"; readonly wrap: ViewWrapper; readonly details: ViewDecoratorOptions }
  | { readonly kind: "csrfExempt" };

/** A function of any kind. */
type AnyFunction = (...values: never[]) => unknown;

/** A function with a decorator around it. */
type DecoratedCall = (...given: readonly unknown[]) => unknown;

/** A function without the decorators around it. */
export interface DecoratedFunction {
  /** The function itself. */
  readonly inner: AnyFunction;
  /** The functions that wrap it, the innermost first. */
  readonly wrappers: readonly ViewWrapper[];
  /** The options of its decorators. */
  readonly details: readonly ViewDecoratorOptions[];
  /** Whether it takes requests from other sites. */
  readonly isCsrfExempt: boolean;
}

/** The record of a function that a decorator made of another one. */
interface WrappedRecord {
  readonly kind: "wrapped";
  readonly inner: AnyFunction;
  readonly by: ViewDecoration;
}

/**
 * Puts a decorator around a function: `loginRequired(view)`. The result has the name of the function, so that its endpoint stays the same.
 *
 * A route takes the decorator off again, and puts it around the checks of the route's schemas. Any other caller runs it with the function.
 */
export function decorateFunction(inner: AnyFunction, by: ViewDecoration): DecoratedCall {
  const outer: DecoratedCall = (...given) => {
    const call = (changed?: Record<string, unknown>): unknown => Reflect.apply(inner, undefined, changed === undefined ? given : [changed]);
    return by.kind === "viewDecorator" ? by.wrap(call, readValues(given[0])) : call();
  };
  Object.defineProperties(outer, { name: { value: inner.name }, length: { value: inner.length } });
  addRecord(outer, { kind: "wrapped", inner, by } satisfies WrappedRecord);
  return outer;
}

/** Takes the decorators off a function. */
export function readDecorated(outer: AnyFunction): DecoratedFunction {
  const wrappers: ViewWrapper[] = [];
  const details: ViewDecoratorOptions[] = [];
  let isCsrfExempt = false;
  let inner = outer;
  for (let record = findRecord(inner); record !== undefined; record = findRecord(inner)) {
    if (record.by.kind === "viewDecorator") {
      wrappers.unshift(record.by.wrap);
      details.unshift(record.by.details);
    } else {
      isCsrfExempt = true;
    }
    inner = record.inner;
  }
  return { inner, wrappers, details, isCsrfExempt };
}

/** Returns the values of the rule: a view gets them, and a hook before it gets the request. */
function readValues(given: unknown): Record<string, unknown> {
  return given instanceof FlagonRequest ? given.viewArgs : isRecord(given) ? given : {};
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function findRecord(outer: AnyFunction): WrappedRecord | undefined {
  return getOwnRecords(outer).find(isWrappedRecord);
}

function isWrappedRecord(record: unknown): record is WrappedRecord {
  return isRecord(record) && record.kind === "wrapped";
}
