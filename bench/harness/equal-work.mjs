/*
 * Fails when an answer differs from the reference's: ratios of unequal work mean nothing.
 */
import { request } from "node:http";

/** The headers that Flagon sends by default, and those that say what the body is. */
const compared = [
  "content-type",
  "x-content-type-options",
  "referrer-policy",
  "x-frame-options",
  "content-security-policy",
  "cross-origin-opener-policy",
  "location",
];

/** Asks a server, and gives what its answer has to have in common with the others'. */
export async function readAnswer(workload, { origin }) {
  const { status, headers, body } = await ask(workload, origin);
  if (status !== workload.status) {
    throw new Error(`${workload.method} ${workload.path} answers ${status} in place of ${workload.status}: ${body.slice(0, 500)}`);
  }
  if (workload.setsCookie && headers["set-cookie"] === undefined) {
    throw new Error(`${workload.method} ${workload.path} sets no cookie.`);
  }
  // A redirect's body, if there is one, is for nobody.
  const names = status === 303 ? compared.filter((name) => name !== "content-type") : compared;
  return JSON.stringify([names.map((name) => normalizeHeader(headers[name])), normalizeBody(body, workload)], null, 1);
}

/** Compares what servers answer with what the reference answers. */
export function checkEqualWork(answers, reference, workload) {
  for (const [name, answer] of Object.entries(answers)) {
    if (answer !== answers[reference]) {
      throw new Error(`For '${workload.name}', ${name} answers\n${answer}\nand ${reference}\n${answers[reference]}`);
    }
  }
}

function ask({ body, headers, isStream, method, path }, origin) {
  return new Promise((resolve, reject) => {
    const sent = request(origin + path, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }) },
    });
    sent.on("error", (cause) => reject(new Error(`${method} ${origin}${path} failed.`, { cause })));
    sent.once("response", async (response) => {
      const answer = { status: response.statusCode, headers: response.headers };
      const chunks = [];
      for await (const chunk of response) {
        chunks.push(chunk);
        if (isStream && Buffer.concat(chunks).includes("\n\n")) {
          break;
        }
      }
      resolve({ ...answer, body: Buffer.concat(chunks).toString("latin1") });
    });
    sent.end(body);
  });
}

/** A charset of JSON means nothing, nor does the case of one; frameworks differ in `;` and blanks. */
function normalizeHeader(value) {
  return value
    ?.toLowerCase()
    .replace(/;\s*charset=utf-8$/, "")
    .replace(/^https?:\/\/[^/]+/, "");
}

/** Tokens differ from answer to answer, the wording of errors and blanks between tags from library to library. */
function normalizeBody(body, { isStream, path, status }) {
  if (isStream) {
    return body
      .split("\n\n")[0]
      .match(/data: ?\d+/)?.[0]
      .replace(": ", ":");
  }
  if (path.startsWith("/api") || path === "/upload" || path.startsWith("/users")) {
    return JSON.stringify(Object.entries(JSON.parse(body)).sort());
  }
  return status === 303
    ? ""
    : body
        .replace(/<input type="hidden" name="(?:csrf_token|_csrf)"[^>]*>/g, "")
        .replace(/<li>[^<]*<\/li>/g, "<li></li>")
        .replace(/(?:<li><\/li>)+/g, "<li></li>")
        .replace(/&#x27;/g, "&#39;")
        .replace(/&quot;/g, "&#34;")
        .replace(/\s+/g, " ")
        .replace(/> </g, "><")
        .trim();
}
