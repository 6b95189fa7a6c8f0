import * as z from "zod";
import { STATUSES } from "../../db/states.ts";
import { count, id, text, textOrNull, timeOrNull } from "../../lib/reply-fields.ts";
import { LOG_NAMES } from "../../logs/names.ts";
import { CHANGES, PARTS, UNKNOWNS } from "./names.ts";

const amount = (description: string) => z.number().nonnegative().meta({ description });
const amountOrNull = (description: string) => z.nullable(z.number().nonnegative()).meta({ description });
const UNTIMED = "Null where times are not compared.";
const NO_CALL = "Null where times are not compared, or the slow log has none of its calls.";

const sideSchema = z
  .object({
    id: id("The capture's id."),
    name: text("Its name."),
    envId: id("Its environment."),
    status: z.enum(STATUSES).meta({ description: "Its state." }),
    start: timeOrNull("When it began to record; null before."),
    end: timeOrNull("When it ended; null before."),
    log: z.enum(LOG_NAMES).meta({ description: "Which of its logs says how often statements ran." }),
    minutes: amount("How long of its window was recorded, without the gaps, in minutes."),
    timedMinutes: amountOrNull(`The same of the slow log, of which the times are. ${UNTIMED}`),
    statements: count("How many statements ran."),
    totalMicros: amountOrNull(`How long they took in all. ${UNTIMED}`),
    rowsExamined: amountOrNull("How many rows the server read for them. Null where that is not known."),
    errors: amountOrNull("How many ended with an error. Null where that is not known."),
    p50Micros: amountOrNull("The median of their times, at most 2 % off. Null where that is not known."),
    p95Micros: amountOrNull("The 95th percentile, at most 2 % off. Null where that is not known."),
    perMinute: z.object({
      statements: amountOrNull("How many statements ran. Null when nothing was recorded."),
      totalMicros: amountOrNull("How long they took in all. Null where that is not known."),
      rowsExamined: amountOrNull("How many rows the server read for them. Null where that is not known."),
      errors: amountOrNull("How many ended with an error. Null where that is not known."),
    }),
    missing: z
      .object({
        calls: count("How often."),
        totalMicros: amountOrNull(`For how long. ${UNTIMED}`),
      })
      .meta({
        description:
          "What a statement may have run that is missing in its table of statements: 0 as long as the table has room.",
      }),
  })
  .meta({
    id: "ComparedCapture",
    description: "One of two captures that are compared, with rates a minute.",
  });

const ranSchema = z
  .object({
    calls: count("How often it ran, or up to `overcalls` more."),
    overcalls: count("By how much `calls` may be too high."),
    callsPerMinute: amountOrNull("How often it ran in a minute. Null when nothing was recorded."),
    totalMicros: amountOrNull(`How long it ran in all, or up to \`overTotalMicros\` more. ${UNTIMED}`),
    overTotalMicros: amountOrNull(`By how much \`totalMicros\` may be too high. ${UNTIMED}`),
    microsPerMinute: amountOrNull(`How long it ran in a minute. ${UNTIMED}`),
    meanMicros: amountOrNull(`How long a call took in the mean. ${NO_CALL}`),
    p50Micros: amountOrNull(`The median, at most 2 % off. ${NO_CALL}`),
    p95Micros: amountOrNull(`The 95th percentile, at most 2 % off. ${NO_CALL}`),
    rowsExaminedPerCall: amountOrNull(`How many rows the server read for a call. ${NO_CALL}`),
    rowsSentPerCall: amountOrNull(`How many rows a call sent. ${NO_CALL}`),
  })
  .meta({ id: "ComparedRun", description: "How a statement ran in one of two captures that are compared." });

/** How a statement ran in one capture. */
export type ComparedRun = z.output<typeof ranSchema>;

const ratio = (of: string) =>
  amountOrNull(`${of} in this capture for 1 in the base. Null where one is not known, or the base has 0.`);

const statementSchema = z
  .object({
    fingerprint: text("64 bits in hexadecimal that stand for the normalised statement."),
    digest: text("The normalised statement."),
    part: z.enum(PARTS).meta({ description: "Which of the lists it is in." }),
    base: z.nullable(ranSchema).meta({ description: "As the base has it; null where it has not." }),
    this: z.nullable(ranSchema).meta({ description: "As this capture has it; null where it has not." }),
    isSure: z.boolean().meta({
      description:
        "Of a new or a gone statement: whether it would hardly be missing by chance, had it run as often in the other capture. Of a changed one: whether anything differs by more than chance.",
    }),
    changes: z.array(z.enum(CHANGES)).meta({
      description:
        "What differs by the threshold, and by more than chance: `slower` and `faster` of the median or the 95th percentile of time, calls and time by the minute, rows examined by the call.",
    }),
    ratios: z
      .object({
        calls: ratio("Calls a minute"),
        time: ratio("Time a minute"),
        p50: ratio("Median time"),
        p95: ratio("95th percentile of time"),
        rows: ratio("Rows examined by a call"),
      })
      .meta({ description: "How this capture's figures are to the base's, whether by chance or not." }),
    unknown: z.nullable(z.enum(UNKNOWNS)).meta({
      description:
        "Why it is not known whether the statement is new or gone. The capture without it has recorded nothing (`not-recorded`), was counted by other rules of what is the same statement (`other-rules`), left out statements as short as this (`too-short`), or had no room for all statements (`full-table`): it may have run up to `missing` there.",
    }),
  })
  .meta({ id: "ComparedStatement", description: "What became of a statement." });

/** What became of a statement. */
export type ShownStatement = z.output<typeof statementSchema>;

const LISTS: Record<(typeof PARTS)[number], string> = {
  new: "Only this capture has them.",
  gone: "Only the base has them.",
  changed:
    "Both have them, and something differs by the threshold and by more than chance. With `minChange=0`, all that both have.",
  unknown: "One has them, and it is not known whether the other had.",
};
const ofEachPart = <S extends z.ZodType>(of: (part: (typeof PARTS)[number]) => S) =>
  Object.fromEntries(PARTS.map((part) => [part, of(part)])) as Record<(typeof PARTS)[number], S>;

/** What has changed in a capture since another. */
export const comparisonSchema = z
  .object({
    base: sideSchema,
    this: sideSchema,
    notes: z.array(z.string()).meta({ description: "What can't be compared or said, in words." }),
    isTimed: z.boolean().meta({ description: "Whether times are compared: both captures have a slow log." }),
    counts: z
      .object({
        ...ofEachPart((part) => count(`How many statements \`${part}\` has, over all pages.`)),
        below: count("How many statements are in no list: below the thresholds, or without a change."),
        changes: z
          .object(
            Object.fromEntries(CHANGES.map((change) => [change, count("How many.")])) as Record<
              (typeof CHANGES)[number],
              z.ZodInt
            >,
          )
          .meta({ description: "How many statements have each change; one may have several." }),
      })
      .meta({ description: "How many statements there are." }),
    ...ofEachPart((part) => z.array(statementSchema).meta({ description: LISTS[part] })),
    next: z
      .object(
        ofEachPart((part) => textOrNull(`The \`cursor\` of the next page of \`${part}\`; null at its end.`)),
      )
      .meta({ description: "Where the lists go on." }),
  })
  .meta({ id: "Comparison", description: "What has changed in a capture since another." });

/** What has changed in a capture since another. */
export type Comparison = z.output<typeof comparisonSchema>;
/** One of two captures that are compared. */
export type ComparedSide = Comparison["base"];
