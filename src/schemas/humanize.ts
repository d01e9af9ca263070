/** Writes a name as words: `firstName` is `First name`, and `userID` is `User ID`. */
export function humanize(name: string): string {
  const words = name
    .replace(/[_\-.[\]]+/g, " ")
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, "$1 $2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1 $2")
    .trim();
  const isMixed = /\p{Ll}/u.test(words);
  const spoken = words.replace(/\S+/g, (word) => (isMixed && /^\p{Lu}{2,}\d*$/u.test(word) ? word : word.toLowerCase()));
  return spoken.charAt(0).toUpperCase() + spoken.slice(1);
}
