import { HTTPException } from "../http/exceptions/http-exception";
import type { AnyErrorHandler, Scope } from "../setup/registry";
import type { RequestContext } from "./context";

/** Tells whether there is any handler for the errors of a request. */
function hasErrorHandlers(context: RequestContext): boolean {
  return chainOf(context).some(({ byClass, byStatus }) => byClass.size > 0 || byStatus.size > 0);
}

/** The handler of an error. */
export interface FoundHandler {
  /** The handler itself. */
  readonly handle: AnyErrorHandler;
  /** The app or the blueprint that it was registered on. */
  readonly scope: Scope;
}

/** Finds the handler of an error: by status before by class, the blueprint's before the app's, the most specific class first. */
export function findErrorHandler(context: RequestContext, error: unknown): FoundHandler | undefined {
  if (!hasErrorHandlers(context)) {
    return undefined;
  }
  const scopes: readonly Scope[] = [...chainOf(context)].reverse();
  const classes = listClasses(error);
  if (error instanceof HTTPException) {
    const statusClasses = classes.slice(0, Math.max(0, classes.indexOf(HTTPException)));
    for (const scope of scopes) {
      const handle = findByClass(scope, statusClasses) ?? scope.byStatus.get(error.status);
      if (handle !== undefined) {
        return { handle, scope };
      }
    }
  }
  for (const scope of scopes) {
    const handle = findByClass(scope, classes);
    if (handle !== undefined) {
      return { handle, scope };
    }
  }
  return undefined;
}

function chainOf({ app, endpoint }: RequestContext): readonly Scope[] {
  return (endpoint?.scope ?? app.registry.scope).chain;
}

function findByClass(scope: Scope, classes: readonly unknown[]): AnyErrorHandler | undefined {
  return classes.map((constructor) => scope.byClass.get(constructor)).find((handler) => handler !== undefined);
}

function listClasses(error: unknown): unknown[] {
  const classes: unknown[] = [];
  for (let prototype: unknown = error; typeof prototype === "object" && prototype !== null; prototype = Object.getPrototypeOf(prototype)) {
    if (Object.hasOwn(prototype, "constructor")) {
      classes.push(prototype.constructor);
    }
  }
  return classes;
}
