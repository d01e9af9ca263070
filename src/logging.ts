import pino from "pino";
import { writeToTerminal } from "./terminal";

/** What an app writes its log with: a logger of pino. */
export type Logger = pino.Logger;

/** What is never written to a log. */
const secrets = [
  "*.password",
  "*.secretKey",
  "*.token",
  "headers.authorization",
  "headers.cookie",
  "*.headers.authorization",
  "*.headers.cookie",
];

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
  const destination = isReadable
    ? { write: (line: string) => writeToTerminal(formatReadable(line)) }
    : pino.destination({ dest: 2, sync: true });
  return pino({ name, level, redact: { paths: secrets, censor: "[redacted]" } }, destination);
}

/** Formats a line of JSON as its level and message, with the stack of an error below. */
function formatReadable(line: string): string {
  const { level, msg, err }: { level?: number; msg?: string; err?: { stack?: string } } = JSON.parse(line);
  const label = pino.levels.labels[level ?? 30]?.toUpperCase() ?? "INFO";
  return `${label} ${msg ?? ""}\n${err?.stack === undefined ? "" : `${err.stack.replace(/^/gm, "    ")}\n`}`;
}
