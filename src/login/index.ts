import { getRequestContext } from "../dispatch/context";
import type { ViewOrControllerDecorator } from "../setup/decorator-types";
import { viewDecorator } from "../setup/decorators";
import type { TestClient } from "../testing/test-client";
import { findNext, identify, type LoginUserOptions, managerOf } from "./manager";
import { stateOf } from "./state";
import { idOf, type User, type UserLike } from "./users";

export { currentUser } from "./current-user";
export { LoginManager, type LoginOptions, type LoginUserOptions } from "./manager";
export { type HashOptions, hashPassword, needsRehash, verifyPassword } from "./passwords";
export type { AnonymousUser, AuthenticatedUser, LoginTypes, User, UserLike } from "./users";

/**
 * Logs a user in, and starts the session afresh.
 *
 * @param user The user, whose password was checked.
 * @param options Whether the login is remembered.
 * @returns Whether it was done: somebody who is not active is not logged in.
 */
export function loginUser(user: User & UserLike, options?: LoginUserOptions): boolean {
  const context = getRequestContext("loginUser");
  return managerOf(context).logIn(context, user, options);
}

/** Logs the current user out; what else the session holds stays. */
export function logoutUser(): void {
  const context = getRequestContext("logoutUser");
  managerOf(context).logOut(context);
}

/** Makes the login of the current user fresh again, after the password was asked for once more. */
export function confirmLogin(): void {
  const { request, session } = getRequestContext("confirmLogin");
  session.regenerate();
  session.set("_fresh", true);
  session.set("_id", identify(request));
}

/** Tells whether the current user has proved in this session who it is, rather than being remembered. */
export function isLoginFresh(): boolean {
  const context = getRequestContext("isLoginFresh");
  return stateOf(context).user !== null && context.session.get("_fresh") === true;
}

/**
 * Returns the page that somebody asked for before being sent to log in, if it is one of the app's own.
 *
 * @param fallback The page otherwise. Default: `"/"`.
 */
export function nextPage(fallback = "/"): string {
  return findNext(getRequestContext("nextPage").request, fallback);
}

/** Lets only those in who are logged in: on a method, or on a whole controller. */
export const loginRequired: ViewOrControllerDecorator = viewDecorator(
  (next) => {
    const context = getRequestContext("@loginRequired");
    return stateOf(context).user === null ? managerOf(context).unauthorized(context) : next();
  },
  { requiresLogin: true },
);

/** Lets only those in who have logged in during this session: for changing a password, say. */
export const freshLoginRequired: ViewOrControllerDecorator = viewDecorator(
  (next) => {
    const context = getRequestContext("@freshLoginRequired");
    if (stateOf(context).user === null) {
      return managerOf(context).unauthorized(context);
    }
    return context.session.get("_fresh") === true ? next() : managerOf(context).needsRefresh(context);
  },
  { requiresLogin: true },
);

/**
 * Logs a user in for a test.
 *
 * @param client The client, which keeps the login.
 * @param user The user.
 * @param options Whether the login is fresh. Default: `true`.
 */
export async function loginForTest(client: TestClient, user: User & UserLike, { fresh = true }: { fresh?: boolean } = {}): Promise<void> {
  await client.session((session, request) => {
    session.set("_user_id", idOf(user));
    session.set("_fresh", fresh);
    session.set("_id", identify(request));
  });
}
