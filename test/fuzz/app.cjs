const { mkdtempSync, mkdirSync, writeFileSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { setTimeout: wait } = require("node:timers/promises");
const { Flagon, defineForm, makeResponse, request, sendFile, session } = require("../../dist/index.js");
const { z } = require("zod");

const Form = defineForm({ name: z.string().min(1), list: z.array(z.string()).optional(), file: z.file().optional() }, { csrf: false });

/** Creates an app with forms, uploads, sessions, static files and streams, and counts the beginnings and ends of its requests. */
exports.createApp = () => {
  const root = mkdtempSync(join(tmpdir(), "fuzz-"));
  mkdirSync(join(root, "static"));
  writeFileSync(join(root, "static", "file.txt"), "0123456789".repeat(20_000));
  const app = new Flagon(root, {
    config: {
      secretKey: "a key that is long enough",
      uploadSpoolSize: 1000,
      maxContentLength: 50_000,
      bodyTimeout: 2,
      viewTimeout: 3,
      csrf: false,
    },
  });
  app.logger.level = "silent";
  const counts = { started: 0, ended: 0 };
  const methods = ["GET", "POST", "PUT", "DELETE", "PATCH"];
  app.beforeRequest(() => {
    counts.started++;
    return undefined;
  });
  app.teardownRequest(() => {
    counts.ended++;
  });
  app.afterRequest((response) => {
    const number = request.headers.get("x-number");
    if (number !== null && /^\d+$/.test(number)) {
      response.headers.set("x-number", number);
    }
  });
  app.route("/", () => "home", { endpoint: "home", methods });
  app.route("/form", async () => ((await Form.validateOnSubmit()).valid ? "valid" : "not valid"), { endpoint: "form", methods });
  app.route("/upload", async () => ({ files: [...(await request.files()).keys()] }), { endpoint: "upload", methods });
  app.route("/json", async () => makeResponse(JSON.stringify(await request.json())), { endpoint: "json", methods });
  app.route("/text", async () => (await request.text()).length.toString(), { endpoint: "text", methods });
  app.route("/items/<int:id>", ({ id }) => ({ id }), { endpoint: "item", methods });
  app.route(
    "/session",
    () => {
      session.set("count", (session.get("count") ?? 0) + 1);
      return "counted";
    },
    { endpoint: "session", methods },
  );
  app.route(
    "/stream",
    async function* () {
      yield "a";
      await null;
      yield "b".repeat(70_000);
    },
    { endpoint: "stream", methods },
  );
  app.route("/slow", () => wait(40).then(() => "slow"), { endpoint: "slow", methods });
  app.route("/file", () => wait(5).then(() => sendFile(join(root, "static", "file.txt"))), { endpoint: "file", methods });
  app.route("/fail", () => makeResponse("no", 418), { endpoint: "fail", methods });
  return { app, counts, root };
};
