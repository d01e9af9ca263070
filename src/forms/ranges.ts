import { type Bound, listTextFormats, readBound } from "../schemas/checks";
import { formatWeek, startOfWeek } from "../schemas/control-dates";
import { listChecks, type ZodSchema } from "../schemas/zod";
import type { Attributes } from "./attributes";

/** The number, date or time that a control takes, as far as browsers can check it. */
export interface Range {
  /** Returns `min`, `max` and `step` for a type of control that shows these texts. */
  constraints(type: string, values: readonly string[]): Attributes;
}

const second = 1000;
const minute = 60 * second;
const day = 24 * 60 * minute;
const timeTypes: ReadonlySet<string> = new Set(["time", "datetime-local"]);

/** Reads the range of a number, a bigint, a date, or a text that is a date or a time. */
export function readRange(schema: ZodSchema): Range | undefined {
  switch (schema._zod.def.type) {
    case "number":
    case "bigint":
      return readNumberRange(schema);
    case "date":
      return readDateRange(schema);
    case "string":
      return readTextRange(schema);
    default:
      return undefined;
  }
}

/** A decimal number as an integer that is divided by a power of ten. */
interface Scaled {
  readonly units: bigint;
  readonly scale: number;
}

const formatBounds: Readonly<Record<string, readonly [least: number | bigint, most: number | bigint]>> = {
  float32: [-3.4028234663852886e38, 3.4028234663852886e38],
  int32: [-2_147_483_648, 2_147_483_647],
  uint32: [0, 4_294_967_295],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

function readNumberRange(schema: ZodSchema): Range {
  const checks = listChecks(schema);
  const formats = checks.flatMap(({ check, format }) => (check === "number_format" || check === "bigint_format" ? [String(format)] : []));
  const isWhole = schema._zod.def.type === "bigint" || formats.some((format) => /int/.test(format));
  const steps = checks
    .filter(({ check }) => check === "multiple_of")
    .map(({ value }) => scale(String(value).replace(/^-/, "")))
    .filter((one) => one?.units !== 0n);
  const step = [...steps, ...(isWhole ? [{ units: 1n, scale: 0 }] : [])].reduce<Scaled | undefined>(
    (all, one) => (all === undefined || one === undefined ? one : leastCommonMultiple(all, one)),
    undefined,
  );
  const stated = formats.flatMap((format) => (formatBounds[format] === undefined ? [] : [formatBounds[format]]));
  // Browsers count steps from the least number, which must have no more digits than they can count with.
  const isCounted = step !== undefined && !isSame(step, { units: 1n, scale: 0 });
  const [formatBound, formatMost] = stated[0] ?? [];
  const formatLeast = isCounted && Number(formatBound) < Number.MIN_SAFE_INTEGER ? undefined : formatBound;
  const least = findStricter(readBound(schema, "greater_than"), formatLeast, 1);
  const most = findStricter(readBound(schema, "less_than"), formatMost, -1);
  const min = least && toLimit(least.value, least.isInclusive, step, 1n);
  const max = most && toLimit(most.value, most.isInclusive, step, -1n);
  const isDefaultStep = step !== undefined && isSame(step, { units: 1n, scale: 0 });
  const base: Attributes = { min, max, step: step === undefined ? "any" : isDefaultStep ? undefined : format(step) };
  // Browsers count steps from the value that the page shows, if there is no minimum.
  const origin = step && min === undefined ? format(roundTo(scale(-Number.MAX_SAFE_INTEGER) ?? step, step, 1n)) : undefined;
  return {
    constraints: (type, [value = ""]) => {
      const shown = type === "range" ? undefined : scale(value);
      const isOff = shown !== undefined && step !== undefined && !isSame(roundTo(shown, step, 1n), shown);
      return isOff && origin !== undefined ? { ...base, min: origin } : base;
    },
  };
}

/** Returns the stricter one of a bound that is stated and that of a format: the larger one (1) or the smaller one (-1). */
function findStricter(stated: Bound | undefined, value: number | bigint | undefined, inward: 1 | -1): Bound | undefined {
  if (value === undefined || stated?.value instanceof Date) {
    return stated;
  }
  const isStricter = stated !== undefined && (inward === 1 ? stated.value >= value : stated.value <= value);
  return isStricter ? stated : { value, isInclusive: true };
}

/** Returns the nearest number inside a bound that the step allows. Bounds that only state the safe integers say nothing. */
function toLimit(bound: number | bigint | Date, isInclusive: boolean, step: Scaled | undefined, inward: 1n | -1n): string | undefined {
  if (bound instanceof Date || (typeof bound === "number" && (Math.abs(bound) === Number.MAX_SAFE_INTEGER || !Number.isFinite(bound)))) {
    return undefined;
  }
  const value = scale(bound);
  if (step === undefined || value === undefined) {
    return String(isInclusive || typeof bound === "bigint" ? bound : nextNumber(bound, Number(inward)));
  }
  const rounded = roundTo(value, step, inward);
  const isBound = !isInclusive && isSame(rounded, value);
  return format(isBound ? add(rounded, { units: step.units * inward, scale: step.scale }) : rounded);
}

/** Returns the next number that JavaScript knows: above (1) or below (-1). */
function nextNumber(value: number, direction: number): number {
  if (value === 0) {
    return direction * Number.MIN_VALUE;
  }
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigInt64(0, view.getBigInt64(0) + BigInt(direction * Math.sign(value)));
  return view.getFloat64(0);
}

function scale(value: unknown): Scaled | undefined {
  const [, sign, whole = "", fraction = "", exponent = "0"] = /^(-?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(String(value)) ?? [];
  const digits = `${whole}${fraction}`;
  const power = Number(exponent) - fraction.length;
  if (digits === "" || Math.abs(power) > 400) {
    return undefined;
  }
  const units = BigInt(`${sign}${digits}`) * 10n ** BigInt(Math.max(power, 0));
  return { units, scale: Math.max(-power, 0) };
}

function align(left: Scaled, right: Scaled): readonly [left: bigint, right: bigint, scale: number] {
  const common = Math.max(left.scale, right.scale);
  return [left.units * 10n ** BigInt(common - left.scale), right.units * 10n ** BigInt(common - right.scale), common];
}

function leastCommonMultiple(left: Scaled, right: Scaled): Scaled {
  const [one, other, common] = align(left, right);
  let [divisor, rest] = [one < 0n ? -one : one, other < 0n ? -other : other];
  while (rest > 0n) {
    [divisor, rest] = [rest, divisor % rest];
  }
  const product = one * other;
  return { units: (product < 0n ? -product : product) / divisor, scale: common };
}

/** Rounds to a multiple of a step: up (1) or down (-1). */
function roundTo(value: Scaled, step: Scaled, direction: 1n | -1n): Scaled {
  const [units, stepUnits, common] = align(value, step);
  const rest = ((units % stepUnits) + stepUnits) % stepUnits;
  return { units: rest === 0n ? units : direction === 1n ? units - rest + stepUnits : units - rest, scale: common };
}

function isSame(left: Scaled, right: Scaled): boolean {
  const [one, other] = align(left, right);
  return one === other;
}

function add(left: Scaled, right: Scaled): Scaled {
  const [one, other, common] = align(left, right);
  return { units: one + other, scale: common };
}

function format({ units, scale: places }: Scaled): string {
  const digits = String(units < 0n ? -units : units).padStart(places + 1, "0");
  const fraction = digits.slice(digits.length - places).replace(/0+$/, "");
  const whole = digits.slice(0, digits.length - places);
  return `${units < 0n ? "-" : ""}${whole}${places > 0 && fraction !== "" ? `.${fraction}` : ""}`;
}

function readDateRange(schema: ZodSchema): Range {
  const least = readBound(schema, "greater_than");
  const most = readBound(schema, "less_than");
  return {
    constraints(type, values) {
      if (type === "month" || type === "week") {
        return { min: formatPeriod(least, type, 1), max: formatPeriod(most, type, -1) ?? (type === "month" ? "9999-12" : "9999-W52") };
      }
      const step = timeTypes.has(type) ? findTimeStep(values) : day;
      const limit = (bound: typeof least, inward: 1 | -1): string | undefined =>
        bound?.value instanceof Date ? formatMoment(bound.value.getTime(), bound.isInclusive, step, inward, type) : undefined;
      return { min: limit(least, 1), max: limit(most, -1) ?? lastOf(type, step), step: step < minute ? step / second : undefined };
    },
  };
}

/** Rounds a bound inward to the first day of a month or of a week. */
function formatPeriod(bound: Bound | undefined, type: "month" | "week", inward: 1 | -1): string | undefined {
  if (!(bound?.value instanceof Date)) {
    return undefined;
  }
  const { value, isInclusive } = bound;
  const move = (date: Date, count: number): Date =>
    type === "week"
      ? new Date(startOfWeek(date).getTime() + count * 7 * day)
      : new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + count, 1));
  const start = move(value, 0);
  const isStart = start.getTime() === value.getTime();
  const count = inward === 1 ? (isStart && isInclusive ? 0 : 1) : isStart && !isInclusive ? -1 : 0;
  const date = move(start, count);
  const year = date.getUTCFullYear();
  return year < 1 || year > 9999 ? undefined : type === "week" ? formatWeek(date) : formatTime(date, day).slice(0, -3);
}

