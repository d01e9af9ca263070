/** The kinds of functions of a template: one that renders at once, one that may await, one that is sent while it renders. */
export type TemplateMode = "sync" | "async" | "stream";

/** A template that `flagon build` has compiled. A kind that the template cannot have, as `sync` if it awaits, is left out. */
export interface BuiltTemplate {
  /** Its text. */
  readonly source: string;
  /** Renders at once. */
  readonly sync?: (...values: never[]) => unknown;
  /** Renders, and may await. */
  readonly async?: (...values: never[]) => unknown;
  /** Gives its text piece by piece. */
  readonly stream?: (...values: never[]) => unknown;
}

/** Templates by name: texts, or the module that `flagon build` writes. */
export type GivenTemplates = Readonly<Record<string, string | BuiltTemplate>>;
