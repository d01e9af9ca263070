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

function keepSecretKey(root: string): string {
  const folder = join(root, ".flagon");
  const file = join(folder, "secret-key");
  if (existsSync(file)) {
    return readFileSync(file, "utf8").trim();
  }
  const key = randomBytes(32).toString("base64url");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, ".gitignore"), "*\n");
  writeFileSync(file, `${key}\n`, { mode: 0o600 });
  writeToTerminal(` * Made a secret key for development and keeps it in ${file}; set FLAGON_SECRET_KEY for production\n`);
  return key;
}
