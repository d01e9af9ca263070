export { Mail, type MailOptions } from "./mail";
export type { Address, Attachment, MailMessage, NamedAddress, SentMail } from "./message";
export type { MailTransport } from "./transport";
