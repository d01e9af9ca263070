/* The pages of a hand-written server, and of one whose templates are functions. */
import { escape } from "./shared.mjs";

export function layout(title, body) {
  return `<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>${title}</title></head>\n<body>\n<nav><a href="/">Home</a> <a href="/page">People</a></nav>\n${body}\n</body>\n</html>\n`;
}

export function people(rows) {
  let text = "<h1>People</h1>\n<table>\n";
  for (const { id, name, email, amount } of rows) {
    const address = escape(email);
    text += `<tr><td>${id}</td><td>${escape(name)}</td><td><a href="mailto:${address}">${address}</a></td><td>${amount}</td></tr>\n`;
  }
  return layout("People", `${text}</table>`);
}

export function fortunes(rows) {
  let text = "<h1>Fortunes</h1>\n<table>\n";
  for (const { id, message } of rows) {
    text += `<tr><td>${id}</td><td>${escape(message)}</td></tr>\n`;
  }
  return layout("Fortunes", `${text}</table>`);
}

export function dashboard(user, messages) {
  return layout("Dashboard", `${messages.map((text) => `<p class="flash">${escape(text)}</p>`).join("")}<h1>Hello, ${escape(user)}</h1>`);
}

export function form({ token, values, errors }) {
  const list = (name) =>
    errors[name] === undefined
      ? ""
      : `<ul class="field-errors" id="field-${name}-errors">${errors[name].map((error) => `<li>${escape(error)}</li>`).join("")}</ul>`;
  const invalid = (name) => (errors[name] === undefined ? "" : ` aria-invalid="true" aria-describedby="field-${name}-errors"`);
  const kind = (name) => `field${errors[name] === undefined ? "" : " field-invalid"}`;
  const value = values.title === undefined ? "" : ` value="${escape(values.title)}"`;
  return layout(
    "New post",
    `<h1>New post</h1>\n<form method="post">\n<input type="hidden" name="csrf_token" value="${token}">
<div class="${kind("title")}"><label for="field-title">Title</label><input type="text" name="title" id="field-title"${value} required minlength="3" maxlength="80"${invalid("title")}>${list("title")}</div>
<div class="${kind("body")}"><label for="field-body">Body</label><textarea name="body" id="field-body" required minlength="10" maxlength="2000"${invalid("body")}>\n${escape(values.body ?? "")}</textarea>${list("body")}</div>
<button type="submit">Send</button>\n</form>`,
  );
}
