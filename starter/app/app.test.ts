import { Jobs } from "flagon/jobs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createApp, openMail } from "./app";

const ann = { email: "ann@example.com", password: "long enough" };

/** Opens the site as one visitor, with an empty database in memory. */
function openSite() {
  const jobs = new Jobs();
  const mail = openMail();
  const app = createApp({ url: ":memory:", jobs, mail });
  const client = app.testClient();
  const read = async (path: string) => (await client.get(path)).text();
  /** Waits for the mail with a subject, and returns the path of its link. */
  const openMailOf = (subject: string) =>
    vi.waitFor(async () => {
      await jobs.drain();
      const text = mail.outbox.filter((one) => one.subject === subject).at(-1)?.text ?? "";
      const path = /http:\/\/[^/]+([^\s)]+)/.exec(text)?.[1];
      if (path === undefined) {
        throw new Error(`There is no mail '${subject}' with a link.`);
      }
      return path;
    });
  /** Registers, confirms the address, and logs in. */
  const enter = async (form = ann) => {
    await client.post("/register", { form });
    await client.post(await openMailOf("Confirm your address"));
    return client.post("/login", { form });
  };
  return { app, client, enter, jobs, mail, openMailOf, read };
}

let site: ReturnType<typeof openSite>;

beforeEach(() => {
  site = openSite();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("an account", () => {
  it("is confirmed by the link of a mail, by its button alone, once", async () => {
    const { client, openMailOf, read } = site;
    expect((await client.post("/register", { form: ann })).status).toBe(303);
    expect(await read("/login")).toContain("A mail is on its way to ann@example.com.");
    const link = await openMailOf("Confirm your address");
    expect(await read(link)).toContain("Confirm ann@example.com");
    expect(await (await client.post("/login", { form: ann })).text()).toContain("Open the link in the mail that you got");
    expect((await client.post(`${link}x`)).status).toBe(404);
    expect((await client.post(link)).status).toBe(303);
    expect((await client.post(link)).status).toBe(404);
    expect((await client.post("/login", { form: ann })).headers.get("location")).toBe("/");
  });

  it("is not told to strangers: its owner gets a mail", async () => {
    const { client, enter, openMailOf, read } = site;
    await enter();
    await client.post("/logout");
    expect((await client.post("/register", { form: { ...ann, email: "ANN@example.com" } })).status).toBe(303);
    expect(await read("/login")).toContain("A mail is on its way to ann@example.com.");
    expect(await openMailOf("You have an account already")).toBe("/login");
  });

  it("is removed at night if nobody has confirmed it within a week", async () => {
    const { client, jobs, openMailOf } = site;
    await client.post("/register", { form: ann });
    const link = await openMailOf("Confirm your address");
    await jobs.run("schedule:Accounts.removeUnconfirmed", null);
    expect((await client.get(link)).status).toBe(200);
    vi.useFakeTimers({ now: Date.now() + 8 * 86_400_000, toFake: ["Date"] });
    await jobs.run("schedule:Accounts.removeUnconfirmed", null);
    vi.useRealTimers();
    expect((await client.get(link)).status).toBe(404);
  });
});

describe("a new password", () => {
  /** Asks for a link, and returns its path. */
  async function askForLink() {
    await site.client.post("/forgotten", { form: { email: ann.email } });
    return site.openMailOf("A new password");
  }

  it("is set by a link that works once, and ends all logins", async () => {
    const { client, enter, read } = site;
    await enter();
    const link = await askForLink();
    await client.head(link);
    expect(await read(link)).toContain("Choose a new password");
    expect((await client.post(link, { form: { password: "short" } })).status).toBe(422);
    const answers = await Promise.all(["first long one", "second long one"].map((password) => client.post(link, { form: { password } })));
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 404]);
    expect((await client.get("/")).headers.get("location")).toContain("/login");
    expect((await client.post("/login", { form: ann })).status).toBe(422);
  });

  it("is too late after an hour", async () => {
    await site.enter();
    const link = await askForLink();
    vi.useFakeTimers({ now: Date.now() + 3601_000, toFake: ["Date"] });
    expect((await site.client.get(link)).status).toBe(404);
  });

  it("is promised to every address, and sent to members alone", async () => {
    const { client, enter, mail, read } = site;
    await enter();
    await client.post("/forgotten", { form: { email: "bo@example.com" } });
    expect(await read("/login")).toContain("If bo@example.com has an account here");
    await askForLink();
    expect(mail.outbox.filter(({ to }) => to[0]?.address === "bo@example.com")).toEqual([]);
  });
});

describe("notes", () => {
  it("are for members", async () => {
    expect((await site.client.get("/")).headers.get("location")).toContain("/login");
  });

  it("are kept page by page, escaped, and deleted by their owner alone", async () => {
    const { client, enter, openMailOf, read } = site;
    await enter();
    for (let number = 1; number <= 11; number++) {
      await client.post("/", { form: { text: `<b>note ${number}</b>` } });
    }
    expect(await read("/")).toContain("&lt;b&gt;note 11&lt;/b&gt;");
    expect(await read("/")).not.toContain("note 1&lt;");
    expect(await read("/?page=2")).toContain("note 1&lt;");
    expect((await client.post("/", { form: { text: " " } })).status).toBe(422);

    await client.post("/logout");
    const bo = { email: "bo@example.com", password: "also long enough" };
    await client.post("/register", { form: bo });
    await client.post(await openMailOf("Confirm your address"));
    await client.post("/login", { form: bo });
    expect(await read("/")).toContain("You have no notes yet.");
    expect((await client.post("/notes/1/delete")).status).toBe(404);
    await client.post("/logout");

    await client.post("/login", { form: ann });
    expect((await client.post("/notes/1/delete")).status).toBe(303);
    expect((await client.post("/notes/1/delete")).status).toBe(404);
  });
});