/** Rounds a bound inward to the step of the control: a day, a minute, a second or a millisecond. */
function formatMoment(time: number, isInclusive: boolean, step: number, inward: 1 | -1, type: string): string | undefined {
  const rounded = (inward === 1 ? Math.ceil(time / step) : Math.floor(time / step)) * step;
  const moment = new Date(rounded === time && !isInclusive ? time + inward * step : rounded);
  const [year = 0] = Number.isNaN(moment.getTime()) ? [] : [moment.getUTCFullYear()];
  if (year < 1 || year > 9999) {
    return undefined;
  }
  if (type === "time") {
    // A time is one of the first day of 1970.
    return moment.getTime() >= 0 && moment.getTime() < day ? formatTime(moment, step).replace(/^.*T/, "") : undefined;
  }
  return formatTime(moment, type === "date" ? day : step);
}

/** Formats a moment in UTC for a control: `2026-01-02`, or with a time as exact as the step. */
export function formatTime(moment: Date, step: number): string {
  const text = moment.toISOString();
  const start = text.lastIndexOf("T");
  const date = text.slice(0, start).replace(/^\+0*/, "");
  return step >= day ? date : `${date}T${text.slice(start + 1, step >= minute ? start + 6 : step >= second ? start + 9 : start + 13)}`;
}

