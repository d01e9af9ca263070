import { existsSync } from "node:fs";
import { join } from "node:path";
import { loadEnvFile } from "node:process";

/** Reads variables from files into the environment: those that are set already stay, and earlier files win over later ones. */
export function loadEnvironmentFiles(folder: string, given: string | undefined): void {
  const files = [...(given === undefined ? [] : [given]), ".env", ".flagonenv"].map((file) => join(folder, file));
  for (const file of files) {
    if (existsSync(file)) {
      loadEnvFile(file);
    }
  }
}
