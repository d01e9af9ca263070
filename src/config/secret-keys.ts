import { readList } from "./environment";
import type { SettingCheck } from "./setting-check";

/** The keys of an app. */
interface SecretKeys {
  readonly secretKey: string | Uint8Array | null;
  readonly secretKeyFallbacks: readonly (string | Uint8Array)[];
}

/** The fewest characters of a key in production. */
const leastLength = 16;

/** A secret key, which a variable holds as text even if it is of digits. */
export const secretKeyCheck: SettingCheck = {
  expected: "text or bytes, and not empty",
  accepts: (value) => value === null || isKey(value),
  read: String,
};

/** A list of secret keys. */
export const secretKeysCheck: SettingCheck = {
  expected: "a list of texts or bytes, and none of them empty",
  accepts: (value) => Array.isArray(value) && value.every(isKey),
  read(text) {
    const list = readList(text);
    return Array.isArray(list) ? list.map((item: unknown) => (typeof item === "number" ? String(item) : item)) : list;
  },
};

/**
 * Tells which keys of an app are too short for production, if any are: such a key can be guessed.
 *
 * @returns The problem and its cure, or `undefined`.
 */
export function findShortKey({ secretKey, secretKeyFallbacks }: SecretKeys): string | undefined {
  const isShort = (key: string | Uint8Array): boolean => key.length < leastLength;
  if (secretKey !== null && isShort(secretKey)) {
    return `The secret key is shorter than ${leastLength} characters, which can be guessed. Make one: npx flagon secret`;
  }
  return secretKeyFallbacks.some(isShort)
    ? `A key in the setting 'secretKeyFallbacks' is shorter than ${leastLength} characters, which can be guessed: sessions could be forged with it. Remove it from the list.`
    : undefined;
}

function isKey(value: unknown): boolean {
  return (value instanceof Uint8Array || typeof value === "string") && value.length > 0;
}
