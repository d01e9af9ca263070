import type { FormIssue, FormIssueField, FormMessage, FormMessageKind } from "../../schemas/form-messages";
import { formatDate, formatFileTypes, formatNumber, formatSize, listKeys } from "./format";

function count({ limit }: FormIssue, one: string, many: string): string {
  return `${limit} ${Number(limit) === 1 ? one : many}`;
}

function nameItem({ type }: FormIssueField): readonly [one: string, many: string] {
  return type === "file"
    ? ["Datei", "Dateien"]
    : type === "select" || type === "checkbox"
      ? ["Möglichkeit", "Möglichkeiten"]
      : ["Eintrag", "Einträge"];
}

/** Names a date with the words before it: `dem 2. Januar 2026`, or `10:30 Uhr`. */
function nameDate({ limit }: FormIssue, { type }: FormIssueField): string {
  const date = formatDate(limit, "de", type);
  return type === "time" ? `${date} Uhr` : `dem ${date}`;
}

/** German messages for visitors. */
export const germanMessages: Readonly<Record<FormMessageKind, FormMessage>> = {
  required: "Bitte füllen Sie dieses Feld aus.",
  tick: "Bitte kreuzen Sie dieses Feld an.",
  choice: "Bitte wählen Sie eine der Möglichkeiten.",
  number: "Bitte geben Sie eine Zahl ein.",
  wholeNumber: "Bitte geben Sie eine ganze Zahl ein.",
  date: "Bitte geben Sie ein Datum ein.",
  time: "Bitte geben Sie eine Uhrzeit ein.",
  dateTime: "Bitte geben Sie ein Datum und eine Uhrzeit ein.",
  email: "Bitte geben Sie eine E-Mail-Adresse ein.",
  url: "Bitte geben Sie die Adresse einer Webseite ein.",
  yesOrNo: "Bitte wählen Sie Ja oder Nein.",
  file: "Bitte wählen Sie eine Datei.",
  fileType: ({ text }) => `Bitte wählen Sie eine Datei dieser Art: ${formatFileTypes(text)}.`,
  fileTooSmall: ({ limit }) => `Diese Datei ist kleiner als ${formatSize(Number(limit), "de")}.`,
  fileTooLarge: ({ limit }) => `Diese Datei ist größer als ${formatSize(Number(limit), "de")}.`,
  tooShort: (issue) => `Mindestens ${count(issue, "Zeichen", "Zeichen")}.`,
  tooLong: (issue) => `Höchstens ${count(issue, "Zeichen", "Zeichen")}.`,
  exactLength: (issue) => `Genau ${count(issue, "Zeichen", "Zeichen")}.`,
  tooSmall: ({ limit, isInclusive }) => `${isInclusive ? "Mindestens" : "Mehr als"} ${formatNumber(limit, "de")}.`,
  tooLarge: ({ limit, isInclusive }) => `${isInclusive ? "Höchstens" : "Weniger als"} ${formatNumber(limit, "de")}.`,
  tooEarly: (issue, field) => `${issue.isInclusive ? "Nicht vor" : "Nach"} ${nameDate(issue, field)}.`,
  tooLate: (issue, field) => `${issue.isInclusive ? "Nicht nach" : "Vor"} ${nameDate(issue, field)}.`,
  step: ({ limit }) => `Ein Vielfaches von ${formatNumber(limit, "de")}.`,
  tooFew: (issue, field) => `Mindestens ${count(issue, ...nameItem(field))}.`,
  tooMany: (issue, field) => `Höchstens ${count(issue, ...nameItem(field))}.`,
  startsWith: ({ text }) => `Muss mit „${text}“ beginnen.`,
  endsWith: ({ text }) => `Muss mit „${text}“ enden.`,
  includes: ({ text }) => `Muss „${text}“ enthalten.`,
  format: "Das hat nicht die richtige Form.",
  character: "Dieser Text hat ein Zeichen, das nicht erlaubt ist.",
  unexpected: (issue) =>
    `Das Formular hat ${listKeys(issue).length > 1 ? "keine Felder" : "kein Feld"} ${listKeys(issue)
      .map((key) => `„${key}“`)
      .join(", ")}.`,
  token: "Dieses Formular ist abgelaufen. Bitte senden Sie es noch einmal ab.",
  invalid: "Dieser Wert ist nicht gültig.",
  yes: "Ja",
  no: "Nein",
  otherwise: "Sonst",
  blank: "",
  send: "Senden",
};
