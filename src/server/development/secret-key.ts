import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeToTerminal } from "../../base/terminal";
import type { Application } from "../../setup/application";

/** Gives an app without a secret key a key for development. It is kept in `.flagon/` next to the app, and made the first time. */
export function provideSecretKey({ config, root }: Application): void {
  if (config.secretKey === null) {
    config.update({ secretKey: keepSecretKey(root) });
  }
}

/** Gives an app without a secret key the one that the development server has made, if there is one. */
export function takeKeptSecretKey({ config, root }: Application): void {
  if (config.secretKey === null) {
    config.update({ secretKey: readKept(root) });
  }
}

/** Tells whether the secret key of an app is the one of the development server. */
export function hasKeptSecretKey({ config, root }: Application): boolean {
  return config.secretKey !== null && config.secretKey === readKept(root);
}

function readKept(root: string): string | null {
  const file = join(root, ".flagon", "secret-key");
  return existsSync(file) ? readFileSync(file, "utf8").trim() : null;
}

function keepSecretKey(root: string): string {
  const kept = readKept(root);
  if (kept !== null) {
    return kept;
  }
  const folder = join(root, ".flagon");
  const file = join(folder, "secret-key");
  const key = randomBytes(32).toString("base64url");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, ".gitignore"), "*\n");
  writeFileSync(file, `${key}\n`, { mode: 0o600 });
  writeToTerminal(` * Made a secret key for development and keeps it in ${file}; set FLAGON_SECRET_KEY for production\n`);
  return key;
}
