/** The type of the app's users. Augment it: `declare module "flagon/login" { interface LoginTypes { user: User } }`. */
export interface LoginTypes {}

/** What a user has at least. */
export interface UserLike {
  /** What the user is found by. */
  readonly id: string | number;
  /** Whether the user may log in. Default: `true`. */
  readonly isActive?: boolean;
  /**
   * Gives another id than `id` to sessions and cookies: one that can be changed logs the user out everywhere.
   *
   * The loader gets it as text.
   */
  getId?(): string | number;
}

/** The app's own type of users, once {@link LoginTypes} says it. */
export type User = LoginTypes extends { readonly user: infer Own } ? Own : UserLike;

/** Somebody who is logged in. */
export type AuthenticatedUser = User & { readonly isAuthenticated: true; readonly isAnonymous: false };

/** Somebody who is not: what users have is undefined. */
export type AnonymousUser = {
  readonly isAuthenticated: false;
  readonly isAnonymous: true;
  readonly isActive: false;
  readonly id?: undefined;
} & {
  readonly [Key in Exclude<keyof User, "id" | "isActive" | "isAuthenticated" | "isAnonymous">]?: undefined;
};

/** The id under which sessions and cookies keep a user. */
export function idOf(user: UserLike): string {
  return String(user.getId?.() ?? user.id);
}

/** What `currentUser` means while nobody is logged in. */
export const anonymous: AnonymousUser = Object.freeze({ isAuthenticated: false, isAnonymous: true, isActive: false });

/** The users as they are presented: each property that is read of `currentUser` asks for it. */
const presented = new WeakMap<object, object>();

/** Presents a user together with the properties that say so; nothing of the app's own object is changed. */
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
