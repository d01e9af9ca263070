import { escapeText } from "../base/html";
import { guessType } from "../http/files/media-type";
import type { SentMail } from "./message";
import type { Outbox } from "./outbox";
import { formatAddress } from "./transport";

/** The page of the development server that shows mails. */
export const previewPath = "/_flagon/mail";

const style =
  "body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .8rem .3rem 0;border-top:1px solid #ddd;vertical-align:top}iframe{width:100%;height:32rem;border:1px solid #bbb}pre{white-space:pre-wrap;border:1px solid #bbb;padding:1rem}";

/** Answers with the list of mails, or with one of them; `undefined` if there is none. */
export function answerPreview(mails: Outbox, target: string): string | undefined {
  const rest = target.slice(previewPath.length).split("?", 1)[0] ?? "";
  if (rest === "" || rest === "/") {
    return list(mails);
  }
  const number = /^\/(\d{1,9})$/.exec(rest)?.[1];
  const mail = number === undefined ? undefined : mails.find(Number(number));
  return mail === undefined ? undefined : show(mail);
}

function list(mails: Outbox): string {
  const rows = mails
    .entries()
    .map(({ mail: { bcc, cc, date, subject, to }, number }) => {
      const recipients = [...to, ...cc, ...bcc].map(formatAddress).join(", ");
      return `<tr><td><a href="${previewPath}/${number}">${escapeText(subject.trim() === "" ? "(no subject)" : subject)}</a></td><td>${escapeText(recipients)}</td><td>${date.toISOString()}</td></tr>`;
    })
    .reverse();
  return page("Mails", rows.length === 0 ? "<p>No mail has been sent yet.</p>" : `<table>${rows.join("")}</table>`);
}

function show(mail: SentMail): string {
  const row = (name: string, value: string): string => (value === "" ? "" : `<tr><th scope="row">${name}</th><td>${value}</td></tr>`);
  const addresses = (field: "to" | "cc" | "bcc" | "replyTo"): string => escapeText(mail[field].map(formatAddress).join(", "));
  const links = findLinks(mail)
    .map((link) => `<li><a href="${escapeText(link)}" rel="noreferrer">${escapeText(link)}</a></li>`)
    .join("");
  const attachments = mail.attachments.map(({ filename }) => escapeText(filename ?? "without a name")).join(", ");
  // A frame in a sandbox runs no script of the mail.
  const frame =
    mail.html === null
      ? ""
      : `<h2>HTML</h2><iframe title="HTML" sandbox="allow-popups allow-popups-to-escape-sandbox" srcdoc="${escapeText(`<base target="_blank">${showImages(mail, mail.html)}`)}"></iframe>`;
  return page(
    escapeText(mail.subject),
    `<p><a href="${previewPath}">All mails</a></p><table>${row("From", escapeText(formatAddress(mail.from)))}${row("To", addresses("to"))}${row("Cc", addresses("cc"))}${row("Bcc", addresses("bcc"))}${row("Reply to", addresses("replyTo"))}${row("Date", mail.date.toISOString())}${row("Attachments", attachments)}</table>${links === "" ? "" : `<h2>Links</h2><ul>${links}</ul>`}${frame}<h2>Text</h2><pre>${escapeText(mail.text)}</pre>`,
  );
}

/** Shows the images that are in the mail itself, as a reader of mails does. */
function showImages({ attachments }: SentMail, html: string): string {
  return html.replace(/\bcid:([^\s"'<>)]+)/gi, (whole, cid) => {
    const found = attachments.find((one) => one.cid?.replace(/^<|>$/g, "") === cid);
    const type = found?.contentType ?? guessType(found?.filename ?? "");
    const { content } = found ?? {};
    return /^image\/[\w.+-]+$/.test(type) && (typeof content === "string" || Buffer.isBuffer(content))
      ? `data:${type};base64,${Buffer.from(content).toString("base64")}`
      : whole;
  });
}

function findLinks({ html, text }: SentMail): readonly string[] {
  const found = [
    ...[...(html ?? "").matchAll(/\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/gi)].map(([, double, single, bare]) =>
      (double ?? single ?? bare ?? "").replaceAll("&amp;", "&"),
    ),
    // A sentence can end behind the link.
    ...[...text.matchAll(/https?:\/\/[^\s<>"')]+/g)].map(([link]) => link.replace(/[.,;:!?]+$/, "")),
  ];
  return [...new Set(found.filter((link) => /^https?:\/\//i.test(link)))];
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><style>${style}</style><h1>${title}</h1>${body}`;
}
