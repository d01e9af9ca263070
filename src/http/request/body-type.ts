import { UnsupportedMediaType } from "../exceptions/client-errors";

/** The most characters of a media type that an error shows. */
const maxShownType = 100;

/**
 * Creates the error for a body of another type: it names the type that came, and those that are taken (RFC 9110, section 15.5.16).
 *
 * @param wanted The kind of body that is taken, such as `JSON`.
 * @param mimeType The media type of the request; empty for none.
 * @param types The media types that are taken.
 */
export function refuseType(wanted: string, mimeType: string, types: readonly string[]): UnsupportedMediaType {
  const stated = mimeType === "" ? "it is missing" : `it is '${mimeType.slice(0, maxShownType)}'`;
  const taken = types.map((type) => `'${type}'`).join(" or ");
  return new UnsupportedMediaType(
    `The body of the request is not ${wanted}, or its Content-Type does not say so: ${stated}. Send ${taken}.`,
    { headers: { accept: types.join(", ") } },
  );
}
