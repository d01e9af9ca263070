import type { Suggestion } from "../base/suggestion-types";
import type { ViewResult } from "./route-options";

/**
 * The mistake of a view, `never` if there is none: a text, or the type that the view must have, depending on which the
 * compiler explains better. Values of the type `never` belong to a rule with a mistake: any view is accepted there.
 */
export type ViewProblem<View, Values, Options = unknown> = [Values] extends [never]
  ? never
  : View extends (values: infer Wanted) => infer Result
    ? [ValueProblem<Values, Wanted>] extends [never]
      ? [Values] extends [Wanted]
        ? ReturnProblem<Result, Options>
        : (values: Values) => ViewResult<Options>
      : ValueProblem<Values, Wanted>
    : (values: Values) => ViewResult<Options>;

/** The type of most views: they take the values, and return text or an object, or a promise of one. */
export type PlainView<Values, Options> = (values: Values) => PlainResult<Options>;

/** The most usual results of a view. `Promise` is faster to compare with than `PromiseLike`. */
type PlainResult<Options> = Options extends { readonly returns: unknown } ? ViewResult<Options> : Plain | Promise<Plain>;

/** Text, or an object that is no function and no promise. */
type Plain = string | (object & { readonly apply?: never; readonly then?: never });

/** The mistake of a command's method, `never` if there is none: a text, or the type that it must have. */
export type CommandProblem<Method, Values> = Method extends (values: infer Wanted) => void
  ? [ValueProblem<Values, Wanted, "usage">] extends [never]
    ? [Values] extends [Wanted]
      ? never
      : (values: Values) => unknown
    : ValueProblem<Values, Wanted, "usage">
  : (values: Values) => unknown;

type ReturnProblem<Result, Options> = Options extends { readonly returns: unknown }
  ? [Result] extends [ViewResult<Options>]
    ? never
    : (values: never) => ViewResult<Options>
  : Options extends { readonly status: 204 }
    ? SentProblem<Result>
    : ResultProblem<Result>;

/** The mistake of a result with the status 204: nothing at all is none. */
type SentProblem<Result> = [Awaited<Result>] extends [Nothing | undefined] ? never : ResultProblem<Result>;

/** The result itself if a response can be made of it; otherwise a text that says the mistake, or with `returns` the type that it takes. */
export type CheckedOutcome<Result, Options> = Options extends { readonly returns: unknown }
  ? ViewResult<Options>
  : Options extends { readonly status: 204 }
    ? [SentProblem<Result>] extends [never]
      ? Result
      : SentProblem<Result>
    : CheckedResult<Result>;

/** The result itself if a response can be made of it; otherwise a text that says the mistake. */
export type CheckedResult<Result> = [ResultProblem<Result>] extends [never] ? Result : ResultProblem<Result>;

/** The result itself if it is nothing, or a response can be made of it; otherwise a text that says the mistake. */
export type CheckedAnswer<Result> = [AnswerProblem<Result>] extends [never] ? Result : AnswerProblem<Result>;

/** The mistake of a hook's result that is neither nothing nor a response; `never` for any other result. */
export type AnswerProblem<Result> = unknown extends Result ? never : ResultProblem<Exclude<Awaited<Result>, Nothing>>;

/** The mistake of a result of which no response can be made; `never` for any other. A result of type `unknown` is taken. */
export type ResultProblem<Result> = unknown extends Result
  ? never
  : [Awaited<Result>] extends [Nothing]
    ? [Awaited<Result>] extends [never]
      ? never
      : "It returns nothing: did you forget a return statement?"
    : Unsendable<Awaited<Result>>;

type Nothing = ReturnType<() => void>;

type Unsendable<Value> = unknown extends Value
  ? never
  : Value extends string
    ? never
    : Value extends object
      ? Value extends (...values: never[]) => void
        ? Refusal<"a function">
        : never
      : Value extends null
        ? Refusal<"null">
        : Value extends Nothing
          ? Refusal<"undefined">
          : Value extends number
            ? Refusal<"a number">
            : Value extends boolean
              ? Refusal<"a boolean">
              : Value extends bigint
                ? Refusal<"a bigint">
                : Refusal<"a symbol">;

type Refusal<Kind extends string> = `It may return ${Kind}. Return text, an object, a response, or json(value).`;

/** The mistakes of the values that a view takes, where a text says them best: missing names, and simple types. */
type ValueProblem<Values, Wanted, Giver extends string = "rule"> = unknown extends Wanted
  ? never
  : [Exclude<Wanted, undefined>] extends [string | number | bigint | boolean]
    ? OneObject
    : {
        [Key in keyof Wanted]-?: Key extends keyof Values
          ? [Values[Key]] extends [Wanted[Key]]
            ? never
            : Mismatch<Giver, Key & string, Described<Exclude<Values[Key], Wanted[Key]>>, Described<Exclude<Wanted[Key], undefined>>>
          : Record<never, never> extends Pick<Wanted, Key>
            ? never
            : Missing<Giver, Key & string, keyof Values & string>;
      }[keyof Wanted];

/** The mistake of a method that takes the values one by one, in the manner of Flask. */
type OneObject = "It takes the values as one object: write '({ name })', not '(name)'.";

type Missing<Giver extends string, Key extends string, Known extends string> = Key extends "json" | "query" | "form"
  ? `The route gives no '${Key}': give its options a schema, { ${Key}: … }.`
  : `The ${Giver} gives no '${Key}'.${Suggestion<Key, Known>}`;

/** Other types than simple ones are left to the compiler, which explains them property by property. */
type Mismatch<Giver extends string, Key extends string, Given extends string, Wanted extends string> = [Given] extends [never]
  ? never
  : [Wanted] extends [never]
    ? never
    : `The ${Giver} gives '${Key}' as ${Given}, ${Wanted extends `'${string}` ? "which the method does not take" : `but the method takes ${Wanted}`}.`;

type Described<Value> = [Value] extends [never]
  ? never
  : [Value] extends [string]
    ? string extends Value
      ? "a string"
      : `'${Value}'`
    : [Value] extends [number]
      ? "a number"
      : [Value] extends [boolean]
        ? "a boolean"
        : [Value] extends [bigint]
          ? "a bigint"
          : [Value] extends [Date]
            ? "a Date"
            : never;
