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
import { drizzle } from "drizzle-orm/libsql";
import {
  abort,
  blueprint,
  contextProcessor,
  defineForm,
  errorHandler,
  Flagon,
  flash,
  type HTTPException,
  html,
  type Markup,
  makeResponse,
  redirect,
  renderTemplate,
  route,
  templateFilter,
  urlFor,
} from "flagon";
import { Database, openLibsql, recordQueries } from "flagon/database";
import { Jobs } from "flagon/jobs";
import { loginRequired, requireUser } from "flagon/login";
import { Mail } from "flagon/mail";
import { z } from "zod";
import { addAccounts } from "./blog/accounts";
import { PostStore, postsPerPage } from "./blog/posts";
import * as schema from "./blog/schema";

const root = join(__dirname, "blog");

const PostForm = defineForm({
  title: z.string().trim().min(1).max(120),
  body: z.string().trim().min(1).max(20_000).describe("A blank line starts a new paragraph."),
  tags: z.string().max(200).optional().transform(toTags).describe("Separated by commas."),
});

const CommentForm = defineForm({
  body: z.string().trim().min(1).max(2000).meta({ label: "Comment" }),
});

/** The pages. */
class Blog {
  constructor(private readonly store: PostStore) {}

  @route("/", { defaults: { page: 1 } })
  @route("/page/<int(min=1):page>")
  async index({ page }: { page: number }) {
    const { posts, total } = await this.store.list(page);
    const pages = Math.max(1, Math.ceil(total / postsPerPage));
    return renderTemplate("index", { posts, page, pages: page > pages ? abort(404) : pages });
  }

  @route("/tags/<tag>")
  async tagged({ tag }: { tag: string }) {
    const { posts } = await this.store.list(1, tag);
    return posts.length === 0 ? abort(404, "No post has this tag.") : renderTemplate("tag", { tag, posts });
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

  /** What is said below a post can be taken back by who said it, and by the post's author. */
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
    const { posts } = await this.store.list(1);
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
  const db = database.current;

  const store = new PostStore(db);
  const app = new Flagon(root, { name: "blog" });
  app.use(database);
  app.use(new Jobs());
  const mail = new Mail({ from: process.env.MAIL_FROM ?? "The Tap Room <blog@example.com>", transport: process.env.MAIL_URL });
  app.use(mail);
  addAccounts(app, db, mail);
  app.register(new Blog(store));
  app.register(new Api(store));
  return app;
}

if (require.main === module) {
  createApp().then((app) => app.run());
}
