/*
 * A blog: pages, forms, accounts and mails on a database, as one would write them for real.
 *
 * It lists posts page by page and by tag, shows one with its comments, takes posts and comments of members by
 * validated forms, lets authors change their own, and also speaks Atom and JSON. All of it lives in
 * `samples/blog/blog.db`, which is created and migrated at the start; set DATABASE_URL, and DATABASE_AUTH_TOKEN if it wants one, to keep them on a libSQL server.
 *
 * Members confirm their address by mail, and get a new password by mail. In development no mail leaves: the toolbar leads to the preview, /_flagon/mail, with
 * the links. To send them, set MAIL_URL (smtps://user:password@host), MAIL_FROM, and FLAGON_SERVER_NAME, to which their links lead.
 *
 *     npx ts-node samples/blog.ts
 */
import { join } from "node:path";
import { and, asc, desc, eq, inArray, isNull, lt, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/libsql";
import {
  abort,
  blueprint,
  contextProcessor,
  currentApp,
  defineForm,
  errorHandler,
  Flagon,
  flash,
  type HTTPException,
  html,
  type Markup,
  makeResponse,
  readToken,
  redirect,
  renderTemplate,
  request,
  route,
  signToken,
  templateFilter,
  urlFor,
} from "flagon";
import { atomic, Database, openLibsql, paginate, recordQueries } from "flagon/database";
import { type JobControl, Jobs, schedule } from "flagon/jobs";
import {
  confirmLogin,
  currentUser,
  freshLoginRequired,
  hashPassword,
  LoginManager,
  loginRequired,
  loginUser,
  logoutUser,
  needsRehash,
  nextPage,
  requireUser,
  verifyPassword,
} from "flagon/login";
import { Mail } from "flagon/mail";
import { z } from "zod";
import * as schema from "./blog/schema";
import { type BlogDatabase, comments, type Post, posts, tags, type User, users } from "./blog/schema";

declare module "flagon/login" {
  interface LoginTypes {
    user: User;
  }
}

const root = join(__dirname, "blog");

/** How many posts a page lists. */
export const postsPerPage = 5;
/** Seconds for which the link to a new password is good. */
const resetTime = 3600;
/** Seconds in which a new member has to confirm the address. */
const confirmTime = 7 * 86_400;

const PostForm = defineForm({
  title: z.string().trim().min(1).max(120),
  body: z.string().trim().min(1).max(20_000).describe("A blank line starts a new paragraph."),
  tags: z.string().max(200).optional().transform(toTags).describe("Separated by commas."),
});

const CommentForm = defineForm({
  body: z.string().trim().min(1).max(2000).meta({ label: "Comment" }),
});

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
        .meta({ help: "It is shown beside your posts and comments.", attributes: { autocomplete: "username" } }),
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

/** The values of the form of a post. */
type PostValues = Pick<Post, "title" | "body"> & { tags: string[] };

type Transaction = Pick<BlogDatabase, "insert" | "delete">;

/** Posts, their tags and comments in the database. */
class PostStore {
  constructor(private readonly db: BlogDatabase) {}

  /** Returns one page of posts, the newest first, or answers 404 if there is no such page. */
  async list(page: number, tag?: string) {
    const tagged =
      tag === undefined ? undefined : inArray(posts.id, this.db.select({ id: tags.postId }).from(tags).where(eq(tags.name, tag)));
    const find = (range: { limit: number; offset: number }) =>
      this.db.query.posts.findMany({
        ...range,
        where: tagged,
        orderBy: [desc(posts.createdAt), desc(posts.id)],
        with: { author: { columns: { name: true } }, tags: true, comments: { columns: { id: true } } },
      });
    return paginate(find, { page, perPage: postsPerPage, count: this.db.$count(posts, tagged) });
  }

  /** Returns a post with its author's name, tags and comments, or answers 404. */
  async get(id: number) {
    const post = await this.db.query.posts.findFirst({
      where: eq(posts.id, id),
      with: { author: { columns: { name: true } }, tags: true, comments: { orderBy: asc(comments.createdAt) } },
    });
    return post ?? abort(404, "There is no such post. It may have been deleted.");
  }

  async add(authorId: number, { title, body, tags: names }: PostValues): Promise<number> {
    return this.db.transaction(async (db) => {
      const [post] = await db.insert(posts).values({ authorId, title, body }).returning();
      await setTags(db, post?.id ?? 0, names);
      return post?.id ?? 0;
    });
  }

  async change(id: number, { title, body, tags: names }: PostValues): Promise<void> {
    await this.db.transaction(async (db) => {
      await db.update(posts).set({ title, body, updatedAt: new Date() }).where(eq(posts.id, id));
      await setTags(db, id, names);
    });
  }

  async delete(id: number): Promise<void> {
    await this.db.delete(posts).where(eq(posts.id, id));
  }

  async comment(postId: number, { id, name }: Pick<User, "id" | "name">, body: string): Promise<void> {
    await this.db.insert(comments).values({ postId, authorId: id, author: name, body });
  }

  async deleteComment(postId: number, id: number): Promise<void> {
    await this.db.delete(comments).where(and(eq(comments.id, id), eq(comments.postId, postId)));
  }
}

async function setTags(db: Transaction, postId: number, names: readonly string[]): Promise<void> {
  await db.delete(tags).where(eq(tags.postId, postId));
  if (names.length > 0) {
    await db.insert(tags).values(names.map((name) => ({ postId, name })));
  }
}

/** Users in the database. */
class UserStore {
  constructor(private readonly db: BlogDatabase) {}

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

/** The pages. */
class Blog {
  constructor(private readonly store: PostStore) {}

  @route("/", { defaults: { page: 1 } })
  @route("/page/<int(min=1):page>")
  async index({ page }: { page: number }) {
    return renderTemplate("index", { posts: await this.store.list(page), toPage: (page: number) => urlFor(Blog, "index", { page }) });
  }

  @route("/tags/<tag>", { defaults: { page: 1 } })
  @route("/tags/<tag>/page/<int(min=1):page>")
  async tagged({ tag, page }: { tag: string; page: number }) {
    const posts = await this.store.list(page, tag);
    const toPage = (page: number) => urlFor(Blog, "tagged", { tag, page });
    return posts.total === 0 ? abort(404, "No post has this tag.") : renderTemplate("tag", { tag, posts, toPage });
  }

  @route("/posts/<int:id>")
  async show({ id }: { id: number }) {
    return this.#showPost(await this.store.get(id));
  }

  @loginRequired
  @route.post("/posts/<int:id>")
  async comment({ id }: { id: number }) {
    const post = await this.store.get(id);
    const form = await CommentForm.validateOnSubmit();
    if (form.valid) {
      await this.store.comment(id, requireUser(), form.data.body);
      flash("Thank you for your comment.");
      return redirect(urlFor(Blog, "show", { id }, { anchor: "comments" }));
    }
    return this.#showPost(post, form);
  }

  /** The author of a comment, and the author of the post, can delete it. */
  @loginRequired
  @route.post("/posts/<int:id>/comments/<int:comment>/delete")
  async deleteComment({ id, comment }: { id: number; comment: number }) {
    const post = await this.store.get(id);
    const { authorId } = post.comments.find((one) => one.id === comment) ?? abort(404, "There is no such comment.");
    if (![post.authorId, authorId].includes(requireUser().id)) {
      abort(403, "Only its author can delete this comment, or the author of the post.");
    }
    await this.store.deleteComment(id, comment);
    flash("The comment is deleted.");
    return redirect(urlFor(Blog, "show", { id }, { anchor: "comments" }));
  }

  @loginRequired
  @route("/posts/new", { methods: ["GET", "POST"] })
  async create() {
    const form = await PostForm.validateOnSubmit();
    if (form.valid) {
      const id = await this.store.add(requireUser().id, form.data);
      flash("Published.");
      return redirect(urlFor(Blog, "show", { id }));
    }
    return renderTemplate("edit", { form, title: "New post" });
  }

  @loginRequired
  @route("/posts/<int:id>/edit", { methods: ["GET", "POST"] })
  async edit({ id }: { id: number }) {
    const post = await this.#getOwn(id);
    const form = await PostForm.validateOnSubmit({ initial: { ...post, tags: post.tags.map(({ name }) => name).join(", ") } });
    if (form.valid) {
      await this.store.change(id, form.data);
      flash("Saved.");
      return redirect(urlFor(Blog, "show", { id }));
    }
    return renderTemplate("edit", { form, title: "Edit post", post });
  }

  @loginRequired
  @route.post("/posts/<int:id>/delete")
  async delete({ id }: { id: number }) {
    const { title } = await this.#getOwn(id);
    await this.store.delete(id);
    flash(`“${title}” is deleted.`);
    return redirect(urlFor(Blog, "index", { page: 1 }));
  }

  @route("/feed.xml")
  async feed() {
    const { items: posts } = await this.store.list(1);
    return makeResponse(renderTemplate("feed", { posts }), 200, { "content-type": "application/atom+xml; charset=utf-8" });
  }

  @errorHandler(403)
  @errorHandler(404)
  refused(error: HTTPException) {
    return renderTemplate("refused", { error, title: error.status === 404 ? "This flagon is empty" : "This is not yours" });
  }

  @contextProcessor
  site() {
    return { siteName: "The Tap Room" };
  }

  @templateFilter
  paragraphs(text: string): Markup {
    return html`${text.split(/(?:\r?\n){2,}/).map((paragraph) => html`<p>${paragraph}</p>`)}`;
  }

  @templateFilter
  longDate(date: Date): string {
    return date.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
  }

  async #showPost(post: Awaited<ReturnType<PostStore["get"]>>, sent?: Awaited<ReturnType<typeof CommentForm.validateOnSubmit>>) {
    return renderTemplate("show", { post, form: sent ?? (await CommentForm.validateOnSubmit()) });
  }

  async #getOwn(id: number) {
    const post = await this.store.get(id);
    return post.authorId === requireUser().id ? post : abort(403, "Only its author can change this post.");
  }
}

