import { spawn } from "node:child_process";
import { once } from "node:events";
import { Flagon } from "flagon";
import { Mail } from "flagon/mail";
import { expect, it, onTestFinished, vi } from "vitest";
import { findPort } from "../support";

it("sends mails to aiosmtpd: blind copies in no header, and addresses beyond ASCII only where the server takes them", async () => {
  const port = await findPort();
  // The Python of Debian, which has the package.
  const words = ["-m", "aiosmtpd", "--nosetuid", "--listen", `127.0.0.1:${port}`];
  const server = spawn("/usr/bin/python3", ["-u", ...words], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(async () => {
    server.kill();
    await once(server, "exit");
  });
  let received = "";
  server.stdout.on("data", (chunk: Buffer) => (received += String(chunk)));
  const app = new Flagon(__dirname, { static: null, config: { secretKey: "a key for tests", serverName: "shop.example" } });
  app.logger.level = "silent";
  const mail = new Mail({ from: "Shop <shop@example.com>", transport: `smtp://127.0.0.1:${port}` });
  app.use(mail);
  const message = { to: "ann@example.com", bcc: "hidden@example.com", subject: "Grüße", text: "First\n.\n..\nLast" };
  const { id } = await vi.waitFor(() => mail.send(message), { timeout: 20_000, interval: 200 });
  await vi.waitFor(() => expect(received).toContain("END MESSAGE"), 5000);
  expect(received).toMatch(new RegExp(`^Message-ID: ${id}$`, "m"));
  expect(received).toMatch(/^First\n\.\n\.\.\nLast$/m);
  expect(received).not.toContain("hidden");
  await expect(mail.send({ ...message, to: "jörg@example.com" })).rejects.toThrow(/takes no address with characters beyond ASCII/);
}, 60_000);
