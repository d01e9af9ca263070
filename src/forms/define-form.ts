import { getRequestContext } from "../dispatch/context";
import { readFormSchema } from "../schemas/form-schema";
import type { ZodSchema } from "../schemas/zod";
import { isSafeMethod } from "../sessions/csrf";
import { BoundForm } from "./bound-form";
import type { FormBase, FormOptions } from "./form";

/** The fields of a form: zod schemas by name. */
export type FormShape = Readonly<Record<string, ZodSchema>>;

/** What a valid form gives: the output of its schema. */
export type FormOutput<Definition> =
  Definition extends ZodSchema<infer Output>
    ? Output
    : { -readonly [Name in keyof Definition]: Definition[Name] extends ZodSchema<infer Output> ? Output : never };

/** How a form is bound to a request. */
export interface ValidateOptions<Data> {
  /** What the fields hold before anything is sent. */
  initial?: Data extends unknown ? { readonly [Name in keyof Data]?: unknown } : never;
}

/** A form that was sent and whose values are valid. */
export interface ValidForm<Data> extends FormBase<Data> {
  /** Whether the form was sent and its values are valid. */
  readonly valid: true;
  /** The values: the schema's output. */
  readonly data: Data;
}

/** A form that was not sent, or whose values are not valid. */
export interface InvalidForm<Data> extends FormBase<Data> {
  /** Whether the form was sent and its values are valid. */
  readonly valid: false;
  /** Nothing, as long as the values are not valid. */
  readonly data: undefined;
}

/** A form in a request: `valid` tells whether it has `data`. */
export type Form<Data> = ValidForm<Data> | InvalidForm<Data>;

/** A form, to be bound to requests. */
export interface FormDefinition<Data> {
  /**
   * Binds the form to the current request: to what an unsafe method sends, otherwise to the initial values.
   *
   * A plain body that the view returns with an invalid form has the status 422.
   */
  validateOnSubmit(options?: ValidateOptions<Data>): Promise<Form<Data>>;
}

/**
 * Defines a form by zod: it renders itself, checks what is sent, keeps what was typed, and types the result.
 *
 * @param schema The fields as plain zod schemas, a `z.object(…)` of them, or a union of such objects.
 * @param options Whether the form carries a token.
 * @throws {FormError} If the schema is not one of zod 4.
 *
 * @example
 * ```ts
 * const PostForm = defineForm({ title: z.string().trim().min(1).max(120), body: z.string().min(1) });
 * ```
 */
export function defineForm<Definition extends FormShape | ZodSchema<object>>(
  schema: Definition,
  options: FormOptions = {},
): FormDefinition<FormOutput<Definition>> {
  const formSchema = readFormSchema(schema);
  return {
    validateOnSubmit({ initial = {} } = {}) {
      try {
        const context = getRequestContext("validateOnSubmit");
        const bound = new BoundForm<FormOutput<Definition>>(formSchema, options, context, initial);
        const isSent = context.refusal !== undefined || !isSafeMethod(context.request.method);
        const form: Promise<unknown> = isSent ? bound.submit() : Promise.resolve(bound);
        return form as Promise<Form<FormOutput<Definition>>>;
      } catch (error) {
        return Promise.reject(error);
      }
    },
  };
}
