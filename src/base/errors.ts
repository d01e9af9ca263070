/**
 * The errors that tell a programmer about a mistake in an app.
 *
 * Their messages name the event, the part of the app, the reason and the cure. Clients never see them: they see an
 * {@link HTTPException}.
 */
export class FlagonError extends Error {
  /** A stable name for the kind of mistake, to branch on. */
  readonly code: string = "FLAGON";

  /**
   * @param message The event, its reason and the cure.
   * @param options The error that caused this one.
   */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** `request`, `session`, `g` or `currentApp` was used while none is active. */
export class ContextError extends FlagonError {
  /** Always `"OUTSIDE_CONTEXT"`. */
  override readonly code = "OUTSIDE_CONTEXT";
}

/** The app, a controller or a blueprint was set up in a way that cannot work. */
export class SetupError extends FlagonError {
  /** Always `"SETUP"`. */
  override readonly code = "SETUP";
}

/** A configuration value is missing, of the wrong type, or out of its bounds. */
export class ConfigError extends FlagonError {
  /** Always `"CONFIG"`. */
  override readonly code = "CONFIG";
}

/** A URL rule cannot be read. */
export class RuleError extends FlagonError {
  /** Always `"RULE"`. */
  override readonly code = "RULE";

  /**
   * @param reason The mistake in the rule, as a sentence.
   * @param rule The whole rule.
   * @param index The place of the mistake in the rule, counted from 0.
   * @param place The place of the rule in the app, as a sentence. Default: none.
   */
  constructor(
    readonly reason: string,
    readonly rule: string,
    readonly index: number,
    place?: string,
  ) {
    super(`${reason}\n\n  ${rule}\n  ${" ".repeat(index)}^${place === undefined ? "" : `\n\n${place}`}`);
  }
}

/** No URL can be built for an endpoint and its values. */
export class BuildError extends FlagonError {
  /** Always `"BUILD"`. */
  override readonly code = "BUILD";

  /**
   * @param message The missing or wrong value.
   * @param endpoint The endpoint whose URL was asked for.
   */
  constructor(
    message: string,
    readonly endpoint: string,
  ) {
    super(message);
  }
}

/** A view, hook or error handler returned a value that cannot become a response. */
export class ReturnValueError extends FlagonError {
  /** Always `"RETURN_VALUE"`. */
  override readonly code = "RETURN_VALUE";
}

/** No template of that name is in any template folder. */
export class TemplateNotFound extends FlagonError {
  /** Always `"TEMPLATE_NOT_FOUND"`. */
  override readonly code = "TEMPLATE_NOT_FOUND";
}

/** A template cannot be compiled, or failed while it was rendered. */
export class TemplateError extends FlagonError {
  /** Always `"TEMPLATE"`. */
  override readonly code = "TEMPLATE";

  /**
   * @param message The mistake, with the lines around it.
   * @param template The template's name or path.
   * @param line The line in the template, counted from 1.
   * @param options The error that caused this one.
   */
  constructor(
    message: string,
    readonly template: string,
    readonly line: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The session was written without a secret key or too late, or holds a value that JSON cannot. */
export class SessionError extends FlagonError {
  /** Always `"SESSION"`. */
  override readonly code = "SESSION";
}

/** A form was defined or used in a way that cannot work. */
export class FormError extends FlagonError {
  /** Always `"FORM"`. */
  override readonly code = "FORM";
}

/** A command was called with arguments that it does not take. */
export class UsageError extends FlagonError {
  /** Always `"USAGE"`. */
  override readonly code = "USAGE";
}

/** The app cannot be loaded. The message names the reason and the file. */
export class LoadError extends FlagonError {
  /** Always `"LOAD"`. */
  override readonly code = "LOAD";
}

/** A transaction, a migration or a page of rows was asked for in a way that cannot work, or the database could not do it. */
export class DatabaseError extends FlagonError {
  /** Always `"DATABASE"`. */
  override readonly code = "DATABASE";
}

/** A job cannot be enqueued, or the service that keeps jobs does not answer. */
export class JobError extends FlagonError {
  /** Always `"JOB"`. */
  override readonly code = "JOB";
}

/** A mail cannot be sent as it is, or the server refused it. */
export class MailError extends FlagonError {
  /** Always `"MAIL"`. */
  override readonly code = "MAIL";
}

/** Every {@link FlagonError}, to narrow by `code`. */
export type AnyFlagonError =
  | ContextError
  | SetupError
  | ConfigError
  | RuleError
  | BuildError
  | ReturnValueError
  | TemplateNotFound
  | TemplateError
  | SessionError
  | FormError
  | UsageError
  | LoadError
  | DatabaseError
  | JobError
  | MailError;
