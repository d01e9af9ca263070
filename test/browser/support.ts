import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Flagon } from "flagon";
import { type Browser, chromium, type Page } from "playwright-core";

/** Starts Chromium: `CHROMIUM` of the environment, or that of Debian. */
export function launchBrowser(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"] });
}

/** Collects the errors of a page: those of its console and its scripts. */
export function watchProblems(page: Page): string[] {
  const problems: string[] = [];
  page.on("console", (message) => (message.type() === "error" ? problems.push(message.text()) : undefined));
  page.on("pageerror", (error) => problems.push(String(error)));
  return problems;
}

/** Waits until a server listens, and returns its origin. */
export async function originOf(server: Server): Promise<string> {
  if (!server.listening) {
    await once(server, "listening");
  }
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Serves an app by its development server, at a free port. */
export function runApp(app: Flagon): Server {
  const server = app.run({ port: 0, reload: false });
  if (server === undefined) {
    throw new Error("The app runs in another process.");
  }
  return server;
}

/** Closes a server with all its connections. */
export function closeServer(server: Server | undefined): void {
  server?.closeAllConnections();
  server?.close();
}
