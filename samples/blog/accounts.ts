/*
 * Accounts: who writes here, and how they register, log in and out, and change their password.
 */
import { eq, sql } from "drizzle-orm";
import { defineForm, type Flagon, flash, redirect, renderTemplate, route, urlFor } from "flagon";
import {
  confirmLogin,
  currentUser,
  freshLoginRequired,
  hashPassword,
  LoginManager,
  loginUser,
  logoutUser,
  needsRehash,
  nextPage,
  requireUser,
  verifyPassword,
} from "flagon/login";
import { z } from "zod";
import { type Database, type User, users } from "./schema";

declare module "flagon/login" {
  interface LoginTypes {
    user: User;
  }
}

const newPassword = z
  .string()
  .min(10)
  .max(200)
  .meta({ help: "Ten characters or more.", attributes: { autocomplete: "new-password" } });
const again = z.string().meta({ label: "The same again", type: "password", attributes: { autocomplete: "new-password" } });
const isTwiceTheSame = ({ password, again }: { password: string; again: string }) => password === again;
const differ = { path: ["again"], message: "The two passwords differ." };

const RegisterForm = defineForm(
  z
    .object({
      name: z
        .string()
        .trim()
        .min(2)
        .max(40)
        .meta({ help: "Stands beside what you write.", attributes: { autocomplete: "username" } }),
      password: newPassword,
      again,
    })
    .refine(isTwiceTheSame, differ),
);

const LoginForm = defineForm({
  name: z
    .string()
    .trim()
    .meta({ attributes: { autocomplete: "username" } }),
  password: z.string().meta({ attributes: { autocomplete: "current-password" } }),
  remember: z.boolean().meta({ label: "Stay logged in" }),
});

const PasswordForm = defineForm(z.object({ password: newPassword.meta({ label: "New password" }), again }).refine(isTwiceTheSame, differ));

/** Users in the database. */
class UserStore {
  constructor(private readonly db: Database) {}

  async find(id: number): Promise<User | undefined> {
    return this.db.query.users.findFirst({ where: eq(users.id, id) });
  }

  async findByName(name: string): Promise<User | undefined> {
    return this.db.query.users.findFirst({ where: sql`lower(${users.name}) = lower(${name})` });
  }

  /** Adds a user, unless somebody has the name. */
  async add(name: string, password: string): Promise<User | undefined> {
    const [user] = await this.db
      .insert(users)
      .values({ name, passwordHash: await hashPassword(password) })
      .onConflictDoNothing()
      .returning();
    return user;
  }

  async setPassword(id: number, password: string): Promise<void> {
    await this.db
      .update(users)
      .set({ passwordHash: await hashPassword(password) })
      .where(eq(users.id, id));
  }
}

class Accounts {
  constructor(private readonly users: UserStore) {}

  @route("/register", { methods: ["GET", "POST"] })
  async register() {
    const form = await RegisterForm.validateOnSubmit();
    if (form.valid) {
      const user = await this.users.add(form.data.name, form.data.password);
      if (user !== undefined) {
        loginUser(user);
        flash(`Welcome, ${user.name}.`);
        return redirect(nextPage());
      }
      form.addError("name", "Somebody has this name already.");
    }
    return renderTemplate("register", { form });
  }

  @route("/login", { methods: ["GET", "POST"] })
  async login() {
    const form = await LoginForm.validateOnSubmit({ initial: { name: currentUser.name } });
    if (form.valid) {
      const { name, password, remember } = form.data;
      const user = await this.users.findByName(name);
      if ((await verifyPassword(user?.passwordHash, password)) && user !== undefined) {
        if (needsRehash(user.passwordHash)) {
          await this.users.setPassword(user.id, password);
        }
        loginUser(user, { remember });
        flash(`Hello, ${user.name}.`);
        return redirect(nextPage());
      }
      form.addError(null, "Name or password is wrong.");
    }
    return renderTemplate("login", { form });
  }

  @route.post("/logout")
  logout() {
    logoutUser();
    flash("You are logged out.");
    return redirect("/");
  }

  /** Other devices that are remembered have to log in again afterwards. */
  @freshLoginRequired
  @route("/account", { methods: ["GET", "POST"] })
  async account() {
    const form = await PasswordForm.validateOnSubmit();
    if (form.valid) {
      await this.users.setPassword(requireUser().id, form.data.password);
      confirmLogin();
      flash("Your password is changed.");
      return redirect(urlFor(Accounts, "account"));
    }
    return renderTemplate("account", { form });
  }
}

/** Adds accounts to an app. */
export function addAccounts(app: Flagon, db: Database): void {
  const store = new UserStore(db);
  app.use(
    new LoginManager<User>({
      loadUser: (id) => store.find(Number(id)),
      getSecret: ({ passwordHash }) => passwordHash,
      loginView: "login",
    }),
  );
  app.register(new Accounts(store));
}
