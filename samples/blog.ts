/*
 * A blog: pages and forms on a database, as one would write them for real.
 *
 * It lists posts page by page and by tag, shows one with its comments, takes new posts, changes and comments by
 * validated forms, and also speaks Atom and JSON. Posts live in `samples/blog/blog.db`, which is created and migrated
 * at the start; set DATABASE_URL, and DATABASE_AUTH_TOKEN if it wants one, to keep them on a libSQL server.
 *
 *     npx ts-node samples/blog.ts
 */
import { join } from "node:path";
import { createClient } from "@libsql/client";
import { and, asc, count, desc, eq, inArray } from "drizzle-orm";
import { drizzle, type LibSQLDatabase } from "drizzle-orm/libsql";
import { migrate } from "drizzle-orm/libsql/migrator";
import {
  abort,
  blueprint,
  contextProcessor,
  defineForm,
  errorHandler,
  Flagon,
  flash,
  html,
  type Markup,
  makeResponse,
  redirect,
  renderTemplate,
  route,
  templateFilter,
  urlFor,
} from "flagon";
import { z } from "zod";
import * as schema from "./blog/schema";
import { comments, type Post, posts, tags } from "./blog/schema";

const root = join(__dirname, "blog");
const postsPerPage = 5;

const PostForm = defineForm({
  title: z.string().trim().min(1).max(120),
  body: z.string().trim().min(1).max(20_000).describe("A blank line starts a new paragraph."),
  tags: z.string().max(200).optional().transform(toTags).describe("Separated by commas."),
});

const CommentForm = defineForm({
  author: z.string().trim().min(1).max(60).meta({ label: "Your name" }),
  body: z.string().trim().min(1).max(2000).meta({ label: "Comment" }),
});

/** Posts, their tags and comments in the database. */
class PostStore {
  constructor(private readonly db: LibSQLDatabase<typeof schema>) {}

  /** Returns one page of posts, the newest first, and the number of all posts. */
  async list(page: number, tag?: string) {
    const tagged =
      tag === undefined ? undefined : inArray(posts.id, this.db.select({ id: tags.postId }).from(tags).where(eq(tags.name, tag)));
    const [found, [all]] = await Promise.all([
      this.db.query.posts.findMany({
        where: tagged,
        orderBy: [desc(posts.createdAt), desc(posts.id)],
        limit: postsPerPage,
        offset: (page - 1) * postsPerPage,
        with: { tags: true, comments: { columns: { id: true } } },
      }),
      this.db.select({ total: count() }).from(posts).where(tagged),
    ]);
    return { posts: found, total: all?.total ?? 0 };
  }

  /** Returns a post with its tags and comments, or answers 404. */
  async get(id: number) {
    const post = await this.db.query.posts.findFirst({
      where: eq(posts.id, id),
      with: { tags: true, comments: { orderBy: asc(comments.createdAt) } },
    });
    return post ?? abort(404, "There is no such post. It may have been deleted.");
  }

  async add({ title, body, tags: names }: PostValues): Promise<number> {
    return this.db.transaction(async (db) => {
      const [post] = await db.insert(posts).values({ title, body }).returning();
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

  async comment(postId: number, values: { author: string; body: string }): Promise<void> {
    await this.db.insert(comments).values({ postId, ...values });
  }

  async deleteComment(postId: number, id: number): Promise<void> {
    await this.db.delete(comments).where(and(eq(comments.id, id), eq(comments.postId, postId)));
  }
}

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

  @route("/posts/<int:id>", { methods: ["GET", "POST"] })
  async show({ id }: { id: number }) {
    const post = await this.store.get(id);
    const form = await CommentForm.validateOnSubmit();
    if (form.valid) {
      await this.store.comment(id, form.data);
      flash("Thank you for your comment.");
      return redirect(urlFor(Blog, "show", { id }, { anchor: "comments" }));
    }
    return renderTemplate("show", { post, form });
  }

  @route("/posts/new", { methods: ["GET", "POST"] })
  async create() {
    const form = await PostForm.validateOnSubmit();
    if (form.valid) {
      const id = await this.store.add(form.data);
      flash("Published.");
      return redirect(urlFor(Blog, "show", { id }));
    }
    return renderTemplate("edit", { form, title: "New post" });
  }

  @route("/posts/<int:id>/edit", { methods: ["GET", "POST"] })
  async edit({ id }: { id: number }) {
    const post = await this.store.get(id);
    const form = await PostForm.validateOnSubmit({ initial: { ...post, tags: post.tags.map(({ name }) => name).join(", ") } });
    if (form.valid) {
      await this.store.change(id, form.data);
      flash("Saved.");
      return redirect(urlFor(Blog, "show", { id }));
    }
    return renderTemplate("edit", { form, title: "Edit post", post });
  }

  @route.post("/posts/<int:id>/delete")
  async delete({ id }: { id: number }) {
    const { title } = await this.store.get(id);
    await this.store.delete(id);
    flash(`“${title}” is deleted.`);
    return redirect(urlFor(Blog, "index", { page: 1 }));
  }

  @route("/feed.xml")
  async feed() {
    const { posts } = await this.store.list(1);
    return makeResponse(renderTemplate("feed", { posts }), 200, { "content-type": "application/atom+xml; charset=utf-8" });
  }

  @errorHandler(404)
  notFound(error: Error) {
    return renderTemplate("not-found", { error });
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
}

/** The same posts for programs. */
@blueprint("api", { urlPrefix: "/api" })
class Api {
  constructor(private readonly store: PostStore) {}

  @route("/posts/<int:id>")
  async post({ id }: { id: number }) {
    const { tags, comments, ...post } = await this.store.get(id);
    return { ...post, tags: tags.map(({ name }) => name), comments: comments.map(({ postId, ...comment }) => comment) };
  }
}

type PostValues = Pick<Post, "title" | "body"> & { tags: string[] };
type Transaction = Pick<LibSQLDatabase<typeof schema>, "insert" | "delete">;

async function setTags(db: Transaction, postId: number, names: readonly string[]): Promise<void> {
  await db.delete(tags).where(eq(tags.postId, postId));
  if (names.length > 0) {
    await db.insert(tags).values(names.map((name) => ({ postId, name })));
  }
}

function toTags(text = ""): string[] {
  const names = text.split(",").map((name) => name.trim().toLowerCase().replace(/\s+/g, "-").replaceAll("/", "-"));
  return [...new Set(names.filter((name) => name !== ""))];
}

/** Creates the app on a database, which is brought up to date first. */
export async function createApp(url = process.env.DATABASE_URL ?? `file:${join(root, "blog.db")}`): Promise<Flagon> {
  const { DATABASE_AUTH_TOKEN: authToken } = process.env;
  const client = createClient({ url, ...(authToken === undefined ? {} : { authToken }) });
  await client.execute("PRAGMA foreign_keys = ON");
  const db = drizzle(client, { schema });
  await migrate(db, { migrationsFolder: join(root, "migrations") });

  const store = new PostStore(db);
  const app = new Flagon(root, { name: "blog" });
  app.register(new Blog(store));
  app.register(new Api(store));
  return app;
}

if (require.main === module) {
  createApp().then((app) => app.run());
}
