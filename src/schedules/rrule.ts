import { Cron } from "cron-schedule";
import { type Rule, RuleError } from "./rule.ts";

/*
 * Recurrence rules of iCalendar (RFC 5545, 3.3.10), as far as a schedule has an answer for them: those that say by themselves on which
 * days and at which times. A schedule has no DTSTART, from which the rest would be counted.
 */

const FREQUENCIES = ["HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"] as const;
type Frequency = (typeof FREQUENCIES)[number];

const DAYS = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];

/** Why a part is not possible. */
const REFUSED: Record<string, string> = {
  COUNT: "a schedule goes on until it is paused or deleted",
  UNTIL: "a schedule goes on until it is paused or deleted",
  BYSETPOS: "name the days, such as BYDAY=-1FR or BYMONTHDAY=-1",
  BYYEARDAY: "name the days by BYMONTH and BYMONTHDAY",
  BYWEEKNO: "name the days by BYMONTH and BYDAY",
};

/** A weekday, and which of its month: the second, or the last but one (-2); null for each. */
interface ByDay {
  weekday: number;
  nth: number | null;
}

/**
 * Reads a recurrence rule.
 * @throws RuleError saying which part is not possible, and what to write instead
 */
export function parseRrule(text: string): Rule {
  const parts = partsOf(text);
  const frequency = parts.get("FREQ") as Frequency | undefined;
  if (frequency === undefined || !FREQUENCIES.includes(frequency)) {
    throw new RuleError(`FREQ must be one of ${FREQUENCIES.join(", ")}`);
  }
  if ((parts.get("INTERVAL") ?? "1") !== "1") {
    throw new RuleError(
      "INTERVAL can only be 1: a schedule has no start to count from. Name the hours, days or months",
    );
  }
  if ((parts.get("BYSECOND") ?? "0") !== "0") throw new RuleError("BYSECOND can only be 0");
  const byDay = listOf(parts, "BYDAY")?.map(dayOf) ?? null;
  const byMonthDay = numbersOf(parts, "BYMONTHDAY", 1, 31, true);
  const months = numbersOf(parts, "BYMONTH", 1, 12);
  const hours = numbersOf(parts, "BYHOUR", 0, 23);
  const minutes = numbersOf(parts, "BYMINUTE", 0, 59) ?? [0];
  require(frequency, { byDay, byMonthDay, months, hours });
  const cron = new Cron({
    seconds: new Set([0]),
    minutes: new Set(minutes),
    hours: new Set(hours ?? range(0, 23)),
    days: new Set(range(1, 31)),
    months: new Set(months?.map((month) => month - 1) ?? range(0, 11)),
    weekdays: new Set(range(0, 6)),
  });
  const isDay = (day: Date) =>
    (byDay === null || byDay.some((one) => isWeekday(one, day))) &&
    (byMonthDay === null || byMonthDay.some((one) => isMonthDay(one, day)));
  return { cron, isDay: byDay === null && byMonthDay === null ? null : isDay };
}

/** The parts of a rule by their names. */
function partsOf(text: string): Map<string, string> {
  const parts = new Map<string, string>();
  for (const part of text.replace(/^RRULE:/, "").split(";")) {
    const [, name, value] = /^([A-Z]+)=([A-Z0-9,+-]+)$/.exec(part) ?? [];
    if (name === undefined || value === undefined) {
      throw new RuleError("must be parts such as FREQ=DAILY;BYHOUR=2;BYMINUTE=30");
    }
    if (parts.has(name)) throw new RuleError(`${name} is there twice`);
    const refused = REFUSED[name];
    if (refused !== undefined) throw new RuleError(`${name} is not possible: ${refused}`);
    if (!KNOWN.has(name)) throw new RuleError(`${name} is not known`);
    parts.set(name, value);
  }
  return parts;
}

// WKST changes nothing: the first day of the week matters for intervals only.
const KNOWN = new Set("FREQ INTERVAL WKST BYSECOND BYMINUTE BYHOUR BYDAY BYMONTHDAY BYMONTH".split(" "));

const listOf = (parts: Map<string, string>, name: string) => parts.get(name)?.split(",") ?? null;

function numbersOf(
  parts: Map<string, string>,
  name: string,
  least: number,
  most: number,
  mayBeNegative = false,
): number[] | null {
  return (
    listOf(parts, name)?.map((text) => {
      const value = /^[+-]?\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
      const size = mayBeNegative ? Math.abs(value) : value;
      if (size >= least && size <= most) return value;
      const negative = mayBeNegative ? `, or -${most} to -${least} counted from the end` : "";
      throw new RuleError(`${name} must be numbers from ${least} to ${most}${negative}`);
    }) ?? null
  );
}

function dayOf(text: string): ByDay {
  const [, nth, day = ""] = /^([+-]?[1-5])?([A-Z]{2})$/.exec(text) ?? [];
  const weekday = DAYS.indexOf(day);
  if (weekday >= 0) return { weekday, nth: nth === undefined ? null : Number(nth) };
  throw new RuleError("BYDAY must be days such as MO,TU, or in a month 1MO, 2TU or -1FR");
}

/** Checks that a rule says by itself on which days, and at which hours. */
function require(
  frequency: Frequency,
  given: {
    byDay: ByDay[] | null;
    byMonthDay: number[] | null;
    months: number[] | null;
    hours: number[] | null;
  },
): void {
  const { byDay, byMonthDay, months, hours } = given;
  if (hours === null && frequency !== "HOURLY") {
    throw new RuleError(`BYHOUR is needed with FREQ=${frequency}`);
  }
  if (frequency === "WEEKLY" && byDay === null) throw new RuleError("BYDAY is needed with FREQ=WEEKLY");
  if (frequency === "WEEKLY" && byMonthDay !== null) {
    throw new RuleError("BYMONTHDAY is not possible with FREQ=WEEKLY");
  }
  const isOfMonth = frequency === "MONTHLY" || frequency === "YEARLY";
  if (isOfMonth && byDay === null && byMonthDay === null) {
    throw new RuleError(`BYMONTHDAY or BYDAY is needed with FREQ=${frequency}`);
  }
  if (frequency === "YEARLY" && months === null) throw new RuleError("BYMONTH is needed with FREQ=YEARLY");
  if (!isOfMonth && byDay?.some(({ nth }) => nth !== null)) {
    throw new RuleError(`BYDAY can't have numbers with FREQ=${frequency}`);
  }
}

function isWeekday({ weekday, nth }: ByDay, day: Date): boolean {
  if (day.getUTCDay() !== weekday) return false;
  if (nth === null) return true;
  const date = day.getUTCDate();
  return nth > 0 ? Math.ceil(date / 7) === nth : Math.ceil((daysInMonth(day) - date + 1) / 7) === -nth;
}

const isMonthDay = (one: number, day: Date): boolean =>
  day.getUTCDate() === (one > 0 ? one : daysInMonth(day) + 1 + one);

const daysInMonth = (day: Date): number =>
  new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 0)).getUTCDate();

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);
