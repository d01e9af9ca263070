import { Flagon } from "flagon";
import { Jobs } from "flagon/jobs";
import { LoginManager } from "flagon/login";
import { Mail } from "flagon/mail";
import { Accounts } from "./accounts";
import { openDatabase } from "./database";
import { Notes } from "./notes";
import type { User } from "./schema";
import { UserStore } from "./users";

/** The parts that a test gives in place of those of the site. */
interface Parts {
  readonly url?: string;
  readonly jobs?: Jobs;
  readonly mail?: Mail;
}

/** Opens the way to the mail server of MAIL_URL. Without it, in development, mails are on the preview alone. */
export function openMail(): Mail {
  return new Mail({ from: process.env.MAIL_FROM ?? "Notes <notes@example.com>", transport: process.env.MAIL_URL });
}

/** Makes the app on a database, whose tables are up to date when it starts. */
export function createApp({ url, jobs = new Jobs(), mail = openMail() }: Parts = {}): Flagon {
  const app = new Flagon(__dirname);
  const database = openDatabase(url);
  const users = new UserStore(database.current);
  app.use(database);
  app.use(jobs);
  app.use(mail);
  app.use(
    new LoginManager<User>({
      loadUser: (id) => users.find(Number(id)),
      getSecret: ({ passwordHash }) => passwordHash,
      loginView: "login",
    }),
  );
  app.onStart(async () => {
    await database.migrate();
  });
  app.register(new Accounts(users, mail));
  app.register(new Notes(database.current));
  return app;
}

export default createApp();
