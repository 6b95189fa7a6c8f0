import { type Cron, parseCronExpression } from "cron-schedule";
import { type Rule, RuleError } from "./rule.ts";

/*
 * Cron expressions: five fields, read by cron-schedule. What it would read as something else than it says, such as `5/15`, is refused
 * here.
 */

const FIELDS = ["minute", "hour", "day of the month", "month", "day of the week"];
const NAMES = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun";
const VALUE = `(?:\\d{1,2}|${NAMES})`;
const ELEMENT = `(?:(?:\\*|${VALUE}-${VALUE})(?:/[1-9]\\d?)?|${VALUE})`;
const FIELD = new RegExp(`^${ELEMENT}(?:,${ELEMENT}){0,59}$`, "i");

/**
 * Reads a cron expression.
 * @throws RuleError saying what is wrong with it
 */
export function parseCron(expression: string): Rule {
  const fields = expression.split(" ");
  if (fields.length !== FIELDS.length) {
    throw new RuleError(`must have five fields, such as "30 2 * * MON-FRI": ${FIELDS.join(", ")}`);
  }
  const wrong = fields.findIndex((field, i) => !FIELD.test(field) || !isRead(field, i));
  if (wrong < 0) return ruleOf(parseCronExpression(expression));
  throw new RuleError(
    `its ${FIELDS[wrong]} must be a number of that range, or names, ranges and steps such as 1,15, MON-FRI or */10`,
  );
}

function ruleOf(cron: Cron): Rule {
  // The library reads dates in the Worker's own time zone, which is UTC.
  const next = (after: number, until: number): number | null => {
    try {
      const found = cron.getNextDate(new Date(after)).getTime();
      return found < until ? found : null;
    } catch {
      // The month does not have this day: the 30th of February.
      return null;
    }
  };
  const nothing = { count: 0, last: null };
  // Nothing of it is counted: an expression has no end.
  return {
    next,
    tally: () => nothing,
    isEveryHour: cron.hours.length === 24,
    count: null,
    until: null,
    ends: false,
  };
}

/** Whether the library can read a field in its place, with all others free. */
function isRead(field: string, place: number): boolean {
  try {
    parseCronExpression(FIELDS.map((_, i) => (i === place ? field : "*")).join(" "));
    return true;
  } catch {
    return false;
  }
}
