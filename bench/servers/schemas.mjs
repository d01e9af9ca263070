/* The schemas of those that check by zod, and the JSON schemas of Fastify. */
import { z } from "zod";

export const PostForm = z.object({ title: z.string().trim().min(3).max(80), body: z.string().trim().min(10).max(2000) });
export const NewPost = z.object({ title: z.string().min(3).max(80), tags: z.array(z.string()).max(5), rating: z.int().min(1).max(5) });

/** What is wrong, by field. */
export function listErrors(error) {
  return z.flattenError(error).fieldErrors;
}

const text = (minLength, maxLength) => ({ type: "string", minLength, maxLength });
export const formSchema = { type: "object", required: ["title", "body"], properties: { title: text(3, 80), body: text(10, 2000) } };
export const newPostProperties = {
  title: text(3, 80),
  tags: { type: "array", items: { type: "string" }, maxItems: 5 },
  rating: { type: "integer", minimum: 1, maximum: 5 },
};
export const newPostSchema = { type: "object", required: ["title", "tags", "rating"], properties: newPostProperties };
export const postSchema = { type: "object", properties: { id: { type: "integer" }, ...newPostProperties } };
export const userSchema = {
  type: "object",
  properties: { id: { type: "integer" }, name: { type: "string" }, roles: { type: "array", items: { type: "string" } } },
};
