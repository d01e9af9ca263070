import { FlagonError } from "../base/errors";
import { getRequestContext, type RequestContext } from "../dispatch/context";
import { createContextProxy } from "../dispatch/context-proxy";
import { stateOf } from "./state";
import { type AnonymousUser, type AuthenticatedUser, anonymous, present } from "./users";

/**
 * The user of the current request: the app's own, or an anonymous one. `currentUser.isAuthenticated` tells which.
 *
 * It stands for the object that the loader returned; to change or save a user, take that object.
 */
export const currentUser: AuthenticatedUser | AnonymousUser = createContextProxy<AuthenticatedUser | AnonymousUser>(
  () => findUser(getRequestContext("currentUser")) ?? anonymous,
);

/** Returns the user of a request, or `undefined` for visitors without a login. */
export function findUser(context: RequestContext): AuthenticatedUser | undefined {
  const { user } = stateOf(context);
  if (user === null) {
    return undefined;
  }
  const presented = present(user);
  return isAuthenticated(presented) ? presented : unreachable();
}

function isAuthenticated(user: object): user is AuthenticatedUser {
  return "isAuthenticated" in user;
}

function unreachable(): never {
  throw new FlagonError("A user that is presented is authenticated.");
}
