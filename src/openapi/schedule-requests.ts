import * as z from "zod";
import { createSchema as captureSchema } from "../captures/schema.ts";
import { DEFAULT_CAPTURE_NAME, PLACEHOLDERS } from "../schedules/capture-name.ts";
import { changeSchema, createSchema, MAX_KEEP, recordedFields } from "../schedules/schema.ts";
// What is said of a capture's fields is said of a schedule's, too.
import "./requests.ts";

/*
 * What the reference says of requests for schedules, as requests.ts does of others.
 */

const add = (schema: z.ZodType, documentation: z.GlobalMeta) => z.globalRegistry.add(schema, documentation);
/** A type, or null. */
const orNull = (type: string) => ({ type: [type, "null"], anyOf: undefined });

const ofCapture = captureSchema().in.shape;
for (const [name, schema] of Object.entries(recordedFields())) {
  add(schema, z.globalRegistry.get(ofCapture[name as keyof typeof ofCapture]) ?? {});
}
add(recordedFields().duration, {
  ...z.globalRegistry.get(ofCapture.duration),
  description: "How long each capture runs, in seconds. A new schedule needs it.",
});

add(createSchema(), {
  id: "NewSchedule",
  description:
    "A schedule to make: with a `cron` or an `rrule`, and a `duration`. The fields of a capture are those of each of its captures. Unknown fields are refused.",
});
add(changeSchema(), {
  id: "ScheduleChanges",
  description:
    "The fields of a schedule to change; absent ones stay, and null takes the default. A `cron` takes the place of an `rrule`, and the other way round.",
  minProperties: 1,
});

for (const shape of [createSchema().shape, changeSchema().shape]) {
  add(shape.cron, {
    ...orNull("string"),
    maxLength: 500,
    description:
      "The rule as five fields: minute, hour, day of the month, month, day of the week. Numbers, names, lists, ranges and steps; where both days are given, either counts.",
    examples: ["30 2 * * MON-FRI"],
  });
  add(shape.rrule, {
    ...orNull("string"),
    maxLength: 500,
    description:
      "The rule as iCalendar writes it (RFC 5545): `FREQ` from `MINUTELY` to `YEARLY` with `INTERVAL`, `WKST`, `BYHOUR`, `BYMINUTE`, `BYDAY`, `BYMONTHDAY`, `BYMONTH`, and `COUNT` or `UNTIL`. Without a `start` it has to say days and hours by itself.",
    examples: ["FREQ=MONTHLY;BYDAY=1MO;BYHOUR=2;BYMINUTE=30"],
  });
  add(shape.timeZone, {
    ...orNull("string"),
    maxLength: 64,
    description: "The time zone in which the rule is read, by its IANA name; UTC if absent.",
    examples: ["Europe/Vienna"],
  });
  add(shape.start, {
    ...orNull("string"),
    description:
      "The local date and time from which on the rule comes, in its time zone. Intervals and `COUNT` are counted from it, and an `rrule` takes from it what it leaves out. Another zone can be said, seconds are left out, and a date is its midnight. The moment when the schedule is made if absent.",
    examples: ["2026-11-30T09:00"],
  });
  add(shape.captureName, {
    ...orNull("string"),
    maxLength: 100,
    description: `What its captures are called, with the placeholders ${PLACEHOLDERS.map((name) => `\`{${name}}\``).join(", ")}; date and time are in its time zone. \`${DEFAULT_CAPTURE_NAME}\` if absent. Cut after 80 characters; where another capture has the name, a number is added.`,
    examples: [DEFAULT_CAPTURE_NAME],
  });
  add(shape.compare, {
    ...orNull("boolean"),
    description: "Whether each capture remembers the last finished one before it, to be compared with it.",
  });
  add(shape.keepLast, {
    ...orNull("integer"),
    minimum: 1,
    maximum: MAX_KEEP,
    description:
      "How many recordings are kept: when another capture begins, those before the last so many that are DONE by then are deleted, as by DELETE. FAILED ones do not count. All are kept if absent.",
    examples: [30],
  });
}
