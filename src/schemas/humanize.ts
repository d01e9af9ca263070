/** Writes a name as words: `firstName` is `First name`. */
export function humanize(name: string): string {
  const words = name
    .replace(/[_\-.[\]]+/g, " ")
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .trim()
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
