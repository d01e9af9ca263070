import { SetupError } from "../base/errors";
import { findDatabase } from "./database";

/** Decorates a method in either decorator standard, or runs a function. */
export interface Atomic {
  <This, Values extends readonly unknown[], Result>(
    method: (this: This, ...values: Values) => Result,
    context: ClassMethodDecoratorContext,
  ): (this: This, ...values: Values) => Promise<Awaited<Result>>;
  <Method extends (...values: never[]) => unknown>(
    prototype: object,
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<Method>,
  ): void;
  <Result>(run: () => Result | Promise<Result>): Promise<Result>;
}

/**
 * Runs a method, or a function, in a transaction of the app's database: `@atomic` above or below `@route`, on a method
 * of a service, or `await atomic(async () => { … })`.
 *
 * The transaction is committed before the response goes out, and rolled back by any error, `abort()` included. An
 * answer with a status such as 409 that is *returned* commits. Inside of another transaction it is a savepoint.
 * `database.current` is the transaction inside of the function.
 *
 * @throws {SetupError} If the app uses no database, or the method is a generator: it runs after the commit.
 *
 * @example
 * ```ts
 * @atomic
 * @route.post("/posts/<int:id>/delete")
 * async delete({ id }: { id: number }) {
 *   await db.delete(posts).where(eq(posts.id, id));
 *   return redirect("/");
 * }
 * ```
 */
export const atomic: Atomic = createAtomic();

/**
 * Runs a function after the commit of the current transaction, at once if there is none: for mails, and for requests to others.
 *
 * It does not run if the transaction, or the savepoint that asked for it, is rolled back. An error in it is logged.
 *
 * @param run The function.
 *
 * @example
 * ```ts
 * await afterCommit(() => mail.send({ to: "ann@example.com", subject: "Your order", text: "Thank you." }));
 * ```
 */
export function afterCommit(run: () => unknown): Promise<void> {
  return findDatabase("afterCommit()").afterCommit(run);
}

function createAtomic(): Atomic {
  function decorate(method: (...values: never[]) => unknown, context: DecoratorContext): () => Promise<never>;
  function decorate(prototype: object, name: string | symbol, descriptor: PropertyDescriptor): void;
  function decorate(run: () => unknown): Promise<never>;
  function decorate(target: object, second?: string | symbol | DecoratorContext, descriptor?: PropertyDescriptor): unknown {
    if (second === undefined && isFunction(target)) {
      if (isClass(target)) {
        return refuse(target.name);
      }
      refuseGenerator(target, "atomic() got");
      return findDatabase("atomic()").atomic(() => Reflect.apply(target, undefined, []));
    }
    if (typeof second === "object") {
      return second.kind === "method" && isFunction(target) ? wrap(target) : refuse(String(second.name));
    }
    const method: unknown = descriptor?.value;
    if (!isFunction(method) || descriptor === undefined) {
      return refuse(String(second));
    }
    descriptor.value = wrap(method);
    return undefined;
  }
  return decorate;
}

function wrap(method: Callable): Callable {
  refuseGenerator(method, "@atomic was put on");
  async function atomicMethod(this: unknown, ...values: unknown[]): Promise<unknown> {
    return findDatabase("atomic()").atomic(() => Reflect.apply(method, this, values));
  }
  // The name is that of the view in errors and logs.
  return Object.defineProperty(atomicMethod, "name", { value: method.name, configurable: true });
}

function refuseGenerator(run: Callable, start: string): void {
  if (/^(?:Async)?GeneratorFunction$/.test(run.constructor.name)) {
    throw new SetupError(
      `${start} the generator '${run.name}', which runs after the commit. Read the rows in an atomic function, and yield them afterwards.`,
    );
  }
}

type Callable = (...values: unknown[]) => unknown;

function isFunction(value: unknown): value is Callable {
  return typeof value === "function";
}

function isClass(value: Callable): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

function refuse(name: string): never {
  throw new SetupError(`@atomic was put on '${name}'. It belongs on a method, or takes a function: await atomic(async () => { … }).`);
}
