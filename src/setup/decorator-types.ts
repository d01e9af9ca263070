import type { CommandOptions, CommandValues } from "../commands/command-spec";
import type { KnownOptions, RouteOptions, ViewValues } from "../routing/route-options";
import type { CheckedRule, RuleProblem } from "../routing/rule-types";
import type { AnswerProblem, CommandProblem, PlainView, ResultProblem, ViewProblem } from "../routing/view-types";
import type { TemplateFunction } from "./hooks";

/*
 * Each decorator has one signature for both standards, so that the compiler explains a mistake once. A decorator of the
 * standard gets the method first; one of `experimentalDecorators` gets the prototype first, and the method in a property
 * descriptor. A check replaces the type of the parameter by a literal text that says the mistake.
 */

/** Decorates a method that takes `Values` and returns what a view may return, in either decorator standard. */
export type ViewMethodDecorator<Values, Options = unknown> = PlainViewDecorator<Values, Options, PlainView<Values, Options>>;

/** The decorator, with the type of most views: of other methods the mistake is searched, which costs the compiler more. */
type PlainViewDecorator<Values, Options, Plain> = <Target extends object, Method = Target>(
  target: Target extends Plain ? Target : CheckedTarget<Target, ViewProblem<Target, Values, Options>>,
  context: DecoratedPlace<Target, Method>,
  descriptor?: Method extends Plain ? TypedPropertyDescriptor<Method> : CheckedDescriptor<Method, ViewProblem<Method, Values, Options>>,
) => void;

/** Decorates a method that takes the values of a command's usage, in either decorator standard. */
export type CommandMethodDecorator<Values> = <Target extends object, Method = Target>(
  target: CheckedTarget<Target, CommandProblem<Target, Values>>,
  context: DecoratedPlace<Target, Method>,
  descriptor?: CheckedDescriptor<Method, CommandProblem<Method, Values>>,
) => void;

/** The results that a method may have: any, nothing or an answer, an answer alone. */
type Outcome = "unchecked" | "optional" | "required";

/** Decorates a method of one kind, in either decorator standard. */
export type MethodOfKindDecorator<Hook, Answers extends Outcome = "unchecked"> = <Target extends object, Method = Target>(
  target: CheckedTarget<Target, HookProblem<Target, Hook, Answers>>,
  context: DecoratedPlace<Target, Method>,
  descriptor?: CheckedDescriptor<Method, HookProblem<Method, Hook, Answers>>,
) => void;

/** Decorates a method of one kind, bare or called, in either decorator standard. */
export interface HookDecorator<Hook, Answers extends Outcome = "unchecked"> extends MethodOfKindDecorator<Hook, Answers> {
  (): MethodOfKindDecorator<Hook, Answers>;
}

/** Decorates a method, bare, or called with a name. */
export interface NamedDecorator extends HookDecorator<TemplateFunction> {
  (name: string): MethodOfKindDecorator<TemplateFunction>;
}

/** Decorates a method, bare, or called with the usage of the command. */
export interface CommandDecorator extends MethodOfKindDecorator<() => unknown> {
  (): MethodOfKindDecorator<() => unknown>;
  <const Usage extends string, const Options extends CommandOptions = Record<never, never>>(
    usage: Usage,
    options?: Options,
  ): CommandMethodDecorator<CommandValues<Usage, Options["options"]>>;
}

/** Any class. */
export type AnyClass = abstract new (...values: never[]) => object;

/** Decorates a class, in either decorator standard. */
export type ControllerDecorator = <Class extends AnyClass>(constructor: Class, context?: ClassDecoratorContext<Class>) => void;

/** Decorates a method or a whole class, in either decorator standard, or a function that is a view: the result is the view to register. */
export interface ViewOrControllerDecorator {
  <View extends (values: never) => unknown>(view: View): View;
  <Class extends AnyClass>(constructor: Class, context?: ClassDecoratorContext<Class>): void;
  <Method extends AnyMethod>(method: Method, context: ClassMethodDecoratorContext): void;
  <Method extends AnyMethod>(prototype: object, name: string | symbol, descriptor: TypedPropertyDescriptor<Method>): void;
}

/** `@route` with one method. */
export type RouteShortcut = <const Source extends string, const Options extends Omit<RouteOptions, "methods"> = Record<never, never>>(
  rule: CheckedRule<Source>,
  options?: KnownOptions<Options, Exclude<keyof RouteOptions, "methods">> & Omit<RouteOptions, "methods">,
) => RouteMethodDecorator<Source, Options>;

/** The type of `route`. */
export interface RouteDecoratorFactory {
  <const Source extends string, const Options extends RouteOptions = Record<never, never>>(
    rule: CheckedRule<Source>,
    options?: KnownOptions<Options, keyof RouteOptions> & RouteOptions,
  ): RouteMethodDecorator<Source, Options>;
  /** `@route` for `GET`. */
  readonly get: RouteShortcut;
  /** `@route` for `POST`. */
  readonly post: RouteShortcut;
  /** `@route` for `PUT`. */
  readonly put: RouteShortcut;
  /** `@route` for `PATCH`. */
  readonly patch: RouteShortcut;
  /** `@route` for `DELETE`. */
  readonly delete: RouteShortcut;
}

/** The decorator of a rule. */
export type RouteMethodDecorator<Source extends string, Options> = ViewMethodDecorator<ReadableValues<Source, Options>, Options>;

/** The mistake of a rule is explained elsewhere, so any method is accepted. */
type ReadableValues<Source extends string, Options> = [RuleProblem<Source>] extends [never] ? ViewValues<Source, Options> : never;

type AnyMethod = (...values: never[]) => void;

/** Methods are decorated, and nothing else: a property of `experimentalDecorators` comes without a descriptor. */
type DecoratedPlace<Target, Method> = Target extends AnyMethod
  ? ClassMethodDecoratorContext
  : Target extends Method
    ? "This decorator belongs on a method."
    : string | symbol;

/** The prototype goes unchecked: the method is in the descriptor. */
type CheckedTarget<Target, Problem> = Target extends AnyMethod ? ([Problem] extends [never] ? Target : Problem) : Target;

type CheckedDescriptor<Method, Problem> = [Problem] extends [never]
  ? TypedPropertyDescriptor<Method>
  : Problem extends string
    ? Problem
    : DescriptorOf<Problem>;

interface DescriptorOf<Method> {
  readonly value?: Method | undefined;
}

/** A hook is checked by its type, and then its answer by texts. */
type HookProblem<Method, Hook, Answers extends Outcome> = Method extends Hook
  ? Answers extends "unchecked"
    ? never
    : Method extends (...values: never[]) => infer Result
      ? Answers extends "required"
        ? ResultProblem<Result>
        : AnswerProblem<Result>
      : never
  : Hook;
