/** The names of the characters from 160 to 255 in HTML, in their order (HTML 4.01, section 24.2.1). */
const latin =
  "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml";

/** The characters that mails name most. Others stay as they are written. */
const entities: ReadonlyMap<string, string> = new Map([
  ...latin.split(" ").map((name, index): [string, string] => [name, String.fromCharCode(160 + index)]),
  ["nbsp", " "],
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
  ["ndash", "\u2013"],
  ["mdash", "\u2014"],
  ["lsquo", "\u2018"],
  ["rsquo", "\u2019"],
  ["sbquo", "\u201a"],
  ["ldquo", "\u201c"],
  ["rdquo", "\u201d"],
  ["bdquo", "\u201e"],
  ["bull", "\u2022"],
  ["hellip", "\u2026"],
  ["euro", "\u20ac"],
  ["trade", "\u2122"],
  ["larr", "\u2190"],
  ["rarr", "\u2192"],
]);

/** Makes a text of HTML, with the addresses of its links. */
export function toText(html: string): string {
  const text = html
    .replace(/<!--[\s\S]*?-->/g, "")
    .replace(/<(script|style|head)\b[\s\S]*?<\/\1\s*>/gi, "")
    .replace(/\s+/g, " ")
    .replace(/<a\b[^>]*?\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))[^>]*>([\s\S]*?)<\/a\s*>/gi, (_, double, single, bare, inner) => {
      const address = String(double ?? single ?? bare ?? "");
      const label = String(inner)
        .replace(/<[^>]*>/g, "")
        .trim();
      return label === "" || label === address || address === "" ? address || label : `${label} (${address})`;
    })
    .replace(/<br\s*\/?>\s*/gi, "\n")
    .replace(/<li\b[^>]*>/gi, "\n- ")
    .replace(/<\/(?:p|div|h[1-6]|table|ul|ol|blockquote)\s*>/gi, "\n\n")
    .replace(/<\/(?:tr|li)\s*>/gi, "\n")
    .replace(/<[^>]*>/g, "");
  return decode(text)
    .replace(/[ \t]+\n/g, "\n")
    .replace(/\n[ \t]+/g, "\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

function decode(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w+));/gi, (whole, decimal, hex, name) => {
    const code = decimal === undefined ? (hex === undefined ? undefined : Number.parseInt(hex, 16)) : Number(decimal);
    return code === undefined
      ? (entities.get(String(name)) ?? entities.get(String(name).toLowerCase()) ?? whole)
      : code > 0 && code <= 0x10ffff
        ? String.fromCodePoint(code)
        : whole;
  });
}
