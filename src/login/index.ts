import { FlagonError } from "../base/errors";
import { andThen, ignoreRejection, isPromise } from "../base/maybe-promise";
import { refuseUnknown } from "../base/unknown-options";
import { getRequestContext, type RequestContext } from "../dispatch/context";
import { Forbidden } from "../http/exceptions/client-errors";
import { HTTPException, ResponseException } from "../http/exceptions/http-exception";
import { toResponse } from "../http/response/response-value";
import type { ViewOrControllerDecorator } from "../setup/decorator-types";
import { viewDecorator } from "../setup/decorators";
import type { TestClient } from "../testing/test-client";
import { findUser } from "./current-user";
import { findNext, identify, managerOf } from "./manager";
import type { LoginUserOptions } from "./options";
import { stateOf } from "./state";
import { type AuthenticatedUser, idOf, type User, type UserLike } from "./users";

export { currentUser } from "./current-user";
export { LoginManager } from "./manager";
export type { LoginOptions, LoginUserOptions } from "./options";
export { type HashOptions, hashPassword, needsRehash, verifyPassword } from "./passwords";
export type { AnonymousUser, AuthenticatedUser, LoginTypes, User, UserLike } from "./users";

/**
 * Logs a user in. The session gets a new id and other CSRF tokens, and keeps its other values.
 *
 * @param user The user, whose password was checked.
 * @param options `remember` and others.
 * @returns `false` for an inactive user: nobody is logged in then.
 *
 * @example
 * ```ts
 * if (await verifyPassword(user?.passwordHash, password)) {
 *   loginUser(user, { remember: true });
 * }
 * ```
 */
export function loginUser(user: User & UserLike, options?: LoginUserOptions): boolean {
  const context = getRequestContext("loginUser");
  refuseUnknown(options, ["remember", "duration", "force", "fresh"], "loginUser()");
  return managerOf(context).logIn(context, user, options);
}

/** Logs the current user out. The session gets a new id and other CSRF tokens, and keeps its other values. */
export function logoutUser(): void {
  const context = getRequestContext("logoutUser");
  managerOf(context).logOut(context);
}

/**
 * Makes the login of the current user fresh again, after the user entered the password once more, or has changed it.
 *
 * All logins of the user end when the value of `getSecret` changes. Call this in the request that changes it to keep the current login.
 */
export function confirmLogin(): void {
  const context = getRequestContext("confirmLogin");
  managerOf(context).confirm(context);
}

/** Tells whether the current user entered the password in this session, and was not only remembered. */
export function isLoginFresh(): boolean {
  const context = getRequestContext("isLoginFresh");
  return stateOf(context).user !== null && context.session.get("_fresh") === true;
}

/**
 * Returns the page that redirected to the login page, if it is a page of the app.
 *
 * @param fallback The page otherwise. Default: `"/"`.
 */
export function nextPage(fallback = "/"): string {
  return findNext(getRequestContext("nextPage").request, fallback);
}

/**
 * Returns the current user. The result is never anonymous.
 *
 * Other visitors get the answer of {@link loginRequired}: a redirect to the login page, or 401.
 *
 * @throws {HTTPException} That answer, if nobody is logged in.
 * @throws {FlagonError} If the option `unauthorized` of the manager gives a promise, which only the decorators can wait for.
 *
 * @example
 * ```ts
 * app.get("/account", () => `You are ${requireUser().name}.`);
 * ```
 */
export function requireUser(): AuthenticatedUser {
  const context = getRequestContext("requireUser");
  const user = findUser(context);
  if (user !== undefined) {
    return user;
  }
  const answer = managerOf(context).unauthorized(context);
  if (isPromise(answer)) {
    ignoreRejection(answer);
    throw new FlagonError(
      "requireUser() cannot wait for the promise of the login manager's option 'unauthorized'. Return the answer at once, or put @loginRequired on the view.",
    );
  }
  throw answer instanceof HTTPException
    ? answer
    : new ResponseException(toResponse(answer, context.status, "The option 'unauthorized' of the login manager", context.app.json));
}

