import { type Challenges, formatChallenges } from "../www-authenticate";
import { formatRetryAfter, HTTPException, type HTTPExceptionOptions } from "./http-exception";

/** The answer 400: "The server could not understand the request." */
export class BadRequest extends HTTPException {
  /** Always 400. */
  static override readonly status: number = 400;
  /** The default description for the client. */
  static override readonly description: string = "The server could not understand the request.";
}

/** The answer 401: "You must sign in to see this. If you did, check your user name and your password." */
export class Unauthorized extends HTTPException {
  /** Always 401. */
  static override readonly status: number = 401;
  /** The default description for the client. */
  static override readonly description: string = "You must sign in to see this. If you did, check your user name and your password.";

  /**
   * @param description The message for the client, as plain text.
   * @param options Headers, and `wwwAuthenticate`: the challenges, such as `Basic realm="Admin"`. Default: those of the login manager.
   */
  constructor(description?: string, { wwwAuthenticate, ...options }: HTTPExceptionOptions & { wwwAuthenticate?: Challenges } = {}) {
    super(description, { ...options, headers: { ...formatChallenges(wwwAuthenticate), ...options.headers } });
  }
}

/** The answer 403: "You may not see or do this." */
export class Forbidden extends HTTPException {
  /** Always 403. */
  static override readonly status: number = 403;
  /** The default description for the client. */
  static override readonly description: string = "You may not see or do this.";
}

/** The answer 404: "There is no page at this address. If you typed the address, check it for mistakes." */
export class NotFound extends HTTPException {
  /** Always 404. */
  static override readonly status: number = 404;
  /** The default description for the client. */
  static override readonly description: string = "There is no page at this address. If you typed the address, check it for mistakes.";
}

/** The answer 405: "This address does not take that method." */
export class MethodNotAllowed extends HTTPException {
  /** Always 405. */
  static override readonly status: number = 405;
  /** The default description for the client. */
  static override readonly description: string = "This address does not take that method.";

  /**
   * @param allowed The methods that the address takes, for the `Allow` header.
   * @param description The message for the client, as plain text.
   * @param options Headers, and the error that caused this one.
   */
  constructor(
    readonly allowed: readonly string[] = [],
    description?: string,
    options: HTTPExceptionOptions = {},
  ) {
    super(description, { ...options, headers: { allow: allowed.join(", "), ...options.headers } });
  }
}

/** The answer 406: "There is nothing here in a form that your client accepts." */
export class NotAcceptable extends HTTPException {
  /** Always 406. */
  static override readonly status: number = 406;
  /** The default description for the client. */
  static override readonly description: string = "There is nothing here in a form that your client accepts.";
}

/** The answer 408: "The request took too long to arrive." */
export class RequestTimeout extends HTTPException {
  /** Always 408. */
  static override readonly status: number = 408;
  /** The default description for the client. */
  static override readonly description: string = "The request took too long to arrive.";
}

/** The answer 409: "The request conflicts with the current content. Load it again and repeat the change." */
export class Conflict extends HTTPException {
  /** Always 409. */
  static override readonly status: number = 409;
  /** The default description for the client. */
  static override readonly description: string = "The request conflicts with the current content. Load it again and repeat the change.";
}

/** The answer 410: "The page at this address was removed for good." */
export class Gone extends HTTPException {
  /** Always 410. */
  static override readonly status: number = 410;
  /** The default description for the client. */
  static override readonly description: string = "The page at this address was removed for good.";
}

/** The answer 411: "The request must state its length." */
export class LengthRequired extends HTTPException {
  /** Always 411. */
  static override readonly status: number = 411;
  /** The default description for the client. */
  static override readonly description: string = "The request must state its length.";
}

/** The answer 412: "The content has changed since you last saw it. Load it again, then change it." */
export class PreconditionFailed extends HTTPException {
  /** Always 412. */
  static override readonly status: number = 412;
  /** The default description for the client. */
  static override readonly description: string = "The content has changed since you last saw it. Load it again, then change it.";
}

/** The answer 413: "The request is larger than the server accepts." */
export class ContentTooLarge extends HTTPException {
  /** Always 413. */
  static override readonly status: number = 413;
  /** The default description for the client. */
  static override readonly description: string = "The request is larger than the server accepts.";
}

