import { and, desc, eq } from "drizzle-orm";
import { abort, defineForm, errorHandler, flash, type HTTPException, redirect, renderTemplate, route, urlFor } from "flagon";
import { paginate } from "flagon/database";
import { loginRequired, requireUser } from "flagon/login";
import { z } from "zod";
import type { Db } from "./database";
import { notes } from "./schema";

const NoteForm = defineForm({ text: z.string().trim().min(1).max(500).meta({ label: "Note", type: "textarea" }) });

/** The notes of each member, which nobody else sees. */
export class Notes {
  constructor(private readonly db: Db) {}

  @loginRequired
  @route("/", { methods: ["GET", "POST"] })
  async index() {
    const userId = requireUser().id;
    const form = await NoteForm.validateOnSubmit();
    if (form.valid) {
      await this.db.insert(notes).values({ userId, text: form.data.text });
      flash("Saved.");
      return redirect(urlFor(Notes, "index"));
    }
    const own = this.db.select().from(notes).where(eq(notes.userId, userId)).orderBy(desc(notes.id));
    return renderTemplate("notes", { form, notes: await paginate(own, { perPage: 10 }) });
  }

  @loginRequired
  @route.post("/notes/<int:id>/delete")
  async delete({ id }: { id: number }) {
    const removed = await this.db
      .delete(notes)
      .where(and(eq(notes.id, id), eq(notes.userId, requireUser().id)))
      .returning({ id: notes.id });
    if (removed.length === 0) {
      abort(404, "There is no such note.");
    }
    flash("The note is deleted.");
    return redirect(urlFor(Notes, "index"));
  }

  @errorHandler(404)
  missing(error: HTTPException) {
    return renderTemplate("missing", { error });
  }
}
