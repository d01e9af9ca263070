import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

const algorithm = "aes-256-gcm";
const nonceSize = 12;
const tagSize = 16;

/** Encrypts bytes by AES-256-GCM. The result is a random nonce of 96 bits (NIST SP 800-38D, section 8.2.2), the encrypted bytes, and the tag. */
export class Encrypter {
  readonly #keys: readonly Buffer[];

  /**
   * @param secrets The current secret first: only it encrypts. Then former ones, which only decrypt.
   * @param purpose The purpose, for which the keys are derived (HKDF, RFC 5869).
   */
  constructor(secrets: readonly (string | Uint8Array)[], purpose: string) {
    this.#keys = secrets.map((secret) => Buffer.from(hkdfSync("sha256", secret, "flagon", `${purpose} ${algorithm}`, 32)));
  }

  /** Encrypts bytes, as base64url. */
  encrypt(bytes: Uint8Array): string {
    const [key] = this.#keys;
    if (key === undefined) {
      throw new RangeError("Encrypting needs a key.");
    }
    const nonce = randomBytes(nonceSize);
    const cipher = createCipheriv(algorithm, key, nonce);
    return Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]).toString("base64url");
  }

  /** Decrypts text that a key of this encrypter made. Gives `undefined` for any other text. */
  decrypt(text: string): Buffer | undefined {
    const bytes = decodeBase64Url(text);
    if (bytes === undefined || bytes.length < nonceSize + tagSize) {
      return undefined;
    }
    for (const key of this.#keys) {
      const cipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceSize), { authTagLength: tagSize });
      cipher.setAuthTag(bytes.subarray(-tagSize));
      const content = cipher.update(bytes.subarray(nonceSize, -tagSize));
      try {
        return Buffer.concat([content, cipher.final()]);
      } catch {
        // The text was made by another key.
      }
    }
    return undefined;
  }
}

/** Decodes unpadded base64url. Gives `undefined` for a second spelling of the same bytes. */
function decodeBase64Url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : undefined;
}
