import { METHODS } from "node:http";
import createRouter, { type ConstraintStrategy, type Handler, type HTTPMethod, type HTTPVersion } from "find-my-way";
import { RuleError, SetupError } from "../base/errors";
import type { Rule } from "./rule";

/** find-my-way's tree. */
export type Router = ReturnType<typeof createRouter>;

/**
 * A constraint that separates patterns that differ only in their expressions. find-my-way treats such patterns as
 * equal.
 *
 * Each pattern is added with another value, so that none is refused as declared twice. A request takes any value. A
 * leaf of the tree never holds two, since one expression is added once.
 */
const patternConstraint: ConstraintStrategy<HTTPVersion.V1> = {
  name: "pattern",
  mustMatchWhenDerived: false,
  deriveConstraint: () => "",
  storage() {
    let only: Handler<HTTPVersion.V1> | null = null;
    return {
      get: () => only,
      set: (_, handler) => {
        only = handler;
      },
    };
  },
};
/** The constraint of a request: none. */
export const anyPattern = { pattern: "" };

/** Paths come without their query. */
const noQuery = {};

/** Creates find-my-way's tree, if code may be made of text. */
export function createTree(): Router | undefined {
  try {
    return createRouter({ maxParamLength: 1024, querystringParser: () => noQuery, constraints: { pattern: patternConstraint } });
  } catch (error) {
    if (isCodeForbidden(error)) {
      return undefined;
    }
    throw error;
  }
}

/** Tells whether a runtime forbids `new Function`, which find-my-way needs to make its tree: V8 then throws an `EvalError`. */
export function isCodeForbidden(error: unknown): boolean {
  return error instanceof EvalError;
}

/**
 * Adds a pattern to the tree.
 *
 * @param store The number that a request at the pattern finds.
 * @throws {SetupError} If HTTP does not know the method.
 * @throws {RuleError} If the expression of a converter cannot be used.
 */
export function addToRouter(router: Router, method: string, rule: Rule, pattern: string, store: number): void {
  if (!isMethod(method)) {
    throw new SetupError(`The rule '${rule.source}' has the method '${method}', which HTTP does not know.`);
  }
  try {
    // A constraint separates patterns with expressions: find-my-way treats all expressions as equal.
    const constraints = pattern.includes("(") ? { pattern: String(store) } : {};
    router.on(method, pattern, { constraints }, unused, store);
  } catch (error) {
    if (isCodeForbidden(error)) {
      throw error;
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new RuleError(`The expression of a converter cannot be used: ${reason}`, rule.source, 0);
  }
}

/** find-my-way needs a handler for each pattern. Flagon uses only the stored number. */
function unused(): void {}

function isMethod(method: string): method is HTTPMethod {
  return METHODS.includes(method);
}

/** Tells whether a method is one of those of the rules. */
export function isAmong(method: string, methods: ReadonlySet<string>): method is HTTPMethod {
  return methods.has(method);
}