/**
 * Members register and confirm their address by mail, log in and out, and change or reset their password.
 *
 * The templates of the mails make the links: they lead to FLAGON_SERVER_NAME, and not to a host that a request names.
 */
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
    if (form.valid) {
      if (!(await this.users.confirm(id))) {
        abort(404, "This link was used already. Log in.");
      }
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
    if (!form.valid) {
      return renderTemplate("reset", { form, user });
    }
    if (!(await this.users.resetPassword(user, form.data.password))) {
      abort(404, "This link was used already. Ask for another one.");
    }
    flash("Your password is changed. Log in with it.");
    return redirect(urlFor(Accounts, "login"));
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
    await this.mail.sendLater({ to: email, subject: "Confirm your address", template: "mail/confirm", data: { id, name, next, token } });
    return true;
  }

  async #mailReset(address: string): Promise<void> {
    const user = await this.users.findByEmail(address);
    if (user?.email) {
      const token = signToken({ user: user.id }, { purpose: "reset", expiresIn: resetTime, bind: user.passwordHash });
      const { email, id, name } = user;
      await this.mail.sendLater({ to: email, subject: "A new password", template: "mail/reset", data: { id, name, token } });
    }
  }
}

/** The same posts for programs. */
@blueprint("api", { urlPrefix: "/api" })
class Api {
  constructor(private readonly store: PostStore) {}

