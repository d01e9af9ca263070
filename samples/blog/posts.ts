/*
 * Posts, their tags and comments in the database.
 */
import { and, asc, count, desc, eq, inArray } from "drizzle-orm";
import { abort } from "flagon";
import { comments, type Database, type Post, posts, tags, type User } from "./schema";

/** How many posts a page lists. */
export const postsPerPage = 5;

/** What somebody writes. */
export type PostValues = Pick<Post, "title" | "body"> & { tags: string[] };

type Transaction = Pick<Database, "insert" | "delete">;

export class PostStore {
  constructor(private readonly db: Database) {}

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
        with: { author: { columns: { name: true } }, tags: true, comments: { columns: { id: true } } },
      }),
      this.db.select({ total: count() }).from(posts).where(tagged),
    ]);
    return { posts: found, total: all?.total ?? 0 };
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
