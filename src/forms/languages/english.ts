import type { FormIssue, FormIssueField, FormMessage, FormMessageKind } from "../../schemas/form-messages";
import { formatDate, formatFileTypes, formatNumber, formatSize, listKeys } from "./format";

/** Counts things: `1 character`, `2 characters`. */
function count(limit: FormIssue["limit"], one: string, many = `${one}s`): string {
  return `${limit} ${Number(limit) === 1 ? one : many}`;
}

function nameItem({ type }: FormIssueField): readonly [one: string, many?: string] {
  return type === "file" ? ["file"] : type === "select" || type === "checkbox" ? ["option"] : ["entry", "entries"];
}

function nameDate({ limit }: FormIssue, { type }: FormIssueField): string {
  return formatDate(limit, "en-GB", type);
}

/** English messages for visitors. They are the default. */
export const englishMessages: Readonly<Record<FormMessageKind, FormMessage>> = {
  required: "This field is required.",
  tick: "Tick this box.",
  choice: "Choose one of the options.",
  number: "Enter a number.",
  wholeNumber: "Enter a whole number.",
  date: "Enter a date.",
  time: "Enter a time.",
  dateTime: "Enter a date and a time.",
  email: "Enter an e-mail address.",
  url: "Enter a web address.",
  yesOrNo: "Choose yes or no.",
  file: "Choose a file.",
  fileType: ({ text }) => `Choose a file of this type: ${formatFileTypes(text)}.`,
  fileTooSmall: ({ limit }) => `This file is smaller than ${formatSize(Number(limit), "en")}.`,
  fileTooLarge: ({ limit }) => `This file is larger than ${formatSize(Number(limit), "en")}.`,
  tooShort: ({ limit }) => `At least ${count(limit, "character")}.`,
  tooLong: ({ limit }) => `At most ${count(limit, "character")}.`,
  exactLength: ({ limit }) => `Exactly ${count(limit, "character")}.`,
  tooSmall: ({ limit, isInclusive }) => `${isInclusive ? "At least" : "More than"} ${formatNumber(limit, "en")}.`,
  tooLarge: ({ limit, isInclusive }) => `${isInclusive ? "At most" : "Less than"} ${formatNumber(limit, "en")}.`,
  tooEarly: (issue, field) => `${issue.isInclusive ? "Not before" : "After"} ${nameDate(issue, field)}.`,
  tooLate: (issue, field) => `${issue.isInclusive ? "Not after" : "Before"} ${nameDate(issue, field)}.`,
  step: ({ limit }) => `A multiple of ${formatNumber(limit, "en")}.`,
  tooFew: ({ limit }, field) => `At least ${count(limit, ...nameItem(field))}.`,
  tooMany: ({ limit }, field) => `At most ${count(limit, ...nameItem(field))}.`,
  startsWith: ({ text }) => `Must start with “${text}”.`,
  endsWith: ({ text }) => `Must end with “${text}”.`,
  includes: ({ text }) => `Must contain “${text}”.`,
  format: "This does not have the right format.",
  character: "This text has a character that is not allowed.",
  unexpected: (issue) =>
    `The form does not have the ${listKeys(issue).length > 1 ? "fields" : "field"} ${listKeys(issue)
      .map((key) => `“${key}”`)
      .join(", ")}.`,
  token: ({ message }) => message,
  invalid: "This value is not valid.",
  yes: "Yes",
  no: "No",
  otherwise: "Otherwise",
  blank: "",
  send: "Send",
};
