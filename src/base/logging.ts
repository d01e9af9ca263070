import type pino from "pino";
import { FlagonError } from "./errors";
import { lazily } from "./lazily";
import { isWorker } from "./platform";
import { findHint, hideValues } from "./query-errors";
import { maskMembers, maskSecrets } from "./secret-names";
import { signals } from "./signals";
import { writeToTerminal } from "./terminal";

/** The logger of an app: pino's. */
export type Logger = pino.Logger;

// Loaded by the first line of a log: a command that logs nothing starts sooner.
const loadPino = lazily((): typeof import("pino") => require("pino"));

/** The text in place of a secret. */
const mask = "[redacted]";

/** Options of {@link createLogger}. */
export interface LoggerOptions {
  /** The app's name. */
  readonly name: string;
  /** The lowest level that is written, such as `"info"`; `"silent"` writes nothing. */
  readonly level: string;
  /** `true` writes lines for people at a terminal, `false` JSON for programs. */
  readonly isReadable: boolean;
}

/**
 * Creates an app's logger, which writes to standard error.
 *
 * Values with secret names are masked anywhere in a logged object.
 */
export function createLogger({ name, level, isReadable }: LoggerOptions): Logger {
  const { destination, pino, stdSerializers } = loadPino();
  const logger = pino(
    {
      name,
      level,
      formatters: { log: maskLine },
      serializers: { err: (error: Error) => serializeError(error, stdSerializers.err, isReadable) },
      // pino takes the message of a lone error before any serializer sees it.
      hooks: {
        logMethod(values, log) {
          for (const value of values) {
            hideValues(value);
          }
          Reflect.apply(log, this, values);
        },
      },
    },
    isReadable ? { write: writeReadable } : isWorker() ? { write: writeToConsole } : destination({ dest: 2, sync: true }),
  );
  return refuseForeignMethods(maskBindings(logger));
}

/** The methods of loggers elsewhere, and those of pino in their place. */
const foreignMethods: Readonly<Record<string, string>> = {
  warning: "warn",
  critical: "fatal",
  exception: "error({ err: error }, message)",
};

/** Adds the methods of other loggers, to refuse them with the cure. Child loggers inherit them. */
function refuseForeignMethods(logger: Logger): Logger {
  for (const [name, method] of Object.entries(foreignMethods)) {
    const refuse = (): never => {
      throw new FlagonError(`There is no method logger.${name}(). Use logger.${method.includes("(") ? method : `${method}(message)`}.`);
    };
    Object.defineProperty(logger, name, { value: refuse, configurable: true, writable: true });
  }
  return logger;
}

/** Serializes an error without its secrets. People at the terminal read its advice as well. */
function serializeError(error: Error, serialize: (error: Error) => object, isReadable: boolean): unknown {
  hideValues(error);
  const hint = isReadable ? findHint(error) : undefined;
  const masked = maskSecrets(serialize(error), mask);
  return hint === undefined ? masked : { ...Object(masked), hint };
}

/** Masks the members of a line. The error of the line keeps its class for its serializer, which masks it by itself. */
function maskLine(members: Record<string, unknown>): Record<string, unknown> {
  const masked = maskMembers(members, mask);
  return masked !== members && members.err instanceof Error ? { ...masked, err: members.err } : masked;
}

/** Masks the bindings of child loggers: pino's formatters see the members of single lines only. */
function maskBindings(logger: Logger): Logger {
  const { child } = logger;
  return Object.defineProperty(logger, "child", {
    value(this: Logger, bindings: pino.Bindings, ...rest: unknown[]): Logger {
      const created: Logger = Reflect.apply(child, this, [maskMembers(bindings, mask), ...rest]);
      return created;
    },
    writable: true,
    configurable: true,
  });
}

/** Writes a line of JSON by `console`, for runtimes without file descriptors. Errors and warnings keep their level. */
function writeToConsole(line: string): void {
  const { level = 30 }: { level?: number } = JSON.parse(line);
  const write = level >= 50 ? console.error : level >= 40 ? console.warn : console.log;
  write(line.trimEnd());
}

/** The members of a line that the readable form leaves out or writes by itself. */
const commonMembers = new Set(["level", "time", "pid", "hostname", "name", "msg", "err", "requestId"]);

/** Writes a line of JSON as its level, its message and its other members, with the stack of an error below. */
function writeReadable(line: string): void {
  const entry: { level?: number; msg?: string; err?: { stack?: string; hint?: string } | null } = JSON.parse(line);
  const level = loadPino().levels.labels[entry.level ?? 30] ?? "info";
  const message = entry.msg ?? "";
  const fields = Object.entries(entry).flatMap(([key, value]) => (commonMembers.has(key) ? [] : [`${key}=${JSON.stringify(value)}`]));
  // A thrown value may be no error.
  const details = entry.err === undefined ? undefined : (entry.err?.stack ?? JSON.stringify(entry.err));
  const hint = entry.err?.hint === undefined ? "" : `\n${entry.err.hint}`;
  const stack = details === undefined ? "" : `\n${`${details}${hint}`.replace(/^/gm, "    ")}`;
  writeToTerminal(`${escapeControls([level.toUpperCase(), message, ...fields].join(" ") + stack)}\n`);
  if (signals.logged.hasSubscribers) {
    signals.logged.publish({ level, message: [message, ...fields].join(" ") });
  }
}

/** Escapes control characters: text from a client must not move the cursor of a terminal. */
function escapeControls(text: string): string {
  return text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