/** Returns the step in milliseconds that a control of times needs to show texts: a minute, a second, or a millisecond. */
export function findTimeStep(texts: readonly string[]): number {
  const steps = texts.map((text) => {
    const [, seconds = "", fraction = ""] = /\d\d:\d\d(?::(\d\d)(?:\.(\d+))?)?/.exec(text) ?? [];
    return Number(fraction) > 0 ? 1 : Number(seconds) > 0 ? second : minute;
  });
  return Math.min(minute, ...steps);
}

/** Returns the last moment of the year 9999: browsers would take years of six digits. */
function lastOf(type: string, step: number): string | undefined {
  const last = new Date("9999-12-31T23:59:59.999Z");
  return type === "date" ? formatTime(last, day) : type === "datetime-local" ? formatTime(last, step) : undefined;
}

/** Texts that are dates or times: years have four digits, and seconds are stated where the schema wants them. */
function readTextRange(schema: ZodSchema): Range | undefined {
  const found = listTextFormats(schema).find(({ format: name }) => name === "date" || name === "time" || name === "datetime");
  if (found === undefined) {
    return undefined;
  }
  const { precision } = found;
  return {
    constraints(type, values) {
      const stated = typeof precision === "number" && precision >= 0 ? (precision === 0 ? second : 1) : minute;
      const step = timeTypes.has(type) ? Math.min(stated, findTimeStep(values)) : day;
      return { max: lastOf(type, step), step: step < minute ? step / second : undefined };
    },
  };
}
