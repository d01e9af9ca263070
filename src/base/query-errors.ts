/** An error of drizzle about a statement that failed: it holds the statement, and the values of its parameters. */
interface QueryError extends Error {
  readonly query: string;
  /** Version 1 of drizzle may leave them out. */
  readonly params?: unknown;
}

/** The most causes, and errors inside of errors, that are read. */
const maxErrors = 50;
/** The members of a driver's error that repeat the values of parameters or of a row. */
const tellingMembers = ["detail", "where", "internalQuery", "parameters", "sql", "sqlMessage"];
/** The text in place of a value inside of a driver's message. */
const hidden = "[not shown]";
/** Statements whose values are hidden already. */
const known = new WeakSet<object>();
/** The advice for an error, made when it is asked for. */
const hints = new WeakMap<object, () => string | undefined>();

/**
 * Takes the values of parameters out of an error, of its causes and of the errors inside of it: out of messages and stacks. They stay in
 * members that neither `console` nor JSON nor a logger shows. Values are personal data, and secrets such as the hashes of passwords.
 *
 * The one mechanism for all ways out: the database calls it for its statements, and loggers and commands call it for all other errors.
 *
 * @param error The error, or any other value.
 * @param values The values of the parameters, where the error itself does not hold them.
 */
export function hideValues(error: unknown, values: readonly unknown[] = []): void {
  if (!(error instanceof Error)) {
    return;
  }
  const seen = new Set<object>();
  const visit = (one: unknown, given: readonly unknown[]): void => {
    if (!(one instanceof Error) || seen.has(one) || seen.size >= maxErrors) {
      return;
    }
    seen.add(one);
    const inner = isQueryError(one) ? readParameters(one) : given;
    visit(one.cause, inner);
    if (one instanceof AggregateError) {
      for (const other of one.errors) {
        visit(other, inner);
      }
    }
    hideOwn(one, given);
  };
  try {
    visit(error, values);
  } catch {
    // An error whose members cannot be read or written stays as it is.
  }
}

/** Tells whether an error is drizzle's about a statement. */
export function isQueryError(error: unknown): error is QueryError {
  return error instanceof Error && "query" in error && typeof error.query === "string" && error.message.startsWith("Failed query:");
}

/** Returns the values of the parameters of a failed statement, as far as its error holds them. */
export function readParameters({ params }: QueryError): readonly unknown[] {
  return Array.isArray(params) ? params : [];
}

/** Returns the error that says the reason: the cause of a statement that failed, and any other error itself. */
export function findReason(error: Error): Error {
  return isQueryError(error) && error.cause instanceof Error ? findReason(error.cause) : error;
}

/** Returns the message of an error, and that of a failed statement with its reason before it. */
export function describeReason(error: Error): string {
  const reason = findReason(error);
  const text = error.message || error.name;
  return reason === error ? text : `${reason.message || reason.name}\n${text}`;
}

/** Keeps an advice for an error. It is made when it is asked for. */
export function addHint(error: object, make: () => string | undefined): void {
  hints.set(error, make);
}

/** Finds the advice for an error, or for one of its causes. */
export function findHint(error: unknown): string | undefined {
  for (let current = error, depth = 0; current instanceof Error && depth < maxErrors; current = current.cause, depth++) {
    const hint = hints.get(current)?.();
    if (hint !== undefined) {
      return hint;
    }
  }
  return undefined;
}

function hideOwn(error: Error, values: readonly unknown[]): void {
  if (known.has(error)) {
    return;
  }
  known.add(error);
  if (isQueryError(error)) {
    const { length } = readParameters(error);
    const count = length === 1 ? "1 value, not shown" : `${length} values, not shown`;
    replaceMessage(error, `Failed query: ${error.query}${length === 0 ? "" : `\nparams: ${count}`}`);
    hideMember(error, "params");
    return;
  }
  if (values.length > 0 || isOfPostgres(error)) {
    for (const name of tellingMembers) {
      hideMember(error, name);
    }
    replaceMessage(error, quotesValues(error) ? hideQuoted(error.message, values) : error.message);
  }
}

/** Tells whether an error is one of Postgres: it has the five signs of an SQLSTATE, and names its routine. */
function isOfPostgres(error: Error): boolean {
  return "severity" in error && "routine" in error && "code" in error && /^[0-9A-Z]{5}$/.test(String(error.code));
}

/** Tells whether the message of a driver's error may quote a value: on Postgres those about data do, and on SQLite none. */
function quotesValues(error: Error): boolean {
  const code = "code" in error ? String(error.code) : "";
  return isOfPostgres(error) ? code.startsWith("22") : !code.startsWith("SQLITE");
}

function hideQuoted(message: string, values: readonly unknown[]): string {
  const texts = values.map(toText).filter((text) => text !== "");
  const plain = texts.reduce(
    (text, value) => text.replaceAll(`"${value}"`, `"${hidden}"`).replaceAll(`'${value}'`, `'${hidden}'`),
    message,
  );
  return plain.replace(/"([^"]+)"/g, (quoted, inner: string) => (texts.some((text) => text.includes(inner)) ? `"${hidden}"` : quoted));
}

function toText(value: unknown): string {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value ?? "");
}

/** Replaces the message of an error, also at the head of its stack. */
function replaceMessage(error: Error, message: string): void {
  const { message: before, stack } = error;
  if (before !== message) {
    error.message = message;
    if (typeof stack === "string") {
      error.stack = stack.replace(before, () => message);
    }
  }
}

function hideMember(error: object, name: string): void {
  const member = Object.getOwnPropertyDescriptor(error, name);
  if (member?.enumerable === true && member.configurable === true) {
    Object.defineProperty(error, name, { ...member, enumerable: false });
  }
}
