import { abort, currentApp, defineForm, flash, readToken, redirect, renderTemplate, route, signToken, urlFor } from "flagon";
import { atomic } from "flagon/database";
import { type JobControl, schedule } from "flagon/jobs";
import { hashPassword, loginUser, logoutUser, nextPage, verifyPassword } from "flagon/login";
import type { Mail } from "flagon/mail";
import { z } from "zod";
import type { User } from "./schema";
import type { UserStore } from "./users";

// Tells the compiler the type of currentUser.
declare module "flagon/login" {
  interface LoginTypes {
    user: User;
  }
}

/** Seconds for which the link to a new password is good. */
const resetTime = 3600;
/** Seconds in which a new member has to confirm the address. */
const confirmTime = 7 * 86_400;

const email = z
  .email()
  .max(200)
  .toLowerCase()
  .meta({ label: "E-mail", attributes: { autocomplete: "email" } });
const newPassword = z
  .string()
  .min(10)
  .max(200)
  .meta({ help: "Ten characters or more.", attributes: { autocomplete: "new-password" } });

const RegisterForm = defineForm({ email, password: newPassword });
const LoginForm = defineForm({ email, password: z.string().meta({ attributes: { autocomplete: "current-password" } }) });
const ForgottenForm = defineForm({ email });
const ResetForm = defineForm({ password: newPassword.meta({ label: "New password" }) });
const ConfirmForm = defineForm({});

/**
 * Members register, confirm their address by mail, log in and out, and get a new password by mail.
 *
 * The templates of the mails make the links: there they lead to FLAGON_SERVER_NAME, and not to a host that a request names.
 */
export class Accounts {
  constructor(
    private readonly users: UserStore,
    private readonly mail: Mail,
  ) {}

  /** The answer is the same whether or not the address has an account. Only its owner learns that, by mail. */
  @route("/register", { methods: ["GET", "POST"] })
  async register() {
    const form = await RegisterForm.validateOnSubmit();
    if (form.valid) {
      const { email, password } = form.data;
      await this.add(email, await hashPassword(password));
      flash(`A mail is on its way to ${email}. Open its link to confirm your address.`);
      return redirect(urlFor(Accounts, "login"));
    }
    return renderTemplate("form", { form, title: "Register", submit: "Register" });
  }

  /** Scanners of mail servers open links, so the page changes nothing before its button is pressed. */
  @route("/confirm/<int:id>/<token>", { methods: ["GET", "POST"] })
  async confirm({ id, token }: { id: number; token: string }) {
    const user = await this.users.find(id);
    if (user?.confirmedAt !== null || readToken(token, { purpose: "confirm", bind: user.email }) === null) {
      abort(404, "This link was used already, or is too old. Log in, or register once more.");
    }
    const form = await ConfirmForm.validateOnSubmit();
    if (form.valid) {
      if (!(await this.users.confirm(id))) {
        abort(404, "This link was used already. Log in.");
      }
      flash("Your address is confirmed. Log in.");
      return redirect(urlFor(Accounts, "login"));
    }
    return renderTemplate("form", { form, title: `Confirm ${user.email}`, submit: "Confirm" });
  }

  @route("/login", { methods: ["GET", "POST"] })
  async login() {
    const form = await LoginForm.validateOnSubmit();
    if (form.valid) {
      const user = await this.users.findByEmail(form.data.email);
      // An unknown address takes as long as a wrong password.
      const isRight = await verifyPassword(user?.passwordHash, form.data.password);
      if (isRight && user !== undefined && user.confirmedAt !== null) {
        loginUser(user);
        return redirect(nextPage());
      }
      form.addError(null, isRight ? "Open the link in the mail that you got, to confirm your address." : "Address or password is wrong.");
    }
    return renderTemplate("login", { form });
  }

  @route.post("/logout")
  logout() {
    logoutUser();
    flash("You are logged out.");
    return redirect(urlFor(Accounts, "login"));
  }

  /** The answer, and its time, are the same for every address: the look for the account comes behind the response. */
  @route("/forgotten", { methods: ["GET", "POST"] })
  async forgotten() {
    const form = await ForgottenForm.validateOnSubmit();
    if (form.valid) {
      const { email } = form.data;
      currentApp.background(() => this.#mailReset(email));
      flash(`If ${email} has an account here, a mail with a link is on its way.`);
      return redirect(urlFor(Accounts, "login"));
    }
    return renderTemplate("form", { form, title: "Forgotten password", submit: "Send me a link" });
  }

  /** The token is bound to the hash of the password, so a link that was used is dead. A new hash ends all other logins as well. */
  @route("/reset/<int:id>/<token>", { methods: ["GET", "POST"] })
  async reset({ id, token }: { id: number; token: string }) {
    const user = await this.users.find(id);
    if (user === undefined || readToken(token, { purpose: "reset", bind: user.passwordHash }) === null) {
      abort(404, "This link was used already, or is too old. Ask for another one.");
    }
    const form = await ResetForm.validateOnSubmit();
    if (form.valid) {
      if (!(await this.users.resetPassword(user, await hashPassword(form.data.password)))) {
        abort(404, "This link was used already. Ask for another one.");
      }
      flash("Your password is changed. Log in with it.");
      return redirect(urlFor(Accounts, "login"));
    }
    return renderTemplate("form", { form, title: "Choose a new password", submit: "Change password" });
  }

  @schedule("0 3 * * *")
  async removeUnconfirmed({ log }: JobControl) {
    const removed = await this.users.removeUnconfirmed(new Date(Date.now() - confirmTime * 1000));
    log.info({ removed }, "Removed accounts that nobody confirmed");
  }

  /** The row and the mail about it are one transaction: both, or neither. */
  @atomic
  private async add(email: string, passwordHash: string): Promise<void> {
    await this.users.withdraw(email);
    if ((await this.users.findByEmail(email)) !== undefined) {
      await this.mail.sendLater({ to: email, subject: "You have an account already", template: "mail/known" });
      return;
    }
    const id = await this.users.add(email, passwordHash);
    const token = signToken({}, { purpose: "confirm", expiresIn: confirmTime, bind: email });
    await this.mail.sendLater({ to: email, subject: "Confirm your address", template: "mail/confirm", data: { id, token } });
  }

  async #mailReset(address: string): Promise<void> {
    const user = await this.users.findByEmail(address);
    if (user !== undefined) {
      const { email, id, passwordHash } = user;
      const token = signToken({}, { purpose: "reset", expiresIn: resetTime, bind: passwordHash });
      await this.mail.sendLater({ to: email, subject: "A new password", template: "mail/reset", data: { id, token } });
    }
  }
}
