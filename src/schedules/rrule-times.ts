import type { LocalTimes, RuleStart, Tally } from "./rule.ts";

/*
 * The local times of a recurrence rule. Whether a day or a minute is one of the rule's is calculated from its distance to the start, so
 * that it makes no difference how long ago that is; only the days from the time that is asked about are gone through.
 */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);

/** What intervals of rules that come within a day are counted in. */
const STEP: Partial<Record<Frequency, number>> = { MINUTELY: MINUTE, HOURLY: HOUR };

/** How often a rule comes. */
export type Frequency = "MINUTELY" | "HOURLY" | "DAILY" | "WEEKLY" | "MONTHLY" | "YEARLY";

/** A weekday, Sunday is 0, and which of its month: the second, or the last but one (-2); null for each. */
export interface ByDay {
  weekday: number;
  nth: number | null;
}

/** What a rule names of days and times; null for what it leaves out. */
export interface Named {
  byDay: ByDay[] | null;
  byMonthDay: number[] | null;
  months: number[] | null;
  hours: number[] | null;
  minutes: number[] | null;
}

/** A rule, but for its end. */
export interface RruleParts extends Named {
  frequency: Frequency;
  interval: number;
  /** The weekday on which weeks begin. */
  weekStart: number;
}

/** A day: by its number since 1970, and in the calendar. */
interface CalendarDay {
  number: number;
  weekday: number;
  date: number;
  /** From 1 on. */
  month: number;
  year: number;
  daysInMonth: number;
}

/** The local times of a rule. */
export function localTimes(parts: RruleParts, start: RuleStart): LocalTimes {
  const { frequency, interval } = parts;
  const rule = { ...parts, ...completed(parts, start) };
  const days = daysOf(rule, dayAt(Math.floor(start.at / DAY)));
  const times = timesOf(rule, start.at);
  const next = (after: number, until: number): number | null => {
    for (const day of days(after, until)) {
      const found = times(day).find((time) => day * DAY + time > after);
      if (found !== undefined) return day * DAY + found < until ? day * DAY + found : null;
    }
    return null;
  };
  const tally = (from: number, until: number, most: number): Tally => {
    let [count, last]: [number, number | null] = [0, null];
    for (const day of days(from, until)) {
      const midnight = day * DAY;
      const isWhole = midnight >= from && midnight + DAY <= until;
      const isMeant = (time: number) => midnight + time >= from && midnight + time < until;
      const found = isWhole ? times(day) : times(day).filter(isMeant);
      const taken = Math.min(found.length, most - count);
      last = taken > 0 ? midnight + (found[taken - 1] ?? 0) : last;
      count += taken;
      if (count === most) break;
    }
    return { count, last };
  };
  // An hour that is left out by an interval is as one that is not named.
  const hasGaps = (STEP[frequency] ?? 0) * interval > HOUR;
  return { next, tally, isEveryHour: !hasGaps && new Set(rule.hours ?? HOURS).size === 24 };
}

/** What a rule names, with what it takes from its start. */
function completed(rule: RruleParts, { at, isGiven }: RuleStart): Named {
  const { frequency, byDay, byMonthDay, months, hours, minutes } = rule;
  const began = dayAt(Math.floor(at / DAY));
  const namesNoDay = byDay === null && byMonthDay === null;
  const isOfMonth = frequency === "MONTHLY" || frequency === "YEARLY";
  const minute = isGiven ? Math.floor(at / MINUTE) % 60 : 0;
  return {
    byDay: byDay ?? (frequency === "WEEKLY" ? [{ weekday: began.weekday, nth: null }] : null),
    byMonthDay: byMonthDay ?? (isOfMonth && namesNoDay ? [began.date] : null),
    months: months ?? (frequency === "YEARLY" && namesNoDay ? [began.month] : null),
    hours: hours ?? (frequency in STEP ? null : [Math.floor(at / HOUR) % 24]),
    minutes: minutes ?? (frequency === "MINUTELY" ? null : [minute]),
  };
}

