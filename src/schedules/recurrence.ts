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

/** How many days of a rule may be left out one after another: as many as there are in five years. */
const MAX_DAYS = 5 * 366;
const DAY = 24 * 60 * 60 * 1000;

/**
 * The first occurrence after a time, null when there is none in the next five years.
 * @throws RuleError when the rule can't be read
 */
export function nextOccurrence(recurrence: Recurrence, after: number): number | null {
  return following(recurrence)(after);
}

/**
 * The next occurrences after a time.
 * @param count how many; less where there are less
 * @throws RuleError when the rule can't be read
 */
export function nextOccurrences(recurrence: Recurrence, after: number, count: number): number[] {
  const next = following(recurrence);
  const found: number[] = [];
  for (let at = next(after); at !== null && found.length < count; at = next(at)) found.push(at);
  return found;
}

function following({ cron, rrule, timeZone }: Recurrence): (after: number) => number | null {
  const rule = rrule === null ? parseCron(cron ?? "") : parseRrule(rrule);
  const isEveryHour = rule.cron.hours.length === 24;
  return (after) => nextMoment(timeZone, (local) => nextLocal(rule, local), isEveryHour, after);
}

/** The first local time of a rule after another. The library reads dates in the Worker's own time zone, which is UTC. */
function nextLocal({ cron, isDay }: Rule, after: number): number | null {
  let from = after;
  for (let days = 0; days < MAX_DAYS; days++) {
    let next: Date;
    try {
      next = cron.getNextDate(new Date(from));
    } catch {
      // A day that there is not, such as the 30th of February.
      return null;
    }
    if (isDay === null || isDay(next)) return next.getTime();
    from = Math.floor(next.getTime() / DAY) * DAY + DAY - 1;
  }
  return null;
}
