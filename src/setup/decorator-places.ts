import { SetupError } from "../base/errors";

/** The place of a decorator, as far as it is wrong. */
type WrongPlace = "class" | "static" | "field" | "other";

const cures: Readonly<Record<WrongPlace, string>> = {
  class: ' A prefix of all routes of a class is @blueprint("name", { urlPrefix: "/prefix" }).',
  static: " A static method has no instance: remove 'static'.",
  field: " A property that holds a function is no method: write name() { … } in place of name = () => ….",
  other: "",
};

/** Returns the place of a standard decorator. */
export function placeOf(context: DecoratorContext): WrongPlace {
  if (context.kind === "class") {
    return "class";
  }
  return context.static ? "static" : context.kind === "field" ? "field" : "other";
}

/** Creates the error of a decorator that is on no public method. */
export function misplaced(label: string, name: string, place: WrongPlace): SetupError {
  return new SetupError(`${label} was put on '${name}'. It belongs on a public method of a controller.${cures[place]}`);
}
