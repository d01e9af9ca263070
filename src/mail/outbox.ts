import type { SentMail } from "./message";

/** The number of mails that are kept. */
const most = 100;
/** The most characters and bytes of the mails that are kept in development. The latest mail is kept in any case. */
const largest = 32 * 1024 * 1024;

/** The latest mails, each with a number that stays while others go. */
export class Outbox {
  /** The mails, the first first. */
  readonly mails: SentMail[] = [];
  /** The number of mails that were there before the first one. */
  #gone = 0;

  /** Adds a mail. The oldest go if there are too many, or if they are too large; in tests if there are too many. */
  add(mail: SentMail, isTest: boolean): void {
    const { mails } = this;
    mails.push(mail);
    while (mails.length > most || (!isTest && mails.length > 1 && sum(mails) > largest)) {
      mails.shift();
      this.#gone++;
    }
  }

  /** Returns the mails with their numbers. */
  entries(): readonly { readonly number: number; readonly mail: SentMail }[] {
    return this.mails.map((mail, index) => ({ number: this.#gone + index, mail }));
  }

  /** Returns the mail with a number. */
  find(number: number): SentMail | undefined {
    return this.mails[number - this.#gone];
  }
}

function sum(mails: readonly SentMail[]): number {
  return mails.reduce((size, { attachments, html, text }) => {
    const files = attachments.map(({ content }) => (typeof content === "string" || Buffer.isBuffer(content) ? content.length : 0));
    return size + text.length + (html?.length ?? 0) + files.reduce((total, length) => total + length, 0);
  }, 0);
}
