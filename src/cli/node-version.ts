/** The oldest Node that runs Flagon, as package.json has it. */
const oldest = [20, 20] as const;

/**
 * Explains that a version of Node is too old, or gives `null`.
 *
 * @param version The version, such as `"18.20.4"`.
 */
export function explainOldNode(version: string): string | null {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isOld = major < oldest[0] || (major === oldest[0] && minor < oldest[1]);
  return isOld
    ? `Flagon needs Node ${oldest.join(".")} or later, but this is Node ${version}. Install Node 24 from https://nodejs.org.`
    : null;
}
