import type { FieldsSource } from "../schemas/form-schema";
import type { ZodSchema } from "../schemas/zod";

/** The direction of a value: the input and the output of a schema can differ. */
export type Direction = "input" | "output";

/** The part of a request or a response that holds a value: JSON has no files, and fields are sent as text. */
export type Place = "json" | FieldsSource;

/** Describes a schema inside another one. */
export type Describe = (schema: ZodSchema) => object;
