import { describe, expect, it } from "vitest";
import { createApp } from "../support";

/** Adds a rule with a converter of an expression. */
function add(regex: string): void {
  const app = createApp();
  app.converters.set("own", { regex, spans: false });
  app.route("/<own:x>" as "/", () => "", { endpoint: "x" });
  app.registry.close();
}

describe("the expression of a converter", () => {
  it.each([
    "(?:a|a)*",
    "(a|a)+",
    "(?:a|aa)*",
    "(?:\\d|[0-9a-f])+",
    "(?:\\w|\\d)*x",
    "(?:.|a)*",
    "(?:a|ab?)*",
    "(?:ab|a.)+",
    "(?:a|)*",
    "x(?:y|(?:z|y))*",
    "(?:a|a){2,}",
    "(?:a|a){1,40}",
  ])("%s is refused: its time can grow without end", (regex) => {
    expect(() => add(regex)).toThrow("The expression of the converter 'own' cannot be used");
  });

  it.each(["[a-z]+", "(?:a|b)*", "(?:ab|ac)*", "(?:[a-z]|[0-9]|-)+", "(?:a|a)", "(?:a|ab)?c", "\\d{4}-\\d{2}", "(?:\\(|\\))+", "[(|)]+"])(
    "%s is accepted",
    (regex) => {
      expect(() => add(regex)).not.toThrow();
    },
  );
});
