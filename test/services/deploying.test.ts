import { execFile } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { createProject, project, run, start, until } from "../cli-project";
import { findPort, writeFiles } from "../support";
import { readExample, startNginx } from "./nginx";

const app = `import { Flagon, request, route, session } from "flagon";
class Views {
  @route("/who") who() { session.set("seen", true); return { address: request.remoteAddress, scheme: request.scheme, host: request.host, id: request.id }; }
}
const app = new Flagon(__dirname, { config: { secretKey: "a key that is long enough", trustProxy: 1, trustedHosts: ["example.com"] } });
app.register(Views);
export default app;
`;

describe("docs/deploying.md", () => {
  it("has an nginx file that passes on address, scheme, host and request id", async () => {
    const root = createProject({ "app.ts": app });
    const port = await findPort();
    const { ca, front } = await startNginx(root, port);
    const { hear } = start(root, ["serve", "--port", String(port), "--health", "/healthz"]);
    await until(`http://127.0.0.1:${port}/healthz`, "ok");
    const ask = async (host: string) => {
      const options = {
        host: "127.0.0.1",
        port: front,
        path: "/who",
        agent: false,
        ca,
        checkServerIdentity: () => undefined,
        headers: { host, "x-forwarded-for": "6.6.6.6" },
      };
      const [response] = (await once(get(options), "response")) as [IncomingMessage];
      return { response, body: (await response.toArray()).map(String).join("") };
    };
    const { body, response } = await ask("example.com");
    const seen = JSON.parse(body) as Record<string, string>;
    expect(seen).toMatchObject({ address: "127.0.0.1", scheme: "https", host: "example.com", id: expect.stringMatching(/^[\da-f]{32}$/) });
    expect(response.headers["set-cookie"]?.[0]).toContain("; Secure");
    await hear(`"requestId":"${seen.id}"`);
    expect((await ask("evil.example")).response.statusCode).toBe(400);
  });

  it("has a service file that systemd accepts", async () => {
    const root = writeFiles({});
    const unit = readExample("ini")
      .replace("/srv/shop/node_modules/.bin/flagon", "/bin/true")
      .replaceAll("/srv/shop", root)
      .replace("User=shop", "User=root");
    expect(unit).toMatch(/ExecStart=\/bin\/true serve --app dist\/app\.js/);
    writeFileSync(join(root, "shop.service"), unit);
    const { stderr, stdout } = await promisify(execFile)("systemd-analyze", ["verify", join(root, "shop.service")]);
    expect(stdout + stderr).toBe("");
  });

  it("has a Dockerfile whose command starts a built new project", async () => {
    const root = createProject({});
    await promisify(execFile)(process.execPath, [join(project, "dist/cli/bin.js"), "new", "made", "--kind", "site"], { cwd: root });
    const made = join(root, "made");
    await promisify(execFile)("npm", ["run", "build"], {
      cwd: made,
      env: { ...process.env, PATH: `${join(project, "node_modules/.bin")}:${process.env.PATH}` },
    });
    const file = readExample("dockerfile");
    const copied = [...file.matchAll(/^COPY (?!package)(\S+) /gm)].map(([, name = ""]) => name);
    const image = writeFiles({});
    await promisify(execFile)("cp", ["-r", ...copied.map((name) => join(made, name)), join(made, "package.json"), image]);
    await promisify(execFile)("ln", ["-s", join(root, "node_modules"), join(image, "node_modules")]);
    const [command = "", ...words] = JSON.parse(/^CMD (.*)$/m.exec(file)?.[1] ?? "[]") as string[];
    expect(command).toBe("node_modules/.bin/flagon");
    const port = await findPort();
    run(
      image,
      [join(project, "dist/cli/bin.js"), ...words.map((word) => (word === "0.0.0.0" ? "127.0.0.1" : word)), "--port", String(port)],
      {
        FLAGON_SECRET_KEY: "a key that is long enough",
      },
    );
    await until(`http://127.0.0.1:${port}/healthz`, "ok");
    await until(`http://127.0.0.1:${port}/`, "<html");
  });
});
