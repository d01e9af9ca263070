import type pino from "pino";
import { lazily } from "./lazily";
import { signals } from "./signals";
import { writeToTerminal } from "./terminal";

/** What an app writes its log with: a logger of pino. */
export type Logger = pino.Logger;

/** What is never written to a log, wherever it stands in what is logged: by itself, or in an object or two. */
const secrets = ["password", "passwordHash", "secret", "secretKey", "token", "apiKey", "authorization", "cookie", '["set-cookie"]'].flatMap(
  (name) => [name, name.startsWith("[") ? `*${name}` : `*.${name}`, name.startsWith("[") ? `*.*${name}` : `*.*.${name}`],
);

/** An app that is slow to start is slow to change: what it does not use is not loaded. */
const loadPino = lazily(() => (require("pino") as typeof import("pino")).default);

/** How a logger writes. */
export interface LoggerOptions {
  /** The app's name. */
  readonly name: string;
  /** The least level that is written, such as `"info"`; `"silent"` for none. */
  readonly level: string;
  /** Whether lines are for people at a terminal, instead of JSON for programs. */
  readonly isReadable: boolean;
}

/** Creates an app's logger, which writes to standard error. */
export function createLogger({ name, level, isReadable }: LoggerOptions): Logger {
  const pino = loadPino();
  const destination = isReadable ? { write: writeReadable } : pino.destination({ dest: 2, sync: true });
  return pino({ name, level, redact: { paths: secrets, censor: "[redacted]" } }, destination);
}

/** What stands in each line, and tells a reader at a terminal nothing. */
const usual = new Set(["level", "time", "pid", "hostname", "name", "msg", "err", "requestId"]);

/** Writes a line of JSON as its level, its message and what else it holds, with the stack of an error below. */
function writeReadable(line: string): void {
  const entry: { level?: number; msg?: string; err?: { stack?: string } } = JSON.parse(line);
  const level = loadPino().levels.labels[entry.level ?? 30] ?? "info";
  const message = entry.msg ?? "";
  const fields = Object.entries(entry).flatMap(([key, value]) => (usual.has(key) ? [] : [`${key}=${JSON.stringify(value)}`]));
  const stack = entry.err?.stack === undefined ? "" : `\n${entry.err.stack.replace(/^/gm, "    ")}`;
  writeToTerminal(`${escapeControls([level.toUpperCase(), message, ...fields].join(" ") + stack)}\n`);
  if (signals.logged.hasSubscribers) {
    signals.logged.publish({ level, message: [message, ...fields].join(" ") });
  }
}

/** What a client sent may stand in a line, and is not to move the cursor of whoever reads it. */
function escapeControls(text: string): string {
  return text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
