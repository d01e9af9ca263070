import type { Settings } from "./settings";

/**
 * The wrong spellings of Flagon's settings, each with the right one as a text that the compiler prints. They are: other
 * letter case, as in `secretkey`; underscores, as in `SECRET_KEY`; in names of five letters or more, a missing letter
 * or two swapped ones. All other names belong to the app.
 */
export type Misspellings = { readonly [Name in Setting as MisspellingsOf<Name>]?: `Did you mean '${Name}'?` };

type Setting = keyof Settings & string;

type MisspellingsOf<Name extends Setting> = Exclude<
  Lowercase<Name> | Uppercase<Name> | Capitalize<Name> | Underscored<Name> | Uppercase<Underscored<Name>> | Slips<Name>,
  Setting
>;

/** `secretKey` as `secret_key`. */
type Underscored<Text extends string, Done extends string = ""> = Text extends `${infer Letter}${infer Rest}`
  ? Underscored<Rest, Letter extends Uppercase<Letter> ? `${Done}_${Lowercase<Letter>}` : `${Done}${Letter}`>
  : Done;

type Slips<Name extends string> = IsLong<Name> extends true ? Omissions<Name> | Swaps<Name> : never;

type IsLong<Text extends string> = Text extends `${infer _1}${infer _2}${infer _3}${infer _4}${infer Rest}`
  ? Rest extends ""
    ? false
    : true
  : false;

type Omissions<Text extends string, Before extends string = ""> = Text extends `${infer Letter}${infer Rest}`
  ? `${Before}${Rest}` | Omissions<Rest, `${Before}${Letter}`>
  : never;

type Swaps<Text extends string, Before extends string = ""> = Text extends `${infer First}${infer Second}${infer Rest}`
  ? (First extends Second ? never : `${Before}${Second}${First}${Rest}`) | Swaps<`${Second}${Rest}`, `${Before}${First}`>
  : never;
