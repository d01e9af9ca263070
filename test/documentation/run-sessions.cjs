// Runs the commands of console blocks against the apps of their pages, and prints which answers differ.
const { readFileSync } = require("node:fs");
const { pathToFileURL } = require("node:url");

function toPattern(expected) {
  const lines = expected.split("\n").map((line) =>
    line
      .trim()
      .split("…")
      .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .join(".*"),
  );
  return new RegExp(`^${lines.join("\\s*\\n\\s*")}$`, "s");
}

async function main() {
  const wrong = [];
  const load = process.argv[3] === "esm" ? (file) => import(pathToFileURL(file)) : require;
  process.env.FLAGON_SECRET_KEY ??= "a key for the examples";
  for (const { exchanges, file, line, page } of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
    try {
      const exported = await load(file);
      const app = exported.createApp === undefined ? exported.default : await exported.createApp();
      app.logger.level = "silent";
      for (const { body, command, expected, headers, method, target, withHead } of exchanges) {
        const response = await app.testClient().request(method, target, { headers, body });
        const text = await response.text();
        const head = [
          `HTTP/1.1 ${response.status} …`.replace(" …", ""),
          ...[...response.headers].map(([name, value]) => `${name}: ${value}`),
        ];
        const said = withHead ? `${head.join("\n")}\n\n${text}` : text;
        const wanted = expected.split("\n\n")[0].split("\n");
        const isRight = withHead
          ? wanted.every((one) =>
              head.some(
                (header) =>
                  toPattern(one).test(header) || (header.startsWith(one.split(" ").slice(0, 2).join(" ")) && one.startsWith("HTTP/")),
              ),
            )
          : toPattern(expected).test(said.trim());
        if (!isRight) {
          wrong.push(`${page}:${line} ${command}\n${said}`);
        }
      }
    } catch (error) {
      wrong.push(`${page}:${line} ${error.stack}`);
    }
  }
  console.log(`\n${JSON.stringify({ wrong })}`);
}

main();
