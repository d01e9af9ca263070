/*
 * A Flask app whose routes move to Flagon one by one, behind one nginx, while its users stay logged in.
 *
 *     npx ts-node samples/beside-flask/run.ts
 *
 * It needs nginx, and Python with Flask, Flask-Login and Flask-WTF: on Debian, apt install nginx-light python3-flask-login
 * python3-flaskext.wtf. Sign in on http://127.0.0.1:5000/sign-in as Ann with "ann's password".
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApp } from "./moved";

const port = Number(process.env.PORT ?? 5000);
const [flask, flagon] = [port + 1, port + 2];
const secretKey = process.env.SECRET_KEY ?? randomBytes(32).toString("base64url");

const folder = mkdtempSync(join(tmpdir(), "beside-flask-"));
const values: Record<string, string> = { FOLDER: folder, PORT: String(port), FLASK: String(flask), FLAGON: String(flagon) };
const config = readFileSync(join(__dirname, "nginx.conf"), "utf8").replace(
  /\b(FOLDER|PORT|FLASK|FLAGON)\b(?!,| and| are)/g,
  (name) => values[name] ?? name,
);
writeFileSync(join(folder, "nginx.conf"), config);

const started: ChildProcess[] = [
  spawn(process.env.PYTHON ?? "/usr/bin/python3", [join(__dirname, "legacy.py")], {
    env: { ...process.env, PORT: String(flask), SECRET_KEY: secretKey },
    stdio: ["ignore", "inherit", "ignore"],
  }),
  spawn("nginx", ["-c", join(folder, "nginx.conf"), "-e", "stderr"], { stdio: ["ignore", "inherit", "ignore"] }),
];
const server = createServer(createApp(secretKey).handler).listen(flagon, "127.0.0.1", () => {
  console.log(`Both are on http://127.0.0.1:${port}`);
});

function stop(): void {
  for (const child of started) {
    child.kill();
  }
  server.close();
  rmSync(folder, { recursive: true, force: true });
}
process.once("SIGINT", stop);
process.once("SIGTERM", stop);
