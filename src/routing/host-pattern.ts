import { refusePromise } from "../base/forgotten-await";
import { type ConverterFactory, escapeRegex, noMatch, withoutCaptures } from "./converters";
import { formatVariable, type Part, parseRule, toText, type Variable } from "./rule-parser";

/** The parsed host of a rule, such as `"api.example.com"` or `"<tenant>.example.com"`. */
export class HostPattern {
  /** The variables, in their order. */
  readonly variables: readonly Variable[];
  readonly #parts: readonly Part[];
  readonly #regex: RegExp;
  readonly #hasPort: boolean;

  /**
   * @param source The host; a variable takes one label, and a host without a port is the same at any port.
   * @param converters The converters by name.
   * @throws {RuleError} If it cannot be read.
   */
  constructor(
    readonly source: string,
    converters: ReadonlyMap<string, ConverterFactory>,
  ) {
    this.#parts = parseRule(source, converters);
    this.variables = this.#parts.filter((part) => typeof part !== "string");
    this.#hasPort = /:\d+$/.test(source);
    this.#regex = new RegExp(`^${this.#parts.map(toSource).join("")}${this.#hasPort ? "" : "(?::\\d+)?"}$`, "i");
  }

  /** Returns the values of the variables in a host, or `undefined` if the host does not match. */
  match(host: string): Record<string, unknown> | undefined {
    const found = this.#regex.exec(host);
    if (found === null) {
      return undefined;
    }
    const values: Record<string, unknown> = {};
    for (const [index, { converter, name }] of this.variables.entries()) {
      const text = found[index + 1] ?? "";
      const value = converter.parse === undefined ? text : converter.parse(text);
      if (value === noMatch) {
        return undefined;
      }
      refusePromise(value, `result of 'parse' of the converter of '${name}'`);
      values[name] = value;
    }
    return values;
  }

  /**
   * Builds the host for values.
   *
   * @param values The values of the variables.
   * @param current The host of the current request. The built host has its port.
   * @throws {TypeError} If a converter refuses its value.
   */
  format(values: Readonly<Record<string, unknown>>, current: string): string {
    const host = this.#parts.map((part) => (typeof part === "string" ? part : formatValue(part, values[part.name]))).join("");
    if (this.match(host) === undefined) {
      throw new TypeError(`'${host}' is not a host of '${this.source}'`);
    }
    return this.#hasPort ? host : host + (/:\d+$/.exec(current)?.[0] ?? "");
  }
}

function formatValue(variable: Variable, value: unknown): string {
  const { converter } = variable;
  const text = converter.format === undefined ? toText(value) : converter.format(value);
  if (!/^[\w.-]+$/.test(text)) {
    throw new TypeError(`'${text}' cannot be part of a host`);
  }
  return formatVariable(variable, value);
}

/** A converter that takes any text of one segment takes one label of a host. */
function toSource(part: Part): string {
  return typeof part === "string" ? escapeRegex(part) : `(${withoutCaptures(part.converter.regex.replaceAll("[^/]", "[^./:]"))})`;
}
