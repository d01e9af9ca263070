/*
 * The routes that have moved: the same users, the same session, the same messages as in legacy.py.
 */
import { csrfExempt, defineForm, Flagon, flash, getFlashedMessages, html, type Markup, redirect, route, session } from "flagon";
import { currentUser, LoginManager, loginRequired, logoutUser } from "flagon/login";
import { z } from "zod";

const users = [{ id: "1", name: "Ann" }];

const ReportForm = defineForm({ title: z.string().trim().min(1) });

@loginRequired
class Reports {
  readonly #titles: string[] = [];

  @route("/reports", { methods: ["GET", "POST"] })
  async list() {
    session.set("visits", Number(session.get("visits") ?? 0) + 1);
    const form = await ReportForm.validateOnSubmit();
    if (form.valid) {
      this.#titles.push(form.data.title);
      flash(`Flagon keeps the report '${form.data.title}'.`);
      return redirect("/");
    }
    return page("Reports", html`<ul>${this.#titles.map((title) => html`<li>${title}</li>`)}</ul>${form.render()}`);
  }
}

class Account {
  @csrfExempt
  @route.post("/sign-out")
  signOut() {
    logoutUser();
    flash("Goodbye, from Flagon.");
    return redirect("/");
  }
}

function page(title: string, body: Markup): Markup {
  const messages = getFlashedMessages().map((message) => html`<p role="status">${message}</p>`);
  const name = currentUser.isAuthenticated ? (users.find(({ id }) => id === String(currentUser.id))?.name ?? "") : "nobody";
  return html`<!doctype html>
<html lang="en"><head><title>${title}</title></head>
<body><h1>${title}</h1>${messages}<p id="user">${name}</p>${body}
<form method="post" action="/sign-out"><button>Sign out</button></form></body></html>`;
}

/** Creates the app with the key that both sides have. */
export function createApp(secretKey: string): Flagon {
  const app = new Flagon(__dirname, {
    name: "moved",
    static: null,
    // The digest of Flask's signatures, and one proxy in front.
    config: { secretKey, sessionDigest: "sha1", trustProxy: 1 },
  });
  app.use(new LoginManager({ loadUser: (id) => users.find((user) => user.id === id), loginView: "/sign-in" }));
  app.register(Reports);
  app.register(Account);
  return app;
}
