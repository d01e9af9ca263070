const plus = 0x2b;
const percent = 0x25;
const space = 0x20;

/**
 * Parses `application/x-www-form-urlencoded` text (URL Standard, section 5.1) to names and values, in their order.
 *
 * Malformed UTF-8 becomes U+FFFD, and a `%` before no two digits stays, as in `URLSearchParams`.
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
  if (!text.includes("+") && !text.includes("%")) {
    return text;
  }
  // Decoded in place: decoded text is never longer.
  const bytes = Buffer.from(text, "utf8");
  let length = 0;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0;
    const high = byte === percent ? readHex(bytes[index + 1]) : -1;
    const low = high < 0 ? -1 : readHex(bytes[index + 2]);
    if (low >= 0) {
      bytes[length] = high * 16 + low;
      index += 2;
    } else {
      bytes[length] = byte === plus ? space : byte;
    }
    length++;
  }
  return bytes.toString("utf8", 0, length);
}

/** Returns the value of a hexadecimal digit, or -1. */
function readHex(unit = 0): number {
  if (unit >= 0x30 && unit <= 0x39) {
    return unit - 0x30;
  }
  const letter = unit | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
