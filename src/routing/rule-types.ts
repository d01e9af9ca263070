import type { Suggestion } from "../base/suggestion-types";
import type { Converters } from "./converters";

/** The values of a rule's variables, by name. */
export type RuleValues<Source extends string> = Flatten<Collect<Source>>;

/** The rule itself if it can be read; otherwise a text with the mistake and the cure, which the compiler prints. */
export type CheckedRule<Source extends string> = [RuleProblem<Source>] extends [never] ? Source : RuleProblem<Source>;

/** The mistake of a rule, as a literal text; `never` for a rule that can be read. */
export type RuleProblem<Source extends string> = string extends Source
  ? "A rule is a literal text, so that the compiler can check it."
  : Source extends `/${string}` | ""
    ? IsPlain<Source> extends true
      ? never
      : VariableProblem<Source>
    : `A rule begins with a slash: write /${Source}`;

/** Whether the variables of a rule are all of the plain form, with known converters: the search for a mistake costs more. */
type IsPlain<Source extends string, Seen = never> = Source extends `${infer Before}<${infer Variable}>${infer Rest}`
  ? Before extends `${string}/:${string}`
    ? false
    : Variable extends `${infer Name}:${infer Key}`
      ? Name extends KnownConverter
        ? Key extends Seen
          ? false
          : IsPlain<Rest, Seen | Key>
        : false
      : Variable extends Seen
        ? false
        : IsPlain<Rest, Seen | Variable>
  : Source extends `${string}/:${string}` | `${string}<${string}`
    ? false
    : true;

type Collect<Source extends string> = Source extends `${string}<${infer Variable}>${infer Rest}`
  ? ReadVariable<Variable> & Collect<Rest>
  : unknown;

/** A converter with arguments may hold a colon in them, so its name is the text after the last parenthesis. */
type ReadVariable<Variable extends string> = Variable extends `${infer Name}(${infer Arguments}):${infer Key}`
  ? { [Property in Key]: ConvertedWith<Name, Arguments> }
  : Variable extends `${infer Name}:${infer Key}`
    ? { [Property in Key]: Converted<Name> }
    : { [Property in Variable]: string };

type Converted<Name extends string> = Name extends keyof Converters ? Converters[Name] : never;

type ConvertedWith<Name extends string, Arguments extends string> = Name extends "any" ? Choice<Arguments> : Converted<Name>;

type Choice<Arguments extends string> = Arguments extends `${infer First},${infer Rest}`
  ? Unquoted<First> | Choice<Rest>
  : Unquoted<Arguments>;

type Unquoted<Text extends string> = Text extends ` ${infer Rest}` | `${infer Rest} `
  ? Unquoted<Rest>
  : Text extends `"${infer Inner}"` | `'${infer Inner}'`
    ? Inner
    : Text;

type VariableProblem<Source extends string, Seen = never> = Source extends `${infer Before}<${infer Variable}>${infer Rest}`
  ? [StaticProblem<Before>] extends [never]
    ? [ConverterProblem<ConverterName<Variable>>] extends [never]
      ? VariableName<Variable> extends Seen
        ? `The variable '${VariableName<Variable>}' comes twice.`
        : VariableProblem<Rest, Seen | VariableName<Variable>>
      : ConverterProblem<ConverterName<Variable>>
    : StaticProblem<Before>
  : Source extends `${string}<${infer Name}`
    ? `Write <${Name}>: a variable ends with >`
    : StaticProblem<Source>;

/** Finds a variable that is written as in other frameworks: `:id`. */
type StaticProblem<Text extends string> = Text extends `${string}/:${infer Name}`
  ? Name extends "" | `${Digit}${string}`
    ? never
    : StripOperator<FirstSegment<Name>> extends infer Plain extends string
      ? `Write <${Plain}>, not :${Plain}`
      : never
  : never;

type Digit = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

/** `:id?`, `:id*` and `:id(\\d+)` are the variable `id`. */
type StripOperator<Text extends string> = Text extends `${infer Plain}${"?" | "*" | "+"}`
  ? Plain
  : Text extends `${infer Plain}(${string}`
    ? Plain
    : Text;

type FirstSegment<Text extends string> = Text extends `${infer First}/${string}` ? First : Text;

type VariableName<Variable extends string> = Variable extends `${string}(${string}):${infer Key}`
  ? Key
  : Variable extends `${string}:${infer Key}`
    ? Key
    : Variable;

type ConverterName<Variable extends string> = Variable extends `${infer Name}(${string}):${string}`
  ? Name
  : Variable extends `${infer Name}:${string}`
    ? Name
    : "string";

type ConverterProblem<Name extends string> = Name extends KnownConverter
  ? never
  : Suggestion<Name, KnownConverter> extends infer Hint extends string
    ? Hint extends ""
      ? `There is no converter '${Name}'. Declare it in the interface Converters.`
      : `There is no converter '${Name}'.${Hint}`
    : never;

type KnownConverter = (keyof Converters & string) | "any";

type Flatten<Shape> = { [Key in keyof Shape]: Shape[Key] };
