import type { FlagonRequest } from "../http/request/request";
import type { Challenges } from "../http/www-authenticate";
import type { User, UserLike } from "./users";

/** Options of `LoginManager`. */
export interface LoginOptions<Kind extends UserLike = User & UserLike> {
  /**
   * Finds a user by the id in the session, as text. `null` for an unknown id.
   *
   * @param id The id, as `getId()` gave it.
   */
  loadUser(id: string): Kind | null | undefined | Promise<Kind | null | undefined>;
  /** Finds the user of a request without a login in its session, such as by an API key. Runs for each such request. */
  loadUserFromRequest?(request: FlagonRequest): Kind | null | undefined | Promise<Kind | null | undefined>;
  /** Returns a secret of the user, such as the hash of the password. When it changes, the logins of all browsers end, remembered ones included. Default: none. */
  getSecret?(user: Kind): string;
  /** The endpoint of the login page, or its path. Default: none, so that the answer is 401. */
  loginView?: string;
  /** The endpoint of the page for logging in again. Default: `loginView`. */
  refreshView?: string;
  /** The message flashed before the login page; `null` for none. Default: `"Please log in to access this page."`. */
  loginMessage?: string | null;
  /** The message flashed before the page for logging in again; `null` for none. Default: `"Please reauthenticate to access this page."`. */
  refreshMessage?: string | null;
  /** The category of both messages. Default: `"message"`. */
  messageCategory?: string;
  /**
   * The ways in which clients can authenticate, such as `Bearer` or `Basic realm="Admin"`: the header `WWW-Authenticate` of each 401 of the
   * app, and a security scheme of its OpenAPI document. Browsers open a dialog for Basic. Default: none, as sessions have no scheme of HTTP.
   */
  wwwAuthenticate?: Challenges;
  /** Handles visitors without a login. Replaces the redirect and its message. */
  unauthorized?(request: FlagonRequest): unknown;
  /**
   * The protection of a session whose client changes its address or its program: `"basic"` takes the freshness from the
   * login, `"strong"` ends the login, `null` does nothing. Default: `"basic"`.
   */
  sessionProtection?: "basic" | "strong" | null;
  /** The seconds for which a login is remembered. Default: 365 days. */
  rememberDuration?: number;
  /** The name of the cookie of a remembered login. Default: `"remember_token"`. */
  rememberCookieName?: string;
  /** Whether each request extends the lifetime of that cookie. Default: `false`. */
  rememberRefreshEachRequest?: boolean;
}

/** Options of `loginUser()`. */
export interface LoginUserOptions {
  /** Whether the login outlives the browser window. Default: `false`. */
  remember?: boolean;
  /** The seconds for which it is remembered. Default: the manager's `rememberDuration`. */
  duration?: number;
  /** Also logs in inactive users. Default: `false`. */
  force?: boolean;
  /** Whether the user entered the password for this login. Default: `true`. */
  fresh?: boolean;
}
