export { Mail, type MailOptions } from "./mail";
export type {
  Address,
  Attachment,
  CalendarEvent,
  DeliveryEvent,
  DeliveryNotices,
  LibraryFields,
  ListLink,
  MailMessage,
  NamedAddress,
  SentFields,
  SentMail,
} from "./message";
export type { MailTransport } from "./transport";
