import { execFile } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { app, bin, createCertificate, createProject, flagon, getSecurely, start } from "../cli-project";
import { findPort } from "../support";

describe("flagon run", () => {
  it("serves HTTPS with a certificate", async () => {
    const root = createProject({
      "app.ts": app("secure", '@route("/scheme") scheme() { return request.scheme; }').replace("currentApp }", "currentApp, request }"),
    });
    await createCertificate(root);
    const port = await findPort();
    const { hear } = start(root, ["run", "--no-reload", "--port", String(port), "--cert", "cert.pem", "--key", "key.pem"]);
    await hear(`Running on https://127.0.0.1:${port}`);
    expect(await getSecurely(root, port, "/scheme")).toBe("https");
    expect(await flagon(root, ["run", "--cert", "cert.pem"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Give --cert and --key together"),
    });
    expect(await flagon(root, ["run", "--cert", "none.pem", "--key", "key.pem"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("'none.pem' cannot be read"),
    });
  });
});

describe("flagon serve", () => {
  it("serves HTTPS with a certificate, in several workers as well", async () => {
    const root = createProject({ "app.ts": app("secure") });
    await createCertificate(root);
    const port = await findPort();
    const { child, hear } = start(root, ["serve", "--port", String(port), "--cert", "cert.pem", "--key", "key.pem", "--workers", "2"]);
    await hear("in 2 workers");
    expect(await getSecurely(root, port, "/")).toContain("secure");
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });
});

describe("flagon completion", () => {
  it("lets bash complete words", async () => {
    const root = createProject({ "app.ts": app("x") });
    const { stdout } = await flagon(root, ["completion", "bash"]);
    writeFileSync(join(root, "flagon"), `#!/bin/sh\nexec "${process.execPath}" "${bin}" "$@"\n`, { mode: 0o755 });
    const drive = `${stdout}\nCOMP_WORDS=(flagon routes --sort e); COMP_CWORD=3; _flagon; echo "\${COMPREPLY[@]}"`;
    const bash = promisify(execFile)("bash", ["-c", drive], { cwd: root, env: { ...process.env, PATH: `${root}:${process.env.PATH}` } });
    expect((await bash).stdout.trim()).toBe("endpoint");
  });
});
