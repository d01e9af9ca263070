import type { Converters } from "./converters";

/** The values of a rule's variables, by name. */
export type RuleValues<Source extends string> = Flatten<Collect<Source>>;

/** `unknown` for a rule that can be read, and a text with the mistake for any other. The empty rule is the prefix of a blueprint. */
export type RuleCheck<Source extends string> = string extends Source
  ? "A rule is a literal text, so that the compiler can check it."
  : Source extends "" | `/${string}`
    ? CheckVariables<Source>
    : "A rule begins with a slash.";

type Collect<Source extends string> = Source extends `${string}<${infer Variable}>${infer Rest}`
  ? ReadVariable<Variable> & Collect<Rest>
  : unknown;

/** A converter with arguments may hold a colon in them, so its name is what comes after the last parenthesis. */
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

type CheckVariables<Source extends string> = Source extends `${string}<${infer Variable}>${infer Rest}`
  ? CheckConverter<ConverterName<Variable>> extends infer Problem extends string
    ? Problem
    : CheckVariables<Rest>
  : Source extends `${string}/:${string}`
    ? "A variable is written as '<name>', not as ':name'."
    : unknown;

type ConverterName<Variable extends string> = Variable extends `${infer Name}(${string}):${string}`
  ? Name
  : Variable extends `${infer Name}:${string}`
    ? Name
    : "string";

type CheckConverter<Name extends string> = Name extends keyof Converters | "any" ? unknown : `There is no converter '${Name}'.`;

type Flatten<Shape> = { [Key in keyof Shape]: Shape[Key] };