/** The answer 414: "The address is longer than the server accepts." */
export class URITooLong extends HTTPException {
  /** Always 414. */
  static override readonly status: number = 414;
  /** The default description for the client. */
  static override readonly description: string = "The address is longer than the server accepts.";
}

/** The answer 415: "The server does not accept a body of this type." */
export class UnsupportedMediaType extends HTTPException {
  /** Always 415. */
  static override readonly status: number = 415;
  /** The default description for the client. */
  static override readonly description: string = "The server does not accept a body of this type.";
}

/** The answer 416: "The file does not have the range that was asked for." */
export class RangeNotSatisfiable extends HTTPException {
  /** Always 416. */
  static override readonly status: number = 416;
  /** The default description for the client. */
  static override readonly description: string = "The file does not have the range that was asked for.";

  /**
   * @param size The size of the file in bytes, for the `Content-Range` header.
   * @param description The message for the client, as plain text.
   * @param options Headers, and the error that caused this one.
   */
  constructor(
    readonly size?: number,
    description?: string,
    options: HTTPExceptionOptions = {},
  ) {
    const range: Record<string, string> = size === undefined ? {} : { "content-range": `bytes */${size}` };
    super(description, { ...options, headers: { ...range, ...options.headers } });
  }
}

/** The answer 417: "The server cannot do what the Expect header asks." */
export class ExpectationFailed extends HTTPException {
  /** Always 417. */
  static override readonly status: number = 417;
  /** The default description for the client. */
  static override readonly description: string = "The server cannot do what the Expect header asks.";
}

/** The answer 418: "This server is a teapot. It brews no coffee." */
export class ImATeapot extends HTTPException {
  /** Always 418. */
  static override readonly status: number = 418;
  /** The default description for the client. */
  static override readonly description: string = "This server is a teapot. It brews no coffee.";
}

/** The answer 421: "This server does not answer for that host." */
export class MisdirectedRequest extends HTTPException {
  /** Always 421. */
  static override readonly status: number = 421;
  /** The default description for the client. */
  static override readonly description: string = "This server does not answer for that host.";
}

/** The answer 422: "The request is well-formed, but its content is not valid." */
export class UnprocessableContent extends HTTPException {
  /** Always 422. */
  static override readonly status: number = 422;
  /** The default description for the client. */
  static override readonly description: string = "The request is well-formed, but its content is not valid.";
}

/** The answer 423: "The content at this address is locked." */
export class Locked extends HTTPException {
  /** Always 423. */
  static override readonly status: number = 423;
  /** The default description for the client. */
  static override readonly description: string = "The content at this address is locked.";
}

/** The answer 424: "The request depends on another one, which failed." */
export class FailedDependency extends HTTPException {
  /** Always 424. */
  static override readonly status: number = 424;
  /** The default description for the client. */
  static override readonly description: string = "The request depends on another one, which failed.";
}

/** The answer 428: "The request must be conditional, so that it does not overwrite another change." */
export class PreconditionRequired extends HTTPException {
  /** Always 428. */
  static override readonly status: number = 428;
  /** The default description for the client. */
  static override readonly description: string = "The request must be conditional, so that it does not overwrite another change.";
}

/** The answer 429: "You sent too many requests. Wait a little, then try again." */
export class TooManyRequests extends HTTPException {
  /** Always 429. */
  static override readonly status: number = 429;
  /** The default description for the client. */
  static override readonly description: string = "You sent too many requests. Wait a little, then try again.";

  /**
   * @param description The message for the client, as plain text.
   * @param options Headers, and `retryAfter`: the seconds until the client may try again, or the time.
   */
  constructor(description?: string, { retryAfter, ...options }: HTTPExceptionOptions & { retryAfter?: number | Date } = {}) {
    super(description, { ...options, headers: { ...formatRetryAfter(retryAfter), ...options.headers } });
  }
}

/** The answer 431: "The headers of the request are larger than the server accepts." */
export class RequestHeaderFieldsTooLarge extends HTTPException {
  /** Always 431. */
  static override readonly status: number = 431;
  /** The default description for the client. */
  static override readonly description: string = "The headers of the request are larger than the server accepts.";
}

/** The answer 451: "This may not be shown for legal reasons." */
export class UnavailableForLegalReasons extends HTTPException {
  /** Always 451. */
  static override readonly status: number = 451;
  /** The default description for the client. */
  static override readonly description: string = "This may not be shown for legal reasons.";
}
