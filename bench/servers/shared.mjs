/*
 * What all servers have in common: the data, the limits of forms, and the headers that Flagon sends by default.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { fileURLToPath } from "node:url";

/** The rows of the page; their names have to be escaped. */
export const rows = Array.from({ length: 50 }, (_, index) => ({
  id: index + 1,
  name: `Person <${index}> & Co`,
  email: `person${index}@example.com`,
  amount: (index * 37) % 1000,
}));

/** How many routes there are beside the one that is asked for. */
export const otherRoutes = 499;

export const always = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "strict-origin-when-cross-origin",
  "x-frame-options": "SAMEORIGIN",
};
export const withHtml = {
  ...always,
  "content-security-policy": "object-src 'none'; base-uri 'none'; frame-ancestors 'self'",
  "cross-origin-opener-policy": "same-origin",
};

export const notFound = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>404 Not Found</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:42rem;margin:15vh auto;padding:0 1rem}</style>
<h1>Not Found</h1>
<p>There is no page at this address. If you typed the address, check it for mistakes.</p>
</html>
`;

export const staticFolder = fileURLToPath(new URL("../generated/static", import.meta.url));
export const views = fileURLToPath(new URL("views/eta", import.meta.url));
export const secret = "a secret key for measuring, which is long enough";

/** How often each client of the event stream gets an event, in milliseconds. */
export const eventInterval = 200;

/** Escapes text for HTML, as a hand-written server would. */
export function escape(text) {
  return /[&<>"']/.test(text)
    ? text.replace(/[&<>"']/g, (character) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;" })[character])
    : text;
}

/** A signed value, as a hand-written server would keep a session in a cookie. */
export function sign(value) {
  const text = Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

/** Reads a signed value; a forged one is empty. */
export function unsign(cookie) {
  const [text = "", signature = ""] = cookie.split(".");
  const expected = createHmac("sha256", secret).update(text).digest();
  const given = Buffer.from(signature, "base64url");
  return given.length === expected.length && timingSafeEqual(given, expected) ? JSON.parse(Buffer.from(text, "base64url").toString()) : {};
}

/** Writes an event to a stream at once, and one after each interval until it is closed. */
export function sendEvents(stream) {
  let id = 0;
  const send = () => stream.write(`data: ${id++}\n\n`);
  send();
  const timer = setInterval(send, eventInterval);
  stream.once("close", () => clearInterval(timer));
}

/** Says where the server listens. */
export function announce(server) {
  console.log(`listening ${server.address().port}`);
}
