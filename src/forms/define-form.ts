import { getRequestContext } from "../dispatch/context";
import { readFormSchema } from "../schemas/form-schema";
import type { ZodSchema } from "../schemas/zod";
import { isSafeMethod } from "../sessions/csrf";
import { BoundForm } from "./bound-form";
import type { Form, FormDefinition, FormInput, FormOptions, FormOutput, FormShape } from "./form";

/**
 * Defines a form by zod. The form renders itself, checks the sent values, keeps the input, and types the result.
 *
 * @param schema The fields as plain zod schemas, a `z.object(…)` of them, or a union of such objects.
 * @param options The token, the name, the messages and the template of its fields.
 * @throws {FormError} If the schema is not one of zod 4, or has a key with dots or brackets.
 *
 * @example
 * ```ts
 * const PostForm = defineForm({ title: z.string().trim().min(1).max(120), body: z.string().min(1) });
 * ```
 */
export function defineForm<Definition extends FormShape | ZodSchema<object>>(
  schema: Definition,
  options: FormOptions = {},
): FormDefinition<FormOutput<Definition>, FormInput<Definition>> {
  const formSchema = readFormSchema(schema);
  return {
    validateOnSubmit({ initial = {}, choices = {} } = {}) {
      try {
        const context = getRequestContext("validateOnSubmit");
        const bound = new BoundForm<FormOutput<Definition>>(formSchema, options, context, { initial, choices });
        const isSent = context.refusal !== undefined || !isSafeMethod(context.request.method);
        const form: Promise<unknown> = isSent ? bound.submit() : Promise.resolve(bound);
        return form as Promise<Form<FormOutput<Definition>>>;
      } catch (error) {
        return Promise.reject(error);
      }
    },
  };
}
