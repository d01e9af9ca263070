/** Attributes of every element (HTML, section 3.2.6), and of every element with a role or microdata. */
const global =
  "accesskey anchor autocapitalize autocorrect autofocus class contenteditable dir draggable elementtiming enterkeyhint exportparts hidden id inert " +
  "inputmode is itemid itemprop itemref itemscope itemtype lang nonce part popover property role slot spellcheck style tabindex title " +
  "translate virtualkeyboardpolicy writingsuggestions";

/** Attributes of `<input>`, `<select>` and `<textarea>` (HTML, sections 4.10.5 to 4.10.11), old ones and those of single browsers included. */
const control =
  "accept align alpha alt autocomplete autosave border capture checked colorspace cols command commandfor dirname disabled form formaction " +
  "formenctype formmethod formnovalidate formtarget height incremental interestfor list max maxlength min minlength mozactionhint multiple name orient " +
  "pattern placeholder popovertarget popovertargetaction readonly required results rows selected size src step switch type usemap " +
  "value webkitdirectory webkitspeech width wrap";

/** Attributes of `<form>` (HTML, section 4.10.3). */
const form = "accept-charset action autocomplete enctype method name novalidate rel target";

function toSet(...lists: readonly string[]): ReadonlySet<string> {
  return new Set(lists.join(" ").split(" "));
}

/** The names of the attributes that a control can have, in small letters. */
export const controlAttributes: ReadonlySet<string> = toSet(global, control);

/** The names of the attributes that a `<form>` can have, in small letters. */
export const formAttributes: ReadonlySet<string> = toSet(global, form);
