import { UploadedFile } from "../http/request/upload";
import { readDefinition, remember, type ZodSchema } from "./zod";

/**
 * Tells whether a schema takes files alone: `z.file()`, `z.instanceof()` of `File`, `Blob` or `UploadedFile`, or `z.custom()` of a function that takes a file, but no text
 * and no object.
 */
export const isFileSchema: (schema: ZodSchema) => boolean = remember((schema) => {
  const { type } = schema._zod.def;
  const test = type === "custom" ? readDefinition(schema, "fn") : undefined;
  if (typeof test !== "function") {
    return type === "file";
  }
  try {
    return (
      test(new UploadedFile("a.txt", "text/plain", new Uint8Array([97]))) === true && !["", "a", {}, undefined].some((value) => test(value))
    );
  } catch {
    return false;
  }
});
