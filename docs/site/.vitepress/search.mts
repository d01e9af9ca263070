/**
 * The options of a search, for minisearch.
 *
 * The site carries the source of each function into the browser, so none may use a name from outside of itself.
 */
export const searchOptions = {
  /** Leaves out the words that every question has, so that the others find the page. */
  processTerm: (term: string): string | null => {
    const word = term.toLowerCase();
    const common =
      " a an and any are as at be by can cannot could did do does don't for from get gets has have how i if in into is isn't it it's its me my need not of on one or our should so than that the their them then there this to use using want was way we what when where which who why will with without would you your ";
    return common.includes(` ${word} `) ? null : word;
  },
  /** Takes the beginning of a longer word, from three letters on. */
  prefix: (term: string): boolean => term.length > 2,
  /** Forgives a wrong letter in longer words. */
  fuzzy: (term: string): number | boolean => (term.length > 4 ? 0.2 : false),
  /** Weighs the pages: guides before chapters of the tutorial, those before the reference, and that before pages on the project. */
  boostDocument: (id: string): number => {
    if (/^\/docs\/(?:why|decisions|upgrading|support)/.test(id)) {
      return 0.6;
    }
    if (/^\/docs\/tutorial/.test(id)) {
      return 0.5;
    }
    return id.startsWith("/docs/") ? 1.5 : id.startsWith("/reference/") ? 0.4 : 0.2;
  },
};