/** The days of a rule, from one time to another. */
function daysOf(rule: RruleParts, start: CalendarDay): (from: number, until: number) => Generator<number> {
  const { frequency, interval, weekStart, months, byDay, byMonthDay } = rule;
  const periodOf: Record<Frequency, ((day: CalendarDay) => number) | null> = {
    MINUTELY: null,
    HOURLY: null,
    DAILY: ({ number }) => number,
    // The first day of 1970 was a Thursday.
    WEEKLY: ({ number }) => Math.floor((number + 4 - weekStart) / 7),
    MONTHLY: ({ year, month }) => year * 12 + month,
    YEARLY: ({ year }) => year,
  };
  const period = periodOf[frequency];
  const isOfMonth = frequency === "MONTHLY" || frequency === "YEARLY";
  const isInPeriod = (day: CalendarDay) =>
    period === null || interval === 1 || (period(day) - period(start)) % interval === 0;
  const isMonth = (day: CalendarDay) =>
    (months === null || months.includes(day.month)) && (!isOfMonth || isInPeriod(day));
  const isDay = (day: CalendarDay) =>
    isInPeriod(day) &&
    (byDay === null || byDay.some((one) => isWeekday(one, day))) &&
    (byMonthDay === null ||
      byMonthDay.some((one) => day.date === (one > 0 ? one : day.daysInMonth + 1 + one)));
  return function* (from, until) {
    for (let number = Math.floor(from / DAY); number * DAY < until; ) {
      const day = dayAt(number);
      const isMeant = isMonth(day);
      if (isMeant && isDay(day)) yield number;
      // On to the next month where none of this one's days can be meant.
      number += isMeant ? 1 : day.daysInMonth - day.date + 1;
    }
  };
}

/** The times of a rule on one of its days: in milliseconds since midnight, the earliest first. */
function timesOf(
  { frequency, interval, hours, minutes }: RruleParts,
  start: number,
): (day: number) => number[] {
  const inHour = ascending(minutes ?? []);
  const ofHours = (ones: number[]) =>
    ones.flatMap((hour) => inHour.map((minute) => hour * HOUR + minute * MINUTE));
  const unit = STEP[frequency];
  if (unit === undefined) {
    const times = ofHours(ascending(hours ?? HOURS));
    return () => times;
  }
  const step = unit * interval;
  const anchor = Math.floor(start / unit) * unit;
  const isNamed = (time: number) =>
    (hours?.includes(Math.floor(time / HOUR)) ?? true) &&
    (frequency === "HOURLY" || (minutes?.includes(Math.floor(time / MINUTE) % 60) ?? true));
  const timesOn = (day: number): number[] => {
    const steps: number[] = [];
    const distance = (anchor - day * DAY) % step;
    for (let time = distance < 0 ? distance + step : distance; time < DAY; time += step) {
      if (isNamed(time)) steps.push(time);
    }
    return frequency === "MINUTELY" ? steps : ofHours(steps.map((time) => time / HOUR));
  };
  if (DAY % step !== 0) return timesOn;
  // The interval divides a day, so every day has the same times.
  const times = timesOn(0);
  return () => times;
}

function isWeekday({ weekday, nth }: ByDay, day: CalendarDay): boolean {
  if (day.weekday !== weekday || nth === null) return day.weekday === weekday;
  return nth > 0 ? Math.ceil(day.date / 7) === nth : Math.ceil((day.daysInMonth - day.date + 1) / 7) === -nth;
}

function dayAt(number: number): CalendarDay {
  const day = new Date(number * DAY);
  const [year, month] = [day.getUTCFullYear(), day.getUTCMonth()];
  return {
    ...{ number, weekday: day.getUTCDay(), date: day.getUTCDate(), month: month + 1, year },
    daysInMonth: new Date(Date.UTC(year, month + 1, 0)).getUTCDate(),
  };
}

const ascending = (numbers: number[]): number[] => [...new Set(numbers)].sort((a, b) => a - b);
