import { parseCron } from "./cron.ts";
import { nextMoment } from "./local-time.ts";
import { parseRrule } from "./rrule.ts";
import type { Rule } from "./rule.ts";

/*
 * When a schedule's captures begin: the moments of its rule, in its time zone. Pure: it is told the time. All times are in
 * milliseconds since the epoch.
 */

/** A schedule's rule, either of the two, and the time zone in which it is read. */
export interface Recurrence {
  cron: string | null;
  rrule: string | null;
  timeZone: string;
}

/** How far occurrences are looked for: a leap day comes within it. It bounds the work that a rule can make. */
const MAX_YEARS = 5;
const DAY = 24 * 60 * 60 * 1000;

/**
 * The first occurrence after a time, null when there is none in the next five years.
 * @throws RuleError when the rule can't be read
 */
export function nextOccurrence(recurrence: Recurrence, after: number): number | null {
  return nextOccurrences(recurrence, after, 1)[0] ?? null;
}

/**
 * The next occurrences after a time, those of the next five years.
 * @param count how many; less where there are less
 * @throws RuleError when the rule can't be read
 */
export function nextOccurrences(recurrence: Recurrence, after: number, count: number): number[] {
  const until = new Date(after).setUTCFullYear(new Date(after).getUTCFullYear() + MAX_YEARS);
  const next = following(recurrence, until);
  const found: number[] = [];
  let at: number | null = after;
  while (found.length < count) {
    at = next(at);
    if (at === null || at > until) break;
    found.push(at);
  }
  return found;
}

function following({ cron, rrule, timeZone }: Recurrence, until: number): (after: number) => number | null {
  const rule = rrule === null ? parseCron(cron ?? "") : parseRrule(rrule);
  const isEveryHour = rule.cron.hours.length === 24;
  // Local times are less than a day ahead of UTC.
  return (after) => nextMoment(timeZone, (local) => nextLocal(rule, local, until + DAY), isEveryHour, after);
}

/**
 * The first local time of a rule after another, null when there is none until a third. The library reads dates in the Worker's own time
 * zone, which is UTC.
 */
function nextLocal({ cron, isDay }: Rule, after: number, until: number): number | null {
  let from = after;
  while (from < until) {
    let next: Date;
    try {
      next = cron.getNextDate(new Date(from));
    } catch {
      // The month does not have this day: the 30th of February.
      return null;
    }
    if (isDay === null || isDay(next)) return next.getTime();
    // On to the next day that counts; the library says whether its month does.
    let day = Math.floor(next.getTime() / DAY) + 1;
    while (day * DAY < until && !isDay(new Date(day * DAY))) day++;
    from = day * DAY - 1;
  }
  return null;
}
