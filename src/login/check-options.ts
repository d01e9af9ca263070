import { SetupError } from "../base/errors";
import { requireOptions } from "../base/unknown-options";

const example = 'new LoginManager({ loadUser: (id) => findUser(id), loginView: "auth.login" })';

/**
 * Checks the options of a login manager.
 *
 * @throws {SetupError} If there are none, one is unknown, an app is in their place, or no function loads users.
 */
export function checkLoginOptions(options: object | undefined, known: readonly string[]): void {
  const given: unknown = options;
  if (isApp(given)) {
    throw new SetupError(`new LoginManager() takes options, and no app. Write app.use(${example}).`);
  }
  if (given === undefined) {
    throw new SetupError(`new LoginManager() needs options, but got none. Write app.use(${example}).`);
  }
  requireOptions(options, known, "new LoginManager()", SetupError);
  const loadUser: unknown = options && Reflect.get(options, "loadUser");
  if (typeof loadUser !== "function") {
    throw new SetupError(
      `The option 'loadUser' of new LoginManager() must be a function that finds a user by the id, but it is ${loadUser === undefined ? "missing" : `a ${typeof loadUser}`}. Write app.use(${example}).`,
    );
  }
}

function isApp(given: unknown): boolean {
  return typeof given === "object" && given !== null && "testClient" in given && "register" in given;
}

/** The members of login managers in Flask, and the cure of each. */
const ofFlask: Readonly<Record<string, string>> = {
  init_app: "app.use(login)",
  initApp: "app.use(login)",
  user_loader: "the option 'loadUser': new LoginManager({ loadUser: (id) => … })",
  userLoader: "the option 'loadUser': new LoginManager({ loadUser: (id) => … })",
  request_loader: "the option 'loadUserFromRequest'",
  unauthorized_handler: "the option 'unauthorized'",
  login_view: "the option 'loginView'",
  loginView: "the option 'loginView': new LoginManager({ loginView: \"auth.login\" })",
  login_message: "the option 'loginMessage'",
  loginMessage: "the option 'loginMessage'",
  login_message_category: "the option 'messageCategory'",
  refresh_view: "the option 'refreshView'",
  session_protection: "the option 'sessionProtection'",
};

/** Adds the members of Flask's login manager, to refuse them with the cure: nothing would read what is assigned to them. */
export function addForeignMembers(prototype: object): void {
  for (const [name, cure] of Object.entries(ofFlask)) {
    const refuse = (): never => {
      throw new SetupError(`A LoginManager has no '${name}'. Use ${cure}.`);
    };
    Object.defineProperty(prototype, name, { get: refuse, set: refuse, configurable: true });
  }
}