/**
 * Lets only logged-in users in: on a method, on a whole controller, or around a function. `OPTIONS` passes: preflights have no cookies.
 *
 * @example
 * ```ts
 * @loginRequired
 * @route("/account")
 * account() {
 *   return `You are ${requireUser().name}.`;
 * }
 * ```
 *
 * @example
 * ```ts
 * app.get("/members", loginRequired(() => "Members"));
 * const members = new Blueprint("members");
 * members.beforeRequest(loginRequired(() => undefined)); // all routes of the blueprint
 * ```
 */
export const loginRequired: ViewOrControllerDecorator = viewDecorator((next) => guard("@loginRequired", next, () => next()), {
  requiresLogin: true,
});

/**
 * Lets only users with a fresh login in, one of this session: such as for changing a password. `OPTIONS` passes.
 *
 * @example
 * ```ts
 * @freshLoginRequired
 * @route("/password", { methods: ["GET", "POST"] })
 * password() {
 *   return renderTemplate("password");
 * }
 * ```
 */
export const freshLoginRequired: ViewOrControllerDecorator = viewDecorator(
  (next) =>
    guard("@freshLoginRequired", next, (_user, context) =>
      context.session.get("_fresh") === true ? next() : managerOf(context).needsRefresh(context),
    ),
  { requiresLogin: true },
);

/**
 * Lets a user in if a function returns `true`: on a method, on a whole controller, or around a function. Other users get 403. Visitors without
 * a login get the answer of {@link loginRequired}. `OPTIONS` passes.
 *
 * @param isAllowed Gets the user, and the values of the rule. It runs before the schemas of the route are checked.
 *
 * @example
 * ```ts
 * @requires((user, { id }) => user.isAdmin || user.id === id)
 * @route.post("/users/<int:id>")
 * save({ id }: { id: number }) {
 *   return redirect(`/users/${id}`);
 * }
 * ```
 */
export function requires<Values extends object = Record<string, unknown>>(
  isAllowed: (user: AuthenticatedUser, values: Values) => boolean | Promise<boolean>,
): ViewOrControllerDecorator;
export function requires(
  isAllowed: (user: AuthenticatedUser, values: Record<string, unknown>) => boolean | Promise<boolean>,
): ViewOrControllerDecorator {
  return viewDecorator(
    (next, values) =>
      guard("@requires", next, (user) =>
        andThen<boolean, unknown>(isAllowed(user, values), (allowed) => (allowed === true ? next() : refuse())),
      ),
    { requiresLogin: true, responses: { 403: "For other users only." } },
  );
}

/** Calls the view for logged-in users and for `OPTIONS`, and sends other visitors to the login page. */
function guard(name: string, pass: () => unknown, goOn: (user: AuthenticatedUser, context: RequestContext) => unknown): unknown {
  const context = getRequestContext(name);
  // Preflights have no cookies (Fetch standard, section 4.8).
  if (context.request.method === "OPTIONS") {
    return pass();
  }
  const user = findUser(context);
  return user === undefined ? managerOf(context).unauthorized(context) : goOn(user, context);
}

function refuse(): never {
  throw new Forbidden();
}

/**
 * Logs a user in for a test.
 *
 * @param client The client, which keeps the login.
 * @param user The user.
 * @param options Whether the login is fresh. Default: `true`.
 *
 * @example
 * ```ts
 * const client = app.testClient();
 * await loginForTest(client, user);
 * const page = await client.get("/account");
 * ```
 */
export async function loginForTest(client: TestClient, user: User & UserLike, options: { fresh?: boolean } = {}): Promise<void> {
  refuseUnknown(options, ["fresh"], "loginForTest()");
  const { fresh = true } = options;
  await client.session((session, request) => {
    session.set("_user_id", idOf(user));
    session.set("_fresh", fresh);
    session.set("_id", identify(request));
  });
}
