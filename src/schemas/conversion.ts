import type { CheckedFormat } from "./text-formats";
import type { ZodCheck } from "./zod";

/** Keys that lead to a value. */
export type Path = readonly PropertyKey[];

/** The choices that are allowed, by field. The index of a row is `[]`. */
type Allowed = ReadonlyMap<string, ReadonlySet<string>>;

const noChoices: Allowed = new Map();
const noNames: ReadonlySet<string> = new Set();
const noFormats: ReadonlyMap<string, RefusedKind> = new Map();
const noTexts: ReadonlyMap<string, LongText> = new Map();

/** A kind of text that is refused although its schema takes it. */
export type RefusedKind = CheckedFormat | "boolean" | "nul";

/** A text that has more UTF-16 code units than its control takes, but no more characters than its schema takes. */
export interface LongText {
  /** The check that states the length. */
  readonly check: ZodCheck;
  /** The length. */
  readonly most: number;
  /** The text. */
  readonly text: string;
}

/** Tells whether the control of a field showed a text before it was sent. */
export type WasShown = (name: string, text: string) => boolean;

/** The state of one conversion: its source, its choices, and the wrong fields. */
export class Conversion {
  /**
   * The source. In a query, absent fields stay absent. A form by `GET` is a query of a form with boxes: an absent boolean
   * chooses the option of `false`.
   */
  readonly source: "form" | "query" | "search";
  /** The values that may be chosen in this request, by field. The index of a row is `[]`. */
  readonly choices: Allowed;
  // Most conversions have no wrong fields, so the sets are created when they are needed.
  #missing: Set<string> | undefined;
  #blank: Set<string> | undefined;
  #unchosen: Set<string> | undefined;
  #refused: Map<string, RefusedKind> | undefined;
  #long: Map<string, LongText> | undefined;
  #hasEmptyText = false;
  readonly #wasShown: WasShown | undefined;

  /**
   * @param source The source.
   * @param choices The values that may be chosen, by field.
   * @param wasShown Tells whether a control showed a text. If it is stated, texts are counted as browsers count them.
   */
  constructor(source: Conversion["source"] = "form", choices: Allowed = noChoices, wasShown?: WasShown) {
    this.source = source;
    this.choices = choices;
    this.#wasShown = wasShown;
  }

  /** The names of required fields that were left empty. */
  get missing(): ReadonlySet<string> {
    return this.#missing ?? noNames;
  }

  /** The names of required texts that hold only blanks. */
  get blank(): ReadonlySet<string> {
    return this.#blank ?? noNames;
  }

  /** The names of the fields with a value that is not among their choices. */
  get unchosen(): ReadonlySet<string> {
    return this.#unchosen ?? noNames;
  }

  /** The names of texts and booleans that are refused although their schema takes them. */
  get refused(): ReadonlyMap<string, RefusedKind> {
    return this.#refused ?? noFormats;
  }

  /** The texts that are longer than browsers let visitors type, although their schema takes them. */
  get long(): ReadonlyMap<string, LongText> {
    return this.#long ?? noTexts;
  }

  /** Whether texts are counted as browsers count them. */
  get countsUnits(): boolean {
    return this.#wasShown !== undefined;
  }

  /** Whether no field is missing, refused, too long, or none of its choices. */
  get isClean(): boolean {
    return this.#missing === undefined && this.#unchosen === undefined && this.#refused === undefined && this.#long === undefined;
  }

  /** Whether the schema could take the converted value although the form refuses a part of it. */
  get isDoubtful(): boolean {
    return this.#hasEmptyText || this.#unchosen !== undefined || this.#refused !== undefined || this.#long !== undefined;
  }

  /** Creates a conversion of the same kind that has found nothing yet, to try an option of a union. */
  fork(): Conversion {
    return new Conversion(this.source, this.choices, this.#wasShown);
  }

  /** Takes over the wrong fields that another conversion found. */
  absorb(other: Conversion): void {
    for (const name of other.missing) {
      this.addMissing(name);
    }
    for (const name of other.blank) {
      this.addBlank(name);
    }
    for (const name of other.unchosen) {
      this.addUnchosen(name);
    }
    for (const [name, kind] of other.refused) {
      this.addRefused(name, kind);
    }
    for (const [name, long] of other.long) {
      this.addLong(name, long);
    }
    this.#hasEmptyText ||= other.#hasEmptyText;
  }

  /** Notes a required text that was left empty: its schema may take the empty text, but a form does not. */
  addEmptyText(name: string): void {
    this.#hasEmptyText = true;
    this.addMissing(name);
  }

  /** Notes a required field that was left empty. */
  addMissing(name: string): void {
    this.#missing ??= new Set();
    this.#missing.add(name);
  }

  /** Notes a required text that holds only blanks. */
  addBlank(name: string): void {
    this.#blank ??= new Set();
    this.#blank.add(name);
  }

  /** Notes a field with a value that is none of its choices. */
  addUnchosen(name: string): void {
    this.#unchosen ??= new Set();
    this.#unchosen.add(name);
  }

  /** Notes a text that is refused although its schema takes it. */
  addRefused(name: string, kind: RefusedKind): void {
    this.#refused ??= new Map();
    this.#refused.set(name, kind);
  }

  /** Notes a text that browsers find too long. One that the control showed is not checked by browsers either. */
  addLong(name: string, long: LongText): void {
    if (this.#wasShown?.(name, long.text) === false) {
      this.#long ??= new Map();
      this.#long.set(name, long);
    }
  }
}
