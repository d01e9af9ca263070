import { validateSync } from "../base/schema";
import { explainResult } from "./check-form";
import { Conversion } from "./conversion";
import { convert } from "./convert";
import { emptyNode } from "./field-names";
import { type FieldsSource, readFormSchema } from "./form-schema";
import { isZodSchema, readShape, type ZodSchema } from "./zod";

/**
 * Tells whether a server takes the absence of a field, by asking its schema: a default, the value of a `catch()` or a function of
 * `z.preprocess()` can stand for the value.
 *
 * @param object The schema of an object.
 * @param name The name of its field.
 * @param source The place of the field.
 * @returns `undefined` if the schema has asynchronous parts, or fails.
 */
export function takesAbsence(object: ZodSchema, name: string, source: FieldsSource | "json"): boolean | undefined {
  const field = readShape(object).get(name);
  if (field === undefined || isOptional(field)) {
    return field && true;
  }
  try {
    const alone = isolate(object, name, field);
    if (alone === undefined || source === "json") {
      return alone && !("issues" in validateSync(alone, {}));
    }
    const conversion = new Conversion(source);
    const value = convert(alone, emptyNode, [], conversion);
    return "data" in explainResult(readFormSchema(alone, source), validateSync(alone, value), conversion, emptyNode);
  } catch {
    return undefined;
  }
}

/** Tells whether zod itself skips an absent field, so that its functions need not run. */
function isOptional({ _zod }: ZodSchema): boolean {
  return Reflect.get(_zod, "optin") === "optional" && Reflect.get(_zod, "optout") === "optional";
}

/** Creates an object schema of one field, by the copy of zod that the object comes from, and without the checks of the object. */
function isolate(object: ZodSchema, name: string, field: ZodSchema): ZodSchema | undefined {
  const constructor: unknown = Reflect.get(object._zod, "constr");
  const alone: unknown =
    typeof constructor === "function" ? Reflect.construct(constructor, [{ type: "object", shape: { [name]: field } }]) : undefined;
  return isZodSchema(alone) ? alone : undefined;
}
