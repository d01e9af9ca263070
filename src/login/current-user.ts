import { FlagonError } from "../base/errors";
import { getRequestContext } from "../dispatch/context";
import { createContextProxy } from "../dispatch/context-proxy";
import { stateOf } from "./state";
import { type AnonymousUser, type AuthenticatedUser, anonymous, present } from "./users";

/**
 * Who the current request comes from: the app's own user, or somebody anonymous. `currentUser.isAuthenticated` tells which.
 *
 * It is the user that the loader returned; to change or save one, use that.
 */
export const currentUser: AuthenticatedUser | AnonymousUser = createContextProxy<AuthenticatedUser | AnonymousUser>(findUser);

function findUser(): AuthenticatedUser | AnonymousUser {
  const { user } = stateOf(getRequestContext("currentUser"));
  if (user === null) {
    return anonymous;
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
