import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { Flagon } from "flagon";
import { Mail } from "flagon/mail";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { runForTest } from "../server/development-server";
import { exchange } from "../server/raw-socket";

const basic = { to: "ann@example.com", subject: "Hello", text: "Open https://shop.example/reset/3/token" };

function createMail(transport?: string) {
  const app = new Flagon(__dirname, { static: null, config: { secretKey: "a key for tests", serverName: "shop.example" } });
  app.get("/send", async () => ({ id: (await mail.send(basic)).id }), { endpoint: "send" });
  const mail = new Mail({ from: "Shop <shop@example.com>", transport });
  app.use(mail);
  return { app, mail };
}

const get = (path: string, host: string) => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;

describe("the preview of mails", () => {
  it("is for this machine: not for a host of others, and runs no script", async () => {
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const port = await runForTest(createMail().app);
    expect(await exchange(port, get("/send", "127.0.0.1"))).toMatch(/^HTTP\/1\.1 200 /);
    for (const path of ["/_flagon/mail", "/_flagon/mail/0", "/_flagon/mail/0?a=1"]) {
      const own = await exchange(port, get(path, `localhost:${port}`));
      expect(own).toMatch(/^HTTP\/1\.1 200 /);
      expect(own).toMatch(/^content-security-policy: default-src 'none'/im);
      for (const host of ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", "shop.example"]) {
        const foreign = await exchange(port, get(path, host));
        expect(foreign).toMatch(/^HTTP\/1\.1 403 /);
        expect(foreign).not.toContain("token");
      }
    }
    expect(await exchange(port, get("/_flagon/mail/1", "localhost"))).toMatch(/^HTTP\/1\.1 404 /);
    expect(await exchange(port, get("/_flagon/mails", "localhost"))).toMatch(/^HTTP\/1\.1 404 /);
  });

  it("is not there outside of development", async () => {
    const { app } = createMail();
    app.config.testing = true;
    await app.testClient().get("/send");
    expect((await app.testClient().get("/_flagon/mail")).status).toBe(404);
    expect((await app.testClient().get("/_flagon/mail/0")).status).toBe(404);
  });
});

describe("a server that never answers", () => {
  it("is given up after 10 seconds", async () => {
    const silent = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(silent, "listening");
    onTestFinished(() => void silent.close());
    const { app, mail } = createMail(`smtp://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    app.logger.level = "silent";
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const settled = vi.fn();
    const sending = mail.send(basic).catch((error: Error) => settled(error.message));
    const [socket] = await once(silent, "connection");
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    vi.advanceTimersByTime(9000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(settled).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1500);
    await sending;
    expect(settled).toHaveBeenCalledWith(expect.stringContaining("The server is slow"));
    socket.destroy();
  });
});
