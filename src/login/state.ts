import { FlagonError } from "../base/errors";
import type { RequestContext } from "../dispatch/context";
import type { UserLike } from "./users";

/** The login of a request. */
export interface LoginState {
  /** The user, or `null` for a visitor without a login. */
  user: UserLike | null;
}

/** The logins of the requests that are being handled. */
export const states: WeakMap<RequestContext, LoginState> = new WeakMap();

/** Returns the login of a request. */
export function stateOf(context: RequestContext): LoginState {
  const state = states.get(context);
  if (state !== undefined) {
    return state;
  }
  if (findExtension(context) === undefined) {
    missing(context);
  }
  // A request that was refused before its hooks ran has no user. Its error page can still use `currentUser`.
  if (context.errors > 0) {
    const nobody = { user: null };
    states.set(context, nobody);
    return nobody;
  }
  throw new FlagonError(
    "The user is not loaded yet. Call app.use(loginManager) before the hooks that ask for currentUser, and let the request run its hooks.",
  );
}

/** Finds the extension of the app with the name `login`. */
export function findExtension({ app }: RequestContext): unknown {
  return app.extensions.login;
}

/** Throws the error that the app has no login. */
export function missing({ app }: RequestContext): never {
  throw new FlagonError(`The app '${app.name}' has no login. Add one: app.use(new LoginManager({ loadUser })).`);
}
