import { Blueprint, Flagon } from "flagon";
import { describe, expect, it } from "vitest";

/** Calls a method as code does that no compiler has checked. */
function call(target: object, method: string, ...words: unknown[]): unknown {
  return Reflect.apply(Reflect.get(target, method), target, words);
}

const view = () => "x";

describe.each(["get", "post", "put", "patch", "delete", "route"])("%s() refuses the way of another framework", (method) => {
  it.each<[label: string, words: unknown[], message: string]>([
    ["a guard before the view", ["/a", view, view], "The options of the rule '/a' are a function. The view is the second argument"],
    ["options before the view", ["/a", {}, view], "The view of the rule '/a' is an object. The second argument is the view"],
    ["a list of views", ["/a", [view, view]], "The view of the rule '/a' is a list."],
    ["no view", ["/a"], "The view of the rule '/a' is missing."],
    ["a list of rules", [["/a", "/b"], view], 'A rule is text, such as "/users/<int:id>", but this one is a list.'],
    ["a regular expression", [/a/, view], "but this one is a regular expression."],
    ["options that are null", ["/a", view, null], "The options of the rule '/a' are null."],
  ])("%s", (_, words, message) => {
    expect(() => call(new Flagon(__dirname), method, ...words)).toThrow(message);
    expect(() => call(new Blueprint("b"), method, ...words)).toThrow(message);
  });
});

it.each([[view], ["/path"], [undefined], [{}]])("use() says where middleware goes: %s", (extension) => {
  expect(() => call(new Flagon(__dirname), "use", extension)).toThrow(
    "app.use() takes an extension: an object with a name and install(). Middleware of Connect or Express goes to app.useNode()",
  );
});
