/** A header of the form `value; name=text; name="text"`. */
export interface ParameterizedHeader {
  /** The part before the first semicolon, without blanks around it. */
  readonly value: string;
  /** The parameters by name, in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

/**
 * Parses a header with parameters, such as `Content-Type` (RFC 9110, section 5.6.6).
 *
 * Of the backslashes in quotes only those before quotes and backslashes are taken off: Windows puts others between folders.
 *
 * @param header The header.
 * @returns The value and its parameters, or `undefined` if a parameter is malformed or comes twice.
 */
export function parseParameters(header: string): ParameterizedHeader | undefined {
  const parameters = new Map<string, string>();
  const semicolon = header.indexOf(";");
  const end = semicolon < 0 ? header.length : semicolon;
  const parameter = /[ \t]*;[ \t]*(?:([^\s"=;]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s";]*)))?[ \t]*/y;
  parameter.lastIndex = end;
  while (parameter.lastIndex < header.length) {
    const [match, name, quoted, plain = ""] = parameter.exec(header) ?? [];
    const key = name?.toLowerCase();
    if (match === undefined || (key !== undefined && parameters.has(key))) {
      return undefined;
    }
    if (key !== undefined) {
      parameters.set(key, quoted?.replace(/\\(["\\])/g, "$1") ?? plain);
    }
  }
  return { value: header.slice(0, end).trim(), parameters };
}
