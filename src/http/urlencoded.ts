/**
 * Parses `application/x-www-form-urlencoded` text (URL Standard, section 5.1) to names and values, in their order.
 *
 * What is not well-formed UTF-8 becomes U+FFFD, as it does for `URLSearchParams`, which gives the same.
 */
export function parseUrlencoded(text: string): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (let start = 0, end = 0; start < text.length; start = end + 1) {
    end = text.indexOf("&", start);
    if (end < 0) {
      end = text.length;
    }
    if (end > start) {
      const equals = text.indexOf("=", start);
      const middle = equals < 0 || equals > end ? end : equals;
      pairs.push([decode(text.slice(start, middle)), decode(text.slice(middle + 1, end))]);
    }
  }
  return pairs;
}

function decode(text: string): string {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) {
    return spaced;
  }
  try {
    return decodeURIComponent(spaced);
  } catch {
    return new URLSearchParams(`=${text}`).get("") ?? "";
  }
}
