/** A header of the form `value; name=text; name="text"`. */
export interface ParameterizedHeader {
  /** The part before the first semicolon, without blanks around it. */
  readonly value: string;
  /** The parameters by name, in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** A parameter whose quotes may have quoted pairs, as in RFC 9110, section 5.6.4. */
const quotedParameter = /[ \t]*;[ \t]*(?:([^\s"=;]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s";]*)))?[ \t]*/y;
/** A parameter as browsers write it: a quote is `%22`, and a backslash stands for itself (HTML Standard, section 4.10.21.8). */
const browserParameter = /[ \t]*;[ \t]*(?:([^\s"=;]+)[ \t]*=[ \t]*(?:"([^"]*)"|([^\s";]*)))?[ \t]*/y;

/**
 * Parses a header with parameters, such as `Content-Type` (RFC 9110, section 5.6.6).
 *
 * Of the backslashes in quotes only those before quotes and backslashes are taken off: Windows puts others between folders.
 *
 * @param header The header.
 * @returns The value and its parameters, or `undefined` if a parameter is malformed or comes twice.
 */
export function parseParameters(header: string): ParameterizedHeader | undefined {
  return parse(header, quotedParameter) ?? (header.includes("\\") ? parse(header, browserParameter) : undefined);
}

function parse(header: string, pattern: RegExp): ParameterizedHeader | undefined {
  const parameters = new Map<string, string>();
  const semicolon = header.indexOf(";");
  const end = semicolon < 0 ? header.length : semicolon;
  let place = end;
  while (place < header.length) {
    pattern.lastIndex = place;
    const [match, name, quoted, plain = ""] = pattern.exec(header) ?? [];
    const key = name?.toLowerCase();
    if (match === undefined || (key !== undefined && parameters.has(key))) {
      return undefined;
    }
    if (key !== undefined) {
      parameters.set(key, (pattern === quotedParameter ? quoted?.replace(/\\(["\\])/g, "$1") : quoted) ?? plain);
    }
    place = pattern.lastIndex;
  }
  return { value: header.slice(0, end).trim(), parameters };
}
