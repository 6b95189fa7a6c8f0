import * as z from "zod";
import { lazy } from "../lib/lazy.ts";
import { storedFormat } from "../lib/stored.ts";

/*
 * What of an event is kept until it is told: the facts as they were when it happened. Times are in milliseconds since the epoch. What
 * the receiver gets is made of them (payload.ts, slack.ts, mail-text.ts).
 */

const namedSchema = lazy(() => z.object({ id: z.number(), name: z.string() }));

const gapsSchema = lazy(() =>
  z.object({
    log: z.string(),
    /** How many there are since the last event, and the first of them. */
    count: z.number(),
    first: z.array(z.object({ from: z.number(), to: z.number(), cause: z.string() })),
  }),
);

const statementsSchema = lazy(() =>
  z.object({
    count: z.number(),
    /** Those that ran most, normalised. */
    first: z.array(z.object({ fingerprint: z.string(), digest: z.string(), calls: z.number() })),
  }),
);

/** The new statements of a capture, as an event has them. */
export type NewStatements = z.output<ReturnType<typeof statementsSchema>>;
/** The new gaps of a capture's log, as an event has them. */
export type NewGaps = z.output<ReturnType<typeof gapsSchema>>;

const countsSchema = lazy(() =>
  z.object({ records: z.number(), statements: z.number(), bytes: z.number(), gapCount: z.number() }),
);

/** What a capture recorded. */
export type Counts = z.output<ReturnType<typeof countsSchema>>;

const factsSchema = lazy(() =>
  z.object({
    environment: namedSchema(),
    /** Absent from a test. */
    capture: z
      .object({
        id: z.number(),
        name: z.string(),
        log: z.string(),
        schedule: z.number().nullable(),
        start: z.number().nullable(),
        end: z.number().nullable(),
      })
      .optional(),
    more: z
      .object({
        /** Why it ended as it did, or why the log is still on. */
        reason: z.string().nullish(),
        /** What a capture that is DONE recorded; null where that is not known. */
        counts: countsSchema().nullish(),
        gaps: gapsSchema().optional(),
        /** The capture that one is compared with. */
        base: namedSchema().optional(),
        /** What is new; absent until the two are compared. */
        statements: statementsSchema().optional(),
        /** The same of a capture whose workload is sealed. */
        sealedStatements: z.string().optional(),
        parameterGroup: z.string().optional(),
      })
      .default({}),
  }),
);

/** What an event tells. */
export type Facts = z.output<ReturnType<typeof factsSchema>>;

/** New statements as they are sealed. */
export const statementsFormat = storedFormat("new statements", 1, statementsSchema);

/** The facts of an event as the outbox has them. */
export const factsFormat = storedFormat("event", 1, factsSchema);
