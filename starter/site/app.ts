import { defineForm, errorHandler, Flagon, flash, type HTTPException, redirect, renderTemplate, route, urlFor } from "flagon";
import { z } from "zod";

const EntryForm = defineForm({
  name: z.string().trim().min(1).max(60),
  message: z.string().trim().min(1).max(500).meta({ type: "textarea", help: "Up to 500 characters." }),
});

interface Entry {
  readonly name: string;
  readonly message: string;
  readonly at: Date;
}

class GuestBook {
  // In memory, so a restart empties it. Keep entries in a database when you need them for longer.
  readonly #entries: Entry[] = [];

  @route("/", { methods: ["GET", "POST"] })
  async index() {
    const form = await EntryForm.validateOnSubmit();
    if (form.valid) {
      this.#entries.unshift({ ...form.data, at: new Date() });
      flash("Thank you for signing.");
      return redirect(urlFor(GuestBook, "index"));
    }
    return renderTemplate("index", { form, entries: this.#entries });
  }

  @route("/about")
  about() {
    return renderTemplate("about");
  }

  @errorHandler(404)
  missing(error: HTTPException) {
    return renderTemplate("missing", { error });
  }
}

/** Makes an app with a guest book of its own. */
export function createApp(): Flagon {
  const app = new Flagon(__dirname);
  app.register(GuestBook);
  return app;
}

export default createApp();
