import { defineForm, type FormDefinition, type Markup, type ValidateOptions } from "flagon";
import { parseHTML } from "linkedom";
import { createApp } from "../support";

/** A form as a page of an app, with the outcome of the last request. */
export interface FormPage {
  /** Loads the page. */
  load(): Promise<ReturnType<typeof parseHTML>["document"]>;
  /** Sends fields, and returns the outcome with the page of the answer. */
  send(
    fields: Record<string, string | string[]>,
    files?: Record<string, File>,
  ): Promise<{
    status: number;
    valid: boolean;
    data: unknown;
    errors: Record<string, readonly string[]>;
    formErrors: readonly string[];
    document: ReturnType<typeof parseHTML>["document"];
  }>;
}

type Bound<Data, Input> = Awaited<ReturnType<FormDefinition<Data, Input>["validateOnSubmit"]>>;

/** Serves a form at one URL of an app. */
export function serveForm<Data, Input>(
  form: FormDefinition<Data, Input>,
  options: ValidateOptions<Data, Input> = {},
  show: (bound: Bound<Data, Input>) => Markup = (bound) => bound.render(),
  app = createApp(),
): FormPage {
  let bound: Bound<Data, Input> | undefined;
  app.route(
    "/",
    async () => {
      bound = await form.validateOnSubmit(options);
      return show(bound);
    },
    { endpoint: "form", methods: ["GET", "POST"] },
  );
  const client = app.testClient();
  return {
    async load() {
      return parseHTML(await (await client.get("/")).text()).document;
    },
    async send(fields, files) {
      const response = await client.post("/", { form: fields, ...(files === undefined ? {} : { files }) });
      const document = parseHTML(await response.text()).document;
      if (bound === undefined) {
        throw new Error(`The page answered ${response.status} before it bound the form.`);
      }
      const { valid, data, errors, formErrors } = bound;
      return { status: response.status, valid, data, errors: { ...errors }, formErrors, document };
    },
  };
}

/** Defines a form without a token, and serves it. */
export function serveFields(...[schema, options]: Parameters<typeof defineForm>): FormPage {
  return serveForm(defineForm(schema, { csrf: false, ...options }));
}

/** Returns the attributes of the control of a field. */
export function attributesOf(document: ReturnType<typeof parseHTML>["document"], name: string): Record<string, string> {
  const control = document.querySelector(`[name="${name}"]`);
  return Object.fromEntries([...(control?.attributes ?? [])].map((attribute) => [attribute.name, attribute.value]));
}
