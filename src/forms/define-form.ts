import { FormError } from "../base/errors";
import { getRequestContext } from "../dispatch/context";
import { type FormSchema, readFormSchema } from "../schemas/form-schema";
import type { ZodSchema } from "../schemas/zod";
import { csrfField, isSafeMethod } from "../sessions/csrf";
import { BoundForm, formNameField } from "./bound-form";
import type { Form, FormDefinition, FormInput, FormOptions, FormOutput, FormShape } from "./form";

/**
 * Defines a form by zod. The form renders itself, checks the sent values, keeps the input, and types the result.
 *
 * @param schema The fields as plain zod schemas, a `z.object(…)` of them, or a union of such objects.
 * @param options The token, the name, the messages and the template of its fields.
 * @throws {FormError} If the schema is not one of zod 4, has a key with dots or brackets, or one that
 *   the form sends itself: `csrf_token`, and `_form` if it has a name.
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
  checkOwnFields(formSchema, options);
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

/** Checks that no field has the name of one that the form adds: the browser would send both. */
function checkOwnFields({ fields }: FormSchema, { csrf = true, name }: FormOptions): void {
  if (csrf && fields.has(csrfField)) {
    throw new FormError(
      `A field of a form cannot be called '${csrfField}': the form sends its token against cross-site requests under this name. Rename the field, or leave it out: the form adds and checks the token itself.`,
    );
  }
  if (name !== undefined && fields.has(formNameField)) {
    throw new FormError(
      `A field of the form '${name}' cannot be called '${formNameField}': a form with a name sends that name in it. Rename the field.`,
    );
  }
}