  @route("/posts/<int:id>")
  async post({ id }: { id: number }) {
    const { author, authorId, tags, comments, ...post } = await this.store.get(id);
    return {
      ...post,
      author: author?.name ?? null,
      tags: tags.map(({ name }) => name),
      comments: comments.map(({ id, author, body, createdAt }) => ({ id, author, body, createdAt })),
    };
  }
}

function toTags(text = ""): string[] {
  const names = text.split(",").map((name) => name.trim().toLowerCase().replace(/\s+/g, "-").replaceAll("/", "-"));
  return [...new Set(names.filter((name) => name !== ""))];
}

/** Creates the app on a database, which is brought up to date first. */
export async function createApp(url = process.env.DATABASE_URL ?? `file:${join(root, "blog.db")}`): Promise<Flagon> {
  const database = new Database(drizzle(openLibsql(url), { schema, logger: recordQueries() }), { migrations: join(root, "migrations") });
  await database.migrate();
  const postStore = new PostStore(database.current);
  const userStore = new UserStore(database.current);
  const mail = new Mail({ from: process.env.MAIL_FROM ?? "The Tap Room <blog@example.com>", transport: process.env.MAIL_URL });

  const app = new Flagon(root, { name: "blog" });
  app.use(database);
  app.use(new Jobs());
  app.use(mail);
  app.use(
    new LoginManager<User>({
      loadUser: (id) => userStore.find(Number(id)),
      getSecret: ({ passwordHash }) => passwordHash,
      loginView: "login",
    }),
  );
  app.register(new Accounts(userStore, mail));
  app.register(new Blog(postStore));
  app.register(new Api(postStore));
  return app;
}

if (require.main === module) {
  createApp().then((app) => app.run());
}
