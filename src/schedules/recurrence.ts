import { parseCron } from "./cron.ts";
import { localTimeAt, momentOf, nextMoment, nthMoment } from "./local-time.ts";
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
  /** The local time from which on it comes, and is counted, such as `2026-11-30T09:00`; null for the moment when it was made. */
  start: string | null;
  createdAt: number;
}

/** How far occurrences are looked for: a leap day comes within it. It bounds the work that a rule can make. */
const MAX_YEARS = 5;
const DAY = 24 * 60 * 60 * 1000;

/** How a local time is stored and shown: to the minute. */
export const toLocalText = (local: number): string => new Date(local).toISOString().slice(0, 16);

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

/**
 * Whether its rule ends by itself, by a number of occurrences or a time.
 * @throws RuleError when the rule can't be read
 */
export const endsByItself = (recurrence: Recurrence): boolean => ruleOf(recurrence).ends;

function ruleOf({ cron, rrule, timeZone, start, createdAt }: Recurrence): Rule {
  if (rrule === null) return parseCron(cron ?? "");
  return parseRrule(rrule, {
    at: start === null ? localTimeAt(timeZone, createdAt) : localOf(start),
    isGiven: start !== null,
  });
}

const localOf = (start: string): number => Date.parse(`${start}Z`);

function following(recurrence: Recurrence, until: number): (after: number) => number | null {
  const { timeZone, start, createdAt } = recurrence;
  const rule = ruleOf(recurrence);
  // The moment of a start that was given is one of the rule's if its local time is.
  const begin = start === null ? createdAt : momentOf(timeZone, localOf(start)) - 1;
  const end = Math.min(rule.until ?? until, endOf(recurrence, rule, begin + 1, until));
  // Local times are less than a day ahead of UTC.
  const local = (after: number) => rule.next(after, until + DAY);
  return (after) => {
    const at = nextMoment(timeZone, local, rule.isEveryHour, Math.max(after, begin));
    return at === null || at > end ? null : at;
  };
}

/** The last occurrences of rules that end by their number: to count them takes milliseconds where clocks were moved often since the start. */
const ends = new Map<string, number>();
const MAX_ENDS = 1000;

function endOf(
  { rrule, timeZone, start, createdAt }: Recurrence,
  rule: Rule,
  first: number,
  until: number,
): number {
  if (rule.count === null) return until;
  const key = [rrule, timeZone, start ?? createdAt].join();
  const known = ends.get(key);
  if (known !== undefined) return known;
  const end = nthMoment(timeZone, rule, first, rule.count, until);
  // Not reached by then.
  if (end === null) return until;
  if (ends.size >= MAX_ENDS) ends.clear();
  ends.set(key, end);
  return end;
}
