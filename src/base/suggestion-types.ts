/**
 * A hint for the compiler's messages: `" Did you mean 'int'?"`, or no text if no name is near.
 *
 * Names are near if one begins with the other, or if one letter more, less, changed or swapped makes them the same.
 * Letter case does not matter.
 */
export type Suggestion<Name extends string, Known extends string> = [Nearest<Name, Known>] extends [never]
  ? ""
  : ` Did you mean '${Nearest<Name, Known>}'?`;

/** The known names that are near a name. */
type Nearest<Name extends string, Known extends string> = Known extends Known
  ? IsNear<Lowercase<Name>, Lowercase<Known>> extends true
    ? Known
    : never
  : never;

/** Strips the common beginning; at the first difference, {@link DiffersByOne} decides. */
type IsNear<Left extends string, Right extends string> = Left extends Right
  ? true
  : Left extends ""
    ? false
    : BeginsWith<Left, Right> extends true
      ? true
      : DropCommon<Left, Right> extends [infer LeftRest extends string, infer RightRest extends string]
        ? DiffersByOne<LeftRest, RightRest>
        : false;

/** Whether one name begins with the other, and the shorter has three letters or more. */
type BeginsWith<Left extends string, Right extends string> = Left extends `${Right}${string}`
  ? HasThree<Right>
  : Right extends `${Left}${string}`
    ? HasThree<Left>
    : false;

type HasThree<Text extends string> = Text extends `${infer _First}${infer _Second}${infer _Third}${string}`
  ? _Third extends ""
    ? false
    : true
  : false;

type DropCommon<Left extends string, Right extends string> = Left extends `${infer First}${infer LeftRest}`
  ? Right extends `${First}${infer RightRest}`
    ? DropCommon<LeftRest, RightRest>
    : [Left, Right]
  : [Left, Right];

type DiffersByOne<Left extends string, Right extends string> = Left extends `${infer LeftFirst}${infer LeftRest}`
  ? Right extends `${infer RightFirst}${infer RightRest}`
    ? LeftRest extends Right | RightRest
      ? true
      : Left extends RightRest
        ? true
        : AreSwapped<LeftFirst, LeftRest, RightFirst, RightRest>
    : IsOneLetter<Left>
  : IsOneLetter<Right>;

type AreSwapped<
  LeftFirst extends string,
  LeftRest extends string,
  RightFirst extends string,
  RightRest extends string,
> = LeftRest extends `${RightFirst}${infer Left}` ? (RightRest extends `${LeftFirst}${Left}` ? true : false) : false;

type IsOneLetter<Text extends string> = Text extends `${string}${infer Rest}` ? (Rest extends "" ? true : false) : false;
