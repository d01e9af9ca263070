/**
 * Parses a `Content-Length` header.
 *
 * @param header The header, or `undefined` without one.
 * @returns The length in bytes, `null` without a well-formed one. A length beyond the safe integers is the largest of them.
 */
export function parseLength(header: string | undefined): number | null {
  return header !== undefined && /^\d+$/.test(header) ? Math.min(Number(header), Number.MAX_SAFE_INTEGER) : null;
}
