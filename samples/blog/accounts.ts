/*
 * Accounts: members register and confirm their address by mail, log in and out, and change or reset their password.
 */
import { and, eq, isNull, lt, sql } from "drizzle-orm";
import {
  abort,
  currentApp,
  defineForm,
  type Flagon,
  flash,
  readToken,
  redirect,
  renderTemplate,
  request,
  route,
  signToken,
  urlFor,
} from "flagon";
import { atomic } from "flagon/database";
import { type JobControl, schedule } from "flagon/jobs";
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
import type { Mail } from "flagon/mail";
import { z } from "zod";
import { type Database, type User, users } from "./schema";

declare module "flagon/login" {
  interface LoginTypes {
    user: User;
  }
}

/** Seconds for which the link to a new password is good. */
const resetTime = 3600;
/** Seconds in which a new member has to confirm the address. */
const confirmTime = 7 * 86_400;

const emailAddress = z
  .email()
  .trim()
  .max(200)
  .meta({ label: "E-mail", help: "Nobody sees it. A link to confirm it comes by mail.", attributes: { autocomplete: "email" } });
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
      email: emailAddress,
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

const ForgottenForm = defineForm({ email: emailAddress.meta({ label: "E-mail", help: "The address of your account." }) });

const ConfirmForm = defineForm({});

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

  async findByEmail(email: string): Promise<User | undefined> {
    return this.db.query.users.findFirst({ where: sql`lower(${users.email}) = lower(${email})` });
  }

  /** Adds a user who has yet to confirm the address. */
  async add(name: string, email: string, passwordHash: string): Promise<User> {
    const [user] = await this.db.insert(users).values({ name, email, passwordHash }).returning();
    return user ?? abort(500);
  }

  /** Removes an account with an address that is not confirmed: anybody could have made it. */
  async withdraw(email: string): Promise<void> {
    await this.db.delete(users).where(and(sql`lower(${users.email}) = lower(${email})`, isNull(users.confirmedAt)));
  }

  /** Confirms the address of a user; once. */
  async confirm(id: number): Promise<boolean> {
    const changed = await this.db
      .update(users)
      .set({ confirmedAt: new Date() })
      .where(and(eq(users.id, id), isNull(users.confirmedAt)))
      .returning({ id: users.id });
    return changed.length > 0;
  }

  async setPassword(id: number, password: string): Promise<void> {
    await this.db
      .update(users)
      .set({ passwordHash: await hashPassword(password) })
      .where(eq(users.id, id));
  }

  /** Sets the password of a user whose old one is still the given one, and whose address the link has confirmed. Of two with the same link, one wins. */
  async resetPassword({ id, passwordHash, confirmedAt }: User, password: string): Promise<boolean> {
    const changed = await this.db
      .update(users)
      .set({ passwordHash: await hashPassword(password), confirmedAt: confirmedAt ?? new Date() })
      .where(and(eq(users.id, id), eq(users.passwordHash, passwordHash)))
      .returning({ id: users.id });
    return changed.length > 0;
  }

  /** Removes accounts whose address nobody has confirmed in time. Nobody could log in to them, so nothing hangs on them. */
  async removeUnconfirmed(before: Date): Promise<number> {
    const removed = await this.db
      .delete(users)
      .where(and(isNull(users.confirmedAt), lt(users.createdAt, before)))
      .returning({ id: users.id });
    return removed.length;
  }
}

class Accounts {
  constructor(
    private readonly users: UserStore,
    private readonly mail: Mail,
  ) {}

  /** The answer is the same whether or not the address has an account. Only its owner learns that, by mail. */
  @route("/register", { methods: ["GET", "POST"] })
  async register() {
    const form = await RegisterForm.validateOnSubmit();
    const next = request.query.get("next");
    if (form.valid) {
      const { name, email, password } = form.data;
      if (await this.add(name, email, await hashPassword(password), next)) {
        flash(`A mail is on its way to ${email}. Open its link to confirm your address.`);
        return redirect(urlFor(Accounts, "login", { next }));
      }
      form.addError("name", "Somebody has this name already.");
    }
    return renderTemplate("register", { form });
  }

  /** Scanners of mail servers fetch links, so that the page confirms nothing until its button is pressed. */
  @route("/confirm/<int:id>/<token>", { methods: ["GET", "POST"] })
  async confirm({ id, token }: { id: number; token: string }) {
    const user = await this.users.find(id);
    if (user?.confirmedAt !== null || readToken(token, { purpose: "confirm", bind: user.email }) === null) {
      abort(404, "This link was used already, or is too old. Log in, or register once more.");
    }
    const form = await ConfirmForm.validateOnSubmit();
    if (form.valid && (await this.users.confirm(id))) {
      flash(`Welcome, ${user.name}. Your address is confirmed.`);
      return redirect(urlFor(Accounts, "login", { next: request.query.get("next") }));
    }
    return renderTemplate("confirm", { form, user });
  }

