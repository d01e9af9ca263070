import { FormError } from "../base/errors";
import { refusePromise } from "../base/forgotten-await";
import { refuseUnknown } from "../base/unknown-options";
import { hear } from "../base/watched-promise";
import { getRequestContext } from "../dispatch/context";
import { type FormSchema, readFormSchema } from "../schemas/form-schema";
import { unwrap } from "../schemas/unwrap";
import type { ZodSchema } from "../schemas/zod";
import { csrfField, isSafeMethod } from "../sessions/csrf";
import { BoundForm, formNameField } from "./bound-form";
import { checkMessages, checkMeta } from "./check-meta";
import { readOptions } from "./field-descriptions";
import { hasFile } from "./file-fields";
import { findControl } from "./find-control";
import type { Form, FormDefinition, FormInput, FormOptions, FormOutput, FormShape } from "./form";

const formOptions = Object.keys({ method: true, csrf: true, name: true, fieldTemplate: true, messages: true } satisfies Record<
  keyof FormOptions,
  true
>);

/**
 * Defines a form by zod. The form renders itself, checks the sent values, keeps the input, and types the result.
 *
 * @param schema The fields as plain zod schemas, a `z.object(…)` of them, or a union of such objects.
 * @param options The method, the token, the name, the messages and the template of its fields.
 * @throws {FormError} If the schema is not one of zod 4. If a key has dots or brackets, or is one that the form sends
 * itself: `csrf_token`, and `_form` if it has a name. If no control can send a field, such as a map. If a field has two
 * choices of the same text. If a form by `GET` has files, passwords or a token. If an option, or a key of `.meta()`, is misspelt.
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
  if (formSchema.whole !== undefined && formSchema.fields.size === 0 && unwrap(formSchema.whole).core._zod.def.type === "record") {
    throw new FormError(
      "A form cannot be a record whose keys are not known: it has no fields to render. Put the record into a field: z.object({ items: z.record(…) }), or state its keys by z.enum([…]).",
    );
  }
  refuseUnknown(options, formOptions, "defineForm()", FormError);
  if (options.messages !== undefined) {
    checkMessages(options.messages, "'messages' of defineForm()");
  }
  checkMeta(formSchema.fields);
  checkMethod(formSchema, options);
  checkOwnFields(formSchema, options);
  return {
    validateOnSubmit(given = {}) {
      try {
        const { initial = {}, choices = {} } = given;
        refuseUnknown(given, ["initial", "choices"], "validateOnSubmit()", FormError);
        const context = getRequestContext("validateOnSubmit");
        refuseAwaited("initial", initial);
        refuseAwaited("choices", choices);
        const bound = new BoundForm<FormOutput<Definition>>(formSchema, options, context, { initial, choices });
        const isSent = context.refusal !== undefined || !isSafeMethod(context.request.method);
        const found: Promise<unknown> = bound.isSearch ? Promise.resolve(bound.search()) : isSent ? bound.submit() : Promise.resolve(bound);
        const { debug, testing } = context.app.config;
        const form = debug || testing ? context.request.promiseWatch.add(found, "validateOnSubmit()") : hear(found);
        if (debug || testing) {
          refuseReading(form, bound);
        }
        return form as Promise<Form<FormOutput<Definition>, FormInput<Definition>>>;
      } catch (error) {
        return Promise.reject(error);
      }
    },
  };
}

/** Refuses a promise among the values that the app gives to a form: it would be shown as an empty field. */
function refuseAwaited(option: string, values: object): void {
  refusePromise(values, `option '${option}' of validateOnSubmit()`, FormError);
  for (const [name, value] of Object.entries(values)) {
    refusePromise(value, `value of '${name}' in the option '${option}' of validateOnSubmit()`, FormError);
  }
}

/**
 * Checks that a query can send all fields of a form by `GET`.
 *
 * @throws {FormError} If it has files, passwords or a token.
 */
function checkMethod({ fields }: FormSchema, { csrf = false, method = "post" }: FormOptions): void {
  if (method !== "get" && method !== "post") {
    throw new FormError(
      `The method of a form must be "get" or "post", but it is ${JSON.stringify(method)}. For PUT, PATCH and DELETE, see the setting methodOverride.`,
    );
  }
  if (method === "post") {
    return;
  }
  if (csrf) {
    throw new FormError(
      "A form by GET carries no token against cross-site requests: it changes nothing, and the token would be part of the URL. Remove 'csrf: true', or send the form by POST.",
    );
  }
  for (const [name, schema] of fields) {
    if (whenReady(() => hasFile(schema))) {
      throw new FormError(
        `The field '${name}' of a form by GET is a file, or holds one, but a query sends only text. Send the form by POST.`,
      );
    }
    if (whenReady(() => (readOptions(schema).type ?? findControl(name, schema).type) === "password")) {
      throw new FormError(
        `The field '${name}' of a form by GET is a password, which would be part of the URL, of logs and of the browser's history. Send the form by POST.`,
      );
    }
  }
}

/** Tests a schema. The result is `false` for a recursive schema that is not complete yet. */
function whenReady(ask: () => boolean): boolean {
  try {
    return ask();
  } catch (error) {
    if (!(error instanceof ReferenceError)) {
      throw error;
    }
    return false;
  }
}

/** Checks that no field has the name of one that the form adds: the browser would send both. */
function checkOwnFields({ fields }: FormSchema, { csrf = true, method, name }: FormOptions): void {
  if (csrf && method !== "get" && fields.has(csrfField)) {
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

/** Makes a promise throw if it is used as the form: its members would silently be `undefined`. */
function refuseReading(form: Promise<unknown>, bound: object): void {
  const names = [...Object.keys(bound), ...Object.getOwnPropertyNames(Object.getPrototypeOf(bound))];
  for (const name of names.filter((member) => !(member in form))) {
    Object.defineProperty(form, name, {
      get() {
        throw new FormError(
          `'${name}' of a form was read before the form was there: validateOnSubmit() gives a promise. Await it: const form = await PostForm.validateOnSubmit();`,
        );
      },
    });
  }
}
