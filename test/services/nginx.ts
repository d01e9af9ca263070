import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { createCertificate, project } from "../cli-project";
import { findPort } from "../support";

/** Returns the first file of a kind that docs/deploying.md shows. */
export function readExample(kind: string): string {
  const guide = readFileSync(join(project, "docs/deploying.md"), "utf8");
  return new RegExp(`\`\`\`${kind}\\n(.*?)\`\`\``, "s").exec(guide)?.[1] ?? "";
}

/**
 * Starts nginx by the file of docs/deploying.md, in front of a server of this machine.
 *
 * @param root The folder for its files, among them a certificate.
 * @param port The port of the server.
 * @returns The port of nginx, and the certificate.
 */
export async function startNginx(root: string, port: number): Promise<{ readonly front: number; readonly ca: Buffer }> {
  const front = await findPort();
  await createCertificate(root);
  mkdirSync(join(root, "temporary"));
  // nginx's workers are another user.
  chmodSync(root, 0o755);
  const server = readExample("nginx")
    .replace("127.0.0.1:8000", `127.0.0.1:${port}`)
    .replace("listen 443 ssl;", `listen 127.0.0.1:${front} ssl; ssl_certificate ${root}/cert.pem; ssl_certificate_key ${root}/key.pem;`);
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${root}/temporary/${name};`);
  writeFileSync(
    join(root, "nginx.conf"),
    `daemon off; pid ${root}/nginx.pid; events {} http { access_log off; ${paths.join(" ")} ${server} }`,
  );
  const nginx = spawn("nginx", ["-c", join(root, "nginx.conf"), "-e", "stderr"], { stdio: "ignore" });
  onTestFinished(async () => {
    nginx.kill();
    await once(nginx, "exit");
  });
  await untilListening(front);
  return { front, ca: readFileSync(join(root, "cert.pem")) };
}

async function untilListening(port: number): Promise<void> {
  for (let round = 0; round < 200; round++) {
    const socket = connect(port, "127.0.0.1");
    const isThere = await new Promise((resolve) => socket.once("connect", () => resolve(true)).once("error", () => resolve(false)));
    socket.destroy();
    if (isThere === true) {
      return;
    }
    await wait(25);
  }
}
