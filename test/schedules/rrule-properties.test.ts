import fc from "fast-check";
import { RRuleTemporal } from "rrule-temporal";
import { describe, expect, it } from "vitest";
import { nextOccurrences } from "../../src/schedules/recurrence.ts";

/*
 * Random rules, whose occurrences are compared with those of a library that knows all of RFC 5545. It reads three things in
 * another way, so that these are not compared here: a local time that there is not (the tests of a year are for these), an interval of
 * hours or minutes where clocks are moved, which it counts in hours that pass, and COUNT there.
 */

const DAY = 24 * 60 * 60 * 1000;
const DAYS = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];
const ZONES = [
  "UTC",
  "Europe/Vienna",
  "America/New_York",
  "America/Havana",
  "Australia/Lord_Howe",
  "Africa/Casablanca",
];
/** The same in each run, so that a failure is due to the change and comes again. To look for more, try other seeds. */
const SEED = 20_261_128;
/** The library takes seconds of a processor for so many. */
const TIMEOUT_MS = 180_000;
/** How many occurrences are compared. */
const COMPARED = 8;

/** For each FREQ, how many days of occurrences the library is asked for: it goes through all since the start. */
const HORIZON = { MINUTELY: 3, HOURLY: 60, DAILY: 500, WEEKLY: 1000, MONTHLY: 1800, YEARLY: 1800 };
type Frequency = keyof typeof HORIZON;

const list = (value: fc.Arbitrary<string | number>) =>
  fc.uniqueArray(value, { minLength: 1, maxLength: 3 }).map(String);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const weekday = fc.constantFrom(...DAYS);
const monthDay = fc.oneof(fc.integer({ min: 1, max: 31 }), fc.integer({ min: -31, max: -1 }));
const numbered = fc
  .tuple(fc.constantFrom("", "1", "2", "3", "4", "5", "-1", "-2", "-5"), weekday)
  .map((both) => both.join(""));

/** A rule of this FREQ, as far as schedules take them. @param hour for BYHOUR */
function ruleOf(frequency: Frequency, hour: fc.Arbitrary<number>): fc.Arbitrary<string> {
  const isOfMonth = frequency === "MONTHLY" || frequency === "YEARLY";
  const parts = fc.record({
    INTERVAL: maybe(fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 100 }))),
    WKST: maybe(weekday),
    BYMONTH: maybe(list(fc.integer({ min: 1, max: 12 }))),
    BYDAY: maybe(list(isOfMonth ? numbered : weekday)),
    BYMONTHDAY: frequency === "WEEKLY" ? fc.constant(undefined) : maybe(list(monthDay)),
    BYHOUR: maybe(list(hour)),
    BYMINUTE: maybe(list(fc.integer({ min: 0, max: 59 }))),
    COUNT: maybe(fc.integer({ min: 1, max: 40 })),
  });
  return parts
    .map((given) => {
      // Of a year they take days with their months only.
      if (frequency !== "YEARLY" || given.BYMONTH !== undefined) return given;
      return { ...given, BYDAY: undefined, BYMONTHDAY: undefined };
    })
    .map((given) =>
      Object.entries({ FREQ: frequency, ...given })
        .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
        .join(";"),
    );
}

/** A rule, where and since when it is, and the moment that is asked about: some days before or after the start. */
const asked = (frequencies: Frequency[], zones: string[], hour: fc.Arbitrary<number>) =>
  fc.constantFrom(...frequencies).chain((frequency) =>
    fc.record({
      frequency: fc.constant(frequency),
      rrule: ruleOf(frequency, hour),
      timeZone: fc.constantFrom(...zones),
      day: fc.integer({ min: Date.UTC(2024, 0, 1) / DAY, max: Date.UTC(2028, 0, 1) / DAY }),
      hour,
      minute: fc.integer({ min: 0, max: 59 }),
      later: fc.integer({ min: -DAY, max: (HORIZON[frequency] / 3) * DAY }),
    }),
  );

type Asked = ReturnType<typeof asked> extends fc.Arbitrary<infer A> ? A : never;

function compare({ frequency, rrule, timeZone, day, hour, minute, later }: Asked): void {
  const began = day * DAY + hour * 3_600_000 + minute * 60_000;
  const start = new Date(began).toISOString().slice(0, 16);
  const after = began + later;
  const horizon = after + HORIZON[frequency] * DAY;
  const ours = nextOccurrences({ cron: null, rrule, timeZone, start, createdAt: 0 }, after, COMPARED);
  const text = `DTSTART;TZID=${timeZone}:${start.replaceAll(/[-:]/g, "")}00\nRRULE:${rrule}`;
  const other = new RRuleTemporal({ rruleString: text, maxIterations: 1_000_000 });
  const last = ours.length === COMPARED ? Math.min(ours.at(-1) ?? 0, horizon) : horizon;
  const theirs = other.between(new Date(after + 1), new Date(last), true).map((at) => at.epochMilliseconds);
  expect(ours.filter((at) => at <= last)).toEqual(theirs);
}

describe("a random rule comes when another library says so", () => {
  it(
    "of any FREQ, where clocks are never moved",
    () => {
      const frequencies = Object.keys(HORIZON) as Frequency[];
      fc.assert(fc.property(asked(frequencies, ["UTC"], fc.integer({ min: 0, max: 23 })), compare), {
        numRuns: 2000,
        seed: SEED,
      });
    },
    TIMEOUT_MS,
  );

  it(
    "of days and more, in zones where they are",
    () => {
      // None of them moves its clocks between four and midnight.
      const zoned = asked(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"], ZONES, fc.integer({ min: 4, max: 23 }));
      fc.assert(fc.property(zoned, compare), { numRuns: 700, seed: SEED });
    },
    TIMEOUT_MS,
  );
});

it(
  "COUNT and UNTIL end a random rule where it is, in any zone and at any hour",
  () => {
    const any = asked(Object.keys(HORIZON) as Frequency[], ZONES, fc.integer({ min: 0, max: 23 }));
    fc.assert(
      fc.property(
        any,
        fc.integer({ min: 1, max: COMPARED }),
        ({ rrule, timeZone, day, hour, minute, later }, count) => {
          const began = day * DAY + hour * 3_600_000 + minute * 60_000;
          const endless = {
            ...{ cron: null, rrule: rrule.replace(/;COUNT=\d+/, ""), timeZone, createdAt: 0 },
            start: new Date(began).toISOString().slice(0, 16),
          };
          const all = nextOccurrences(endless, began - 2 * DAY, COMPARED);
          const end = all[count - 1];
          const ended = (how: string) => ({ ...endless, rrule: `${endless.rrule};${how}` });
          expect(nextOccurrences(ended(`COUNT=${count}`), began - 2 * DAY, COMPARED)).toEqual(
            all.slice(0, count),
          );
          if (end === undefined) return;
          const until = `UNTIL=${new Date(end).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
          expect(nextOccurrences(ended(until), began - 2 * DAY, COMPARED)).toEqual(all.slice(0, count));
          // What is asked about changes nothing.
          const from = began + Math.max(0, later);
          expect(nextOccurrences(ended(until), from, COMPARED)).toEqual(
            all.slice(0, count).filter((at) => at > from),
          );
        },
      ),
      { numRuns: 2000, seed: SEED },
    );
  },
  TIMEOUT_MS,
);
