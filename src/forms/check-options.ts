import { FormError } from "../base/errors";
import { refusePromise } from "../base/forgotten-await";
import { didYouMean, findNear } from "../base/suggestion";
import { describeGiven } from "../base/unknown-options";
import { controlAttributes, formAttributes } from "./attribute-names";

/** The options of a field that are not attributes. */
export const fieldOptionNames: ReadonlySet<string> = new Set(["label", "type", "help", "choices"]);

/** The options of `form.render()` that are not attributes. */
const renderOptionNames: ReadonlySet<string> = new Set(["submit", "action"]);

/** The types of controls: those of `<input>` (HTML, section 4.10.5), and those that Flagon renders as other elements. */
const controlTypes =
  "button checkbox color date datetime-local email file hidden image month number password radio range reset search select submit tel text textarea time url week".split(
    " ",
  );

/** Names in other frameworks, with those of Flagon. */
const synonyms: Readonly<Record<string, string>> = {
  hint: "help",
  helptext: "help",
  description: "help",
  options: "choices",
  items: "choices",
  text: "label",
  caption: "label",
  classname: "class",
  widget: "type",
  button: "submit",
};

/**
 * Checks the options of a call that renders a field: each is one of Flagon's, or an attribute of a control.
 *
 * @param options The options.
 * @param place The call, such as `field("title")`.
 * @throws {FormError} If an option is neither, or has a value that no attribute can have. If the type is a misspelt one.
 */
export function checkFieldOptions(options: unknown, place: string): void {
  checkOptions(options, place, { own: fieldOptionNames, attributes: controlAttributes });
  checkType(Reflect.get(Object(options), "type"), place);
}

/**
 * Checks the options of `form.render()`: each is one of Flagon's, or an attribute of a `<form>`.
 *
 * @throws {FormError} If an option is neither, or has a value that no attribute can have.
 */
export function checkRenderOptions(options: unknown): void {
  checkOptions(options, "render()", { own: renderOptionNames, attributes: formAttributes });
}

/**
 * Checks the attributes that `.meta({ attributes })` states for a control.
 *
 * @throws {FormError} If HTML has no such attribute, or one has a value that no attribute can have.
 */
export function checkAttributes(attributes: unknown, place: string): void {
  checkOptions(attributes, place, { own: new Set(), attributes: controlAttributes });
}

/**
 * Refuses a misspelt type of a control. A browser would show a line of text in its place.
 *
 * Other types are taken: a template of fields can have controls of its own.
 */
export function checkType(type: unknown, place: string): void {
  if (type === undefined) {
    return;
  }
  if (typeof type !== "string") {
    throw new FormError(`The type of ${place} must be a text, such as "textarea", but got ${describeGiven(type)}.`);
  }
  const near = controlTypes.includes(type) ? undefined : findNear(type, controlTypes);
  if (near !== undefined) {
    throw new FormError(`There is no control of the type '${type}' for ${place}. Did you mean '${near}'?`);
  }
}

/** The names that a call takes. */
interface Names {
  /** Those of Flagon. */
  readonly own: ReadonlySet<string>;
  /** Those of HTML. */
  readonly attributes: ReadonlySet<string>;
}

function checkOptions(options: unknown, place: string, { own, attributes }: Names): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new FormError(`The options of ${place} must be an object, but got ${describeGiven(options)}.`);
  }
  for (const [name, value] of Object.entries(options)) {
    if (own.has(name) || value === undefined) {
      continue;
    }
    if (isMisspelt(name, { own, attributes })) {
      throw new FormError(`There is no option '${name}' of ${place}.${suggest(name, { own, attributes })}`);
    }
    refusePromise(value, `attribute '${name}'`, FormError);
    if ((typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date)) || typeof value === "function") {
      throw new FormError(`The attribute '${name}' of ${place} must be a text, a number or a boolean, but got ${describeGiven(value)}.`);
    }
  }
}

/**
 * Tells whether a name is nearly one of Flagon or of HTML, or has another one here. Attributes of libraries and of components are taken:
 * most have another character, such as `hx-get`, `@click` and `:value`.
 */
function isMisspelt(name: string, { own, attributes }: Names): boolean {
  if (attributes.has(name.toLowerCase()) || !/^[a-z]\w+$/i.test(name) || /^on[a-z]+$/i.test(name)) {
    return false;
  }
  const synonym = findSynonym(name);
  return (synonym !== undefined && own.has(synonym)) || findNear(name, [...own, ...attributes]) !== undefined;
}

function findSynonym(name: string): string | undefined {
  return synonyms[name.replace(/_/g, "").toLowerCase()];
}

function suggest(name: string, { own, attributes }: Names): string {
  const synonym = findSynonym(name);
  if (synonym !== undefined && (own.has(synonym) || attributes.has(synonym))) {
    return ` Did you mean '${synonym}'?`;
  }
  const list = own.size === 0 ? "" : `The options are: ${[...own].join(", ")}, and attributes of HTML. `;
  return (
    didYouMean(name, [...own, ...attributes]) ||
    ` ${list}An attribute of your own has a hyphen: 'data-${name.replace(/_/g, "-").toLowerCase()}'.`
  );
}
