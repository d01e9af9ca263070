import { relations, sql } from "drizzle-orm";
import type { LibSQLDatabase } from "drizzle-orm/libsql";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

const now = sql`(unixepoch())`;

export const users = sqliteTable(
  "users",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    name: text().notNull(),
    /** The first members gave none. */
    email: text(),
    passwordHash: text("password_hash").notNull(),
    createdAt: integer("created_at", { mode: "timestamp" }).notNull().default(now),
    /** The time at which the link in the mail was used. Nobody logs in before. */
    confirmedAt: integer("confirmed_at", { mode: "timestamp" }),
  },
  (table) => [uniqueIndex("users_name").on(sql`lower(${table.name})`), uniqueIndex("users_email").on(sql`lower(${table.email})`)],
);

export const posts = sqliteTable("posts", {
  id: integer().primaryKey({ autoIncrement: true }),
  /** The first posts are the blog's own. */
  authorId: integer("author_id").references(() => users.id, { onDelete: "set null" }),
  title: text().notNull(),
  body: text().notNull(),
  createdAt: integer("created_at", { mode: "timestamp" }).notNull().default(now),
  updatedAt: integer("updated_at", { mode: "timestamp" }).notNull().default(now),
});

export const tags = sqliteTable(
  "tags",
  {
    postId: integer("post_id")
      .notNull()
      .references(() => posts.id, { onDelete: "cascade" }),
    name: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.postId, table.name] }), index("tags_name").on(table.name)],
);

export const comments = sqliteTable(
  "comments",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    postId: integer("post_id")
      .notNull()
      .references(() => posts.id, { onDelete: "cascade" }),
    authorId: integer("author_id").references(() => users.id, { onDelete: "set null" }),
    author: text().notNull(),
    body: text().notNull(),
    createdAt: integer("created_at", { mode: "timestamp" }).notNull().default(now),
  },
  (table) => [index("comments_post").on(table.postId)],
);

export const postRelations = relations(posts, ({ one, many }) => ({
  author: one(users, { fields: [posts.authorId], references: [users.id] }),
  tags: many(tags),
  comments: many(comments),
}));
export const tagRelations = relations(tags, ({ one }) => ({ post: one(posts, { fields: [tags.postId], references: [posts.id] }) }));
export const commentRelations = relations(comments, ({ one }) => ({
  post: one(posts, { fields: [comments.postId], references: [posts.id] }),
}));

export type User = typeof users.$inferSelect;
export type Post = typeof posts.$inferSelect;
export type BlogDatabase = LibSQLDatabase<typeof import("./schema")>;
