import type { CheckedFormat } from "./text-formats";

/** The state of one conversion: its source, its choices, and the fields that turn out to be wrong. */
export interface Conversion {
  /**
   * The source. In a query, absent fields stay absent. A form by `GET` is a query of a form with boxes: an absent boolean
   * chooses the option of `false`.
   */
  readonly source: "form" | "query" | "search";
  /** The values that may be chosen in this request, by field. The index of a row is `[]`. */
  readonly choices: ReadonlyMap<string, ReadonlySet<string>>;
  /** The names of required fields that were left empty. */
  readonly missing: Set<string>;
  /** The names of required texts that hold only blanks. */
  readonly blank: Set<string>;
  /** The names of fields with a value that is none of their choices. */
  readonly unchosen: Set<string>;
  /** The names of URLs and e-mail addresses that are refused although their schema takes them. */
  readonly refused: Map<string, CheckedFormat>;
}

/** Keys that lead to a value. */
export type Path = readonly PropertyKey[];

const noChoices: ReadonlyMap<string, ReadonlySet<string>> = new Map();

/** Starts a conversion. */
export function createConversion(source: Conversion["source"] = "form", choices: Conversion["choices"] = noChoices): Conversion {
  return { source, choices, missing: new Set(), blank: new Set(), unchosen: new Set(), refused: new Map() };
}
