import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseHTML } from "linkedom";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const port = 5610;
const origin = `http://127.0.0.1:${port}`;
const project = join(__dirname, "../..");

describe("samples/beside-flask", () => {
  let run: ChildProcess;
  const cookies = new Map<string, string>();

  beforeAll(async () => {
    run = spawn(join(project, "node_modules/.bin/ts-node"), [join(project, "samples/beside-flask/run.ts")], {
      env: { ...process.env, PORT: String(port) },
      stdio: ["ignore", "pipe", "inherit"],
    });
    for (let round = 0; round < 100; round++) {
      const [flask, flagon] = await Promise.all(
        ["/", "/reports"].map((path) => fetch(origin + path, { redirect: "manual" }).catch(() => undefined)),
      );
      if (flask?.status === 200 && (flagon?.status ?? 500) < 500) {
        return;
      }
      await wait(200);
    }
    throw new Error("The two sides did not start.");
  });

  afterAll(async () => {
    run.kill();
    await new Promise((resolve) => run.once("exit", resolve));
  });

  /** Sends a request like a browser that says nothing of where it comes from, with its cookies. */
  async function send(path: string, form?: Record<string, string>) {
    const response = await fetch(origin + path, {
      method: form === undefined ? "GET" : "POST",
      redirect: "manual",
      headers: {
        accept: "text/html",
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; "),
        "user-agent": "a browser",
      },
      ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "") {
        cookies.delete(name);
      } else {
        cookies.set(name, value);
      }
    }
    const { document } = parseHTML(await response.text());
    const token = document.querySelector("[name=csrf_token]")?.getAttribute("value") ?? "";
    return {
      status: response.status,
      location: response.headers.get("location"),
      document,
      token,
      text: (selector: string) => document.querySelector(selector)?.textContent ?? null,
    };
  }

  it("shares logins, messages, tokens and values between both apps", async () => {
    // Flagon does not know anybody yet, and sends to Flask's page.
    expect(await send("/reports")).toMatchObject({ status: 303, location: "/sign-in?next=%2Freports" });
    const page = await send("/sign-in?next=/reports");
    expect(page.text("[role=status]")).toBe("Please log in to access this page.");
    const signedIn = await send("/sign-in?next=/reports", {
      name: "Ann",
      password: "ann's password",
      remember: "on",
      csrf_token: page.token,
    });
    expect([signedIn.status, signedIn.location]).toEqual([302, "/reports"]);

    // Logged in by Flask, known to Flagon; the message of one is shown by the other.
    const reports = await send("/reports");
    expect([reports.status, reports.text("#user"), reports.text("[role=status]")]).toEqual([200, "Ann", "Welcome, from Flask."]);
    const sent = await send("/reports", { title: "First", csrf_token: reports.token });
    expect([sent.status, sent.location]).toEqual([303, "/"]);
    const home = await send("/");
    expect([home.text("#user"), home.text("[role=status]"), home.text("#visits")]).toEqual([
      "Ann",
      "Flagon keeps the report 'First'.",
      "2",
    ]);

    // Remembered by Flask's cookie alone.
    cookies.delete("session");
    expect((await send("/reports")).text("#user")).toBe("Ann");
    expect((await send("/notes")).status).toBe(200);

    // Logged out by Flagon, and Flask knows.
    await send("/sign-out", {});
    expect([...cookies.keys()]).toEqual(["session"]);
    const after = await send("/");
    expect([after.text("#user"), after.text("[role=status]")]).toEqual(["nobody", "Goodbye, from Flagon."]);
    expect((await send("/notes")).status).toBe(302);
  });
});
