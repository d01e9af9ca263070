import { FlagonError } from "../base/errors";
import { refusePromise } from "../base/forgotten-await";

/** The type of the app's users. Augment it: `declare module "flagon/login" { interface LoginTypes { user: User } }`. */
export interface LoginTypes {}

/** The members that every user has. */
export interface UserLike {
  /** The id by which the loader finds the user. */
  readonly id: string | number;
  /** Whether the user may log in. Default: `true`. */
  readonly isActive?: boolean;
  /**
   * Returns the id for sessions and cookies, in place of `id`. A change of it logs the user out everywhere.
   *
   * The loader gets it as text.
   */
  getId?(): string | number;
}

/** The app's own type of users, if {@link LoginTypes} names one. */
export type User = LoginTypes extends { readonly user: infer Own } ? Own : UserLike;

/** A logged-in user. */
export type AuthenticatedUser = User & { readonly isAuthenticated: true; readonly isAnonymous: false };

/** A visitor without a login: the members of users are undefined. */
export type AnonymousUser = {
  readonly isAuthenticated: false;
  readonly isAnonymous: true;
  readonly isActive: false;
  readonly id?: undefined;
} & {
  readonly [Key in Exclude<keyof User, "id" | "isActive" | "isAuthenticated" | "isAnonymous">]?: undefined;
};

/**
 * Returns the id of a user in sessions and cookies.
 *
 * @throws {FlagonError} If the user or its id is a promise, or the user has no id.
 */
export function idOf(user: UserLike): string {
  refusePromise(user, "user of a login");
  const id: unknown = user.getId?.() ?? user.id;
  refusePromise(id, "id of a user");
  if (id === undefined || id === null) {
    throw new FlagonError("The user of a login has no id. Log in an object as the option 'loadUser' of LoginManager returns it.");
  }
  return String(id);
}

/** The value of `currentUser` for visitors without a login. */
export const anonymous: AnonymousUser = Object.freeze({ isAuthenticated: false, isAnonymous: true, isActive: false });

/** The proxies of users. Kept, since each use of `currentUser` asks for one. */
const presented = new WeakMap<object, object>();

/** Returns a user with `isAuthenticated` and `isAnonymous`. The app's own object is not changed. */
export function present(user: object): object {
  const known = presented.get(user);
  if (known !== undefined) {
    return known;
  }
  const proxy = new Proxy(user, authenticated);
  presented.set(user, proxy);
  return proxy;
}

const authenticated: ProxyHandler<object> = {
  get(target, key) {
    if (key === "isAuthenticated") {
      return true;
    }
    if (key === "isAnonymous") {
      return false;
    }
    const value: unknown = Reflect.get(target, key, target);
    return typeof value === "function" ? value.bind(target) : value;
  },
  has: (target, key) => key === "isAuthenticated" || key === "isAnonymous" || Reflect.has(target, key),
};