  @route("/login", { methods: ["GET", "POST"] })
  async login() {
    const form = await LoginForm.validateOnSubmit({ initial: { name: currentUser.name } });
    if (form.valid) {
      const { name, password, remember } = form.data;
      const user = await this.users.findByName(name);
      const isRight = await verifyPassword(user?.passwordHash, password);
      if (isRight && user?.confirmedAt === null) {
        form.addError(null, "Your address is not confirmed yet. Open the link in the mail that you got.");
      } else if (isRight && user !== undefined) {
        if (needsRehash(user.passwordHash)) {
          await this.users.setPassword(user.id, password);
        }
        loginUser(user, { remember });
        flash(`Hello, ${user.name}.`);
        return redirect(nextPage());
      } else {
        form.addError(null, "Name or password is wrong.");
      }
    }
    return renderTemplate("login", { form });
  }

  /** The answer, and its time, are the same whether or not the address has an account: the look for it comes behind the response. */
  @route("/forgotten", { methods: ["GET", "POST"] })
  async forgotten() {
    const form = await ForgottenForm.validateOnSubmit();
    if (form.valid) {
      const { email } = form.data;
      currentApp.background(() => this.#mailReset(email));
      flash(`If ${email} has an account here, a mail with a link is on its way.`);
      return redirect(urlFor(Accounts, "login"));
    }
    return renderTemplate("forgotten", { form });
  }

  /** The token is bound to the hash of the password, so that a link that was used is dead. */
  @route("/reset/<int:id>/<token>", { methods: ["GET", "POST"] })
  async reset({ id, token }: { id: number; token: string }) {
    const user = await this.users.find(id);
    if (user === undefined || readToken(token, { purpose: "reset", bind: user.passwordHash }) === null) {
      abort(404, "This link was used already, or is too old. Ask for another one.");
    }
    const form = await PasswordForm.validateOnSubmit();
    if (form.valid && (await this.users.resetPassword(user, form.data.password))) {
      flash("Your password is changed. Log in with it.");
      return redirect(urlFor(Accounts, "login"));
    }
    return renderTemplate("reset", { form, user });
  }

  @route.post("/logout")
  logout() {
    logoutUser();
    flash("You are logged out.");
    return redirect("/");
  }

  /** All other devices must log in again afterwards. */
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

  @schedule("0 3 * * *")
  async removeUnconfirmed({ log }: JobControl) {
    const removed = await this.users.removeUnconfirmed(new Date(Date.now() - confirmTime * 1000));
    log.info({ removed }, "Removed accounts that nobody confirmed");
  }

  /** The row and the mail about it are one transaction: both, or neither. Tells whether the name was free. */
  @atomic
  private async add(name: string, email: string, passwordHash: string, next: string | null): Promise<boolean> {
    await this.users.withdraw(email);
    if ((await this.users.findByName(name)) !== undefined) {
      return false;
    }
    const owner = await this.users.findByEmail(email);
    if (owner?.email) {
      await this.mail.sendLater({ to: owner.email, subject: "You have an account already", template: "mail/known" });
      return true;
    }
    const { id } = await this.users.add(name, email, passwordHash);
    const token = signToken({ user: id }, { purpose: "confirm", expiresIn: confirmTime, bind: email });
    const link = urlFor(Accounts, "confirm", { id, token, next }, { external: true });
    await this.mail.sendLater({ to: email, subject: "Confirm your address", template: "mail/confirm", data: { name, link } });
    return true;
  }

  async #mailReset(email: string): Promise<void> {
    const user = await this.users.findByEmail(email);
    if (user?.email) {
      const token = signToken({ user: user.id }, { purpose: "reset", expiresIn: resetTime, bind: user.passwordHash });
      const link = urlFor(Accounts, "reset", { id: user.id, token }, { external: true });
      await this.mail.sendLater({ to: user.email, subject: "A new password", template: "mail/reset", data: { name: user.name, link } });
    }
  }
}

/** Adds accounts to an app. */
export function addAccounts(app: Flagon, db: Database, mail: Mail): void {
  const store = new UserStore(db);
  app.use(
    new LoginManager<User>({
      loadUser: (id) => store.find(Number(id)),
      getSecret: ({ passwordHash }) => passwordHash,
      loginView: "login",
    }),
  );
  app.register(new Accounts(store, mail));
}
