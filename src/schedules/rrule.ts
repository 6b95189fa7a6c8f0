import { type ByDay, type Frequency, localTimes, type Named } from "./rrule-times.ts";
import { type Rule, RuleError, type RuleStart } from "./rule.ts";

/*
 * Recurrence rules of iCalendar (RFC 5545, 3.3.10), as they are written.
 */

const FREQUENCIES = ["MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"] as const;
const DAYS = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];

/** Why a part is not possible. */
const REFUSED: Record<string, string> = {
  BYSETPOS: "name the days, such as BYDAY=-1FR or BYMONTHDAY=-1",
  BYYEARDAY: "name the days by BYMONTH and BYMONTHDAY",
  BYWEEKNO: "name the days by BYMONTH and BYDAY",
};

const KNOWN = new Set(
  "FREQ INTERVAL COUNT UNTIL WKST BYSECOND BYMINUTE BYHOUR BYDAY BYMONTHDAY BYMONTH".split(" "),
);

/**
 * Reads a recurrence rule.
 * @param start from when on intervals and occurrences are counted; one that was given also says what the rule leaves out
 * @throws RuleError saying which part is not possible, and what to write instead
 */
export function parseRrule(text: string, start: RuleStart): Rule {
  const parts = partsOf(text);
  const frequency = parts.get("FREQ") as Frequency | undefined;
  if (frequency === undefined || !FREQUENCIES.includes(frequency)) {
    throw new RuleError(`FREQ must be one of ${FREQUENCIES.join(", ")}`);
  }
  if ((parts.get("BYSECOND") ?? "0") !== "0") throw new RuleError("BYSECOND can only be 0");
  const named: Named = {
    byDay: listOf(parts, "BYDAY")?.map(dayOf) ?? null,
    byMonthDay: numbersOf(parts, "BYMONTHDAY", 1, 31, true),
    months: numbersOf(parts, "BYMONTH", 1, 12),
    hours: numbersOf(parts, "BYHOUR", 0, 23),
    minutes: numbersOf(parts, "BYMINUTE", 0, 59),
  };
  check(frequency, named, start.isGiven);
  const interval = countOf(parts, "INTERVAL") ?? 1;
  const weekStart = DAYS.indexOf(parts.get("WKST") ?? "MO");
  if (weekStart < 0) throw new RuleError(`WKST must be one of ${DAYS.join(", ")}`);
  const count = countOf(parts, "COUNT");
  const end = endOf(parts.get("UNTIL"));
  if (count !== null && end !== null) throw new RuleError("COUNT and UNTIL can't both be there");
  const times = localTimes({ frequency, interval, weekStart, ...named }, start);
  const last = end?.isLocal ? end.at : null;
  return {
    ...times,
    next: last === null ? times.next : (after, until) => times.next(after, Math.min(until, last + 1)),
    count,
    until: end?.isLocal === false ? end.at : null,
    ends: count !== null || end !== null,
  };
}

/** The parts of a rule by their names. */
function partsOf(text: string): Map<string, string> {
  const parts = new Map<string, string>();
  for (const part of text.replace(/^RRULE:/, "").split(";")) {
    const [, name, value] = /^([A-Z]+)=([A-Z0-9,+-]*)$/.exec(part) ?? [];
    if (name === undefined || value === undefined) {
      throw new RuleError("must be parts such as FREQ=DAILY;BYHOUR=2;BYMINUTE=30");
    }
    if (value === "") throw new RuleError(`${name} has no value`);
    if (parts.has(name)) throw new RuleError(`${name} is there twice`);
    const refused = REFUSED[name];
    if (refused !== undefined) throw new RuleError(`${name} is not possible: ${refused}`);
    if (!KNOWN.has(name)) throw new RuleError(`${name} is not known`);
    parts.set(name, value);
  }
  return parts;
}

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

/** The number of INTERVAL or COUNT; null when it is not there. */
function countOf(parts: Map<string, string>, name: string): number | null {
  const text = parts.get(name);
  if (text === undefined) return null;
  if (/^0*[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new RuleError(`${name} must be a number from 1 to 999999`);
}

function dayOf(text: string): ByDay {
  const [, nth, day = ""] = /^([+-]?[1-5])?([A-Z]{2})$/.exec(text) ?? [];
  const weekday = DAYS.indexOf(day);
  if (weekday >= 0) return { weekday, nth: nth === undefined ? null : Number(nth) };
  throw new RuleError("BYDAY must be days such as MO,TU, or in a month 1MO, 2TU or -1FR");
}

/**
 * The last time that a rule may come: a moment in UTC, or a local time. A date is all of its day.
 */
function endOf(text: string | undefined): { at: number; isLocal: boolean } | null {
  if (text === undefined) return null;
  const [, date, time, zone] = /^(\d{8})(?:T(\d{6})(Z)?)?$/.exec(text) ?? [];
  if (date !== undefined) {
    const day = date.replace(/(....)(..)(..)/, "$1-$2-$3");
    const clock = (time ?? "235959").replace(/(..)(..)(..)/, "$1:$2:$3");
    const at = Date.parse(`${day}T${clock}Z`);
    // The platform takes the 30th of February for a day of March.
    if (new Date(at || 0).toISOString().startsWith(`${day}T${clock}`))
      return { at, isLocal: zone === undefined };
  }
  throw new RuleError("UNTIL must be a time in UTC such as 20270101T000000Z, or a date such as 20270101");
}

/** Checks what goes together, and that a rule without a start says by itself on which days, and at which hours. */
function check(frequency: Frequency, { byDay, byMonthDay, months, hours }: Named, isStarted: boolean): void {
  const isOfMonth = frequency === "MONTHLY" || frequency === "YEARLY";
  const needed = (names: string) =>
    new RuleError(`${names} is needed with FREQ=${frequency}, unless there is a start`);
  const namesDays = byDay !== null || byMonthDay !== null;
  if (!isStarted) {
    if (hours === null && frequency !== "HOURLY" && frequency !== "MINUTELY") throw needed("BYHOUR");
    if (frequency === "WEEKLY" && byDay === null) throw needed("BYDAY");
    if (isOfMonth && !namesDays) throw needed("BYMONTHDAY or BYDAY");
  }
  if (frequency === "WEEKLY" && byMonthDay !== null) {
    throw new RuleError("BYMONTHDAY is not possible with FREQ=WEEKLY");
  }
  if (frequency === "YEARLY" && months === null && (namesDays || !isStarted)) {
    throw new RuleError("BYMONTH is needed with FREQ=YEARLY");
  }
  if (!isOfMonth && byDay?.some(({ nth }) => nth !== null)) {
    throw new RuleError(`BYDAY can't have numbers with FREQ=${frequency}`);
  }
}
