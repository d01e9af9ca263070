import { SetupError } from "../base/errors";
import type { BlueprintOptions } from "../routing/route-options";
import { decorateFunction } from "./decorated-functions";
import type { ControllerRecord } from "./decorators";
import type { ViewDecoratorOptions, ViewWrapper } from "./hooks";
import { getLineage, getOwnRecords } from "./metadata";

type RecordOf<Kind extends ControllerRecord["kind"]> = Extract<ControllerRecord, { readonly kind: Kind }>;

/** A method of a controller, bound to its instance. */
type BoundMethod = (...values: readonly unknown[]) => unknown;

/** A controller, read from the records of its decorators. */
export interface Controller {
  /** The object itself. */
  readonly instance: object;
  /** Its class and those that it extends. */
  readonly lineage: readonly object[];
  /** The name of its class. */
  readonly name: string;
  /** The name and the options of `@blueprint`, if the controller has it. */
  readonly blueprint: { readonly name: string; readonly options: BlueprintOptions } | undefined;
  /** Everything else that the decorators recorded, the inherited first. */
  readonly records: readonly ControllerRecord[];
  /** Returns a method, bound to the instance. */
  bind(method: string): BoundMethod;
  /** Returns a method, bound to the instance, with the decorators on it. */
  bindDecorated(method: string): BoundMethod;
  /** Lists the functions that wrap a view, the innermost first. */
  listWrappers(method: string): readonly ViewWrapper[];
  /** Lists the options of the decorators of a view. */
  listDetails(method: string): readonly ViewDecoratorOptions[];
  /** Tells whether a view takes requests from other sites. */
  isCsrfExempt(method: string): boolean;
}

/**
 * Reads a controller.
 *
 * @param target A class without constructor parameters, or an instance of any class.
 * @throws {SetupError} If the class cannot be constructed, or nothing of it is decorated.
 */
export function readController(target: object): Controller {
  const instance = typeof target === "function" ? construct(target) : target;
  const constructor: object = instance.constructor;
  const lineage = getLineage(constructor);
  const name = "name" in constructor && typeof constructor.name === "string" ? constructor.name : "the controller";
  const records = collect(lineage);
  const blueprint = records.filter((record) => record.kind === "blueprint").at(-1);
  if (records.length === 0) {
    throw new SetupError(
      `The controller '${name}' has no routes and no hooks. Put @route("/…") on its methods. If it has them, check that its file is compiled with 'experimentalDecorators', or with standard decorators after importing "flagon".`,
    );
  }
  checkDecorated(records, name);
  const bind = (method: string): BoundMethod => {
    const value: unknown = Reflect.get(instance, method);
    if (typeof value !== "function") {
      throw new SetupError(`'${name}.${method}' is decorated, but it is not a method.`);
    }
    const bound: BoundMethod = value.bind(instance);
    return bound;
  };
  return {
    instance,
    lineage,
    name,
    blueprint: blueprint === undefined ? undefined : { name: blueprint.name, options: blueprint.options },
    records: records.filter((record) => record.kind !== "blueprint"),
    bind,
    bindDecorated: (method) => wrappersOf(records, method).reduce((inner, record) => decorateFunction(inner, record), bind(method)),
    listWrappers: (method) => [...wrappersOf(records, method), ...wrappersOf(records, undefined)].map(({ wrap }) => wrap),
    listDetails: (method) => [...wrappersOf(records, method), ...wrappersOf(records, undefined)].map(({ details }) => details),
    isCsrfExempt: (method) =>
      records.some((record) => record.kind === "csrfExempt" && (record.method === undefined || record.method === method)),
  };
}

/**
 * Checks that each decorator of a view is on a view, or on a hook before views: on any other method it would guard nothing.
 *
 * @throws {SetupError} If it is not.
 */
function checkDecorated(records: readonly ControllerRecord[], name: string): void {
  const called = new Set(records.map((record) => (record.kind === "route" || record.kind === "beforeRequest" ? record.method : undefined)));
  for (const record of records) {
    if (record.kind === "viewDecorator" && record.method !== undefined && !called.has(record.method)) {
      throw new SetupError(
        `'${name}.${record.method}' has a decorator for views, such as @loginRequired, but no @route. Add the rule: @route("/…").`,
      );
    }
  }
}

/** Gathers records from the most basic class on; a method that is decorated again loses the routes that it inherits. */
function collect(lineage: readonly object[]): ControllerRecord[] {
  let records: ControllerRecord[] = [];
  for (const constructor of lineage) {
    const own = getOwnRecords(constructor).filter(isRecord);
    const rerouted = new Set(own.filter((record) => record.kind === "route").map((record) => record.method));
    records = [...records.filter((record) => record.kind !== "route" || !rerouted.has(record.method)), ...own];
  }
  return records;
}

function wrappersOf(records: readonly ControllerRecord[], method: string | undefined): RecordOf<"viewDecorator">[] {
  return records.filter((record): record is RecordOf<"viewDecorator"> => record.kind === "viewDecorator" && record.method === method);
}

function construct(constructor: object): object {
  const name = "name" in constructor && typeof constructor.name === "string" ? constructor.name : "";
  if (typeof constructor !== "function" || !("prototype" in constructor)) {
    throw new SetupError("A controller is a class or an instance of one, not a function.");
  }
  if (constructor.length > 0) {
    throw new SetupError(`The controller '${name}' has constructor parameters. Register an instance: app.register(new ${name}(…)).`);
  }
  const instance: unknown = Reflect.construct(constructor, []);
  if (typeof instance !== "object" || instance === null) {
    throw new SetupError(`The controller '${name}' could not be constructed.`);
  }
  return instance;
}

function isRecord(value: unknown): value is ControllerRecord {
  return typeof value === "object" && value !== null && "kind" in value && typeof value.kind === "string";
}
