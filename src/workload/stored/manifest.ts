import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import { storedFormat } from "../../lib/stored.ts";
import { LOG_NAMES, type LogName } from "../../logs/names.ts";
import { DIGEST_VERSION } from "../../sql-text/normalize/normalize.ts";
import { amazonSchema, NOTHING_OF_AMAZON } from "../amazon-statements.ts";

const gapSchema = lazy(() =>
  z.object({
    /** Until when the log is complete before it. */
    from: z.number(),
    /** When the first record after it is. */
    to: z.number(),
    /** In words a person understands. */
    cause: z.string(),
  }),
);

/** A stretch of the log that could not be read. Milliseconds since the epoch. */
export type Gap = z.output<ReturnType<typeof gapSchema>>;

const version1Schema = lazy(() => z.object({ fragments: z.number(), storedBytes: z.number() }));

const lastFragmentSchema = lazy(() =>
  z.object({ bytes: z.number(), plainBytes: z.number(), crc32: z.number() }),
);

const timingSchema = lazy(() =>
  z.object({
    /** Sessions that connect after this are logged in full, in milliseconds since the epoch; null where they were before, too. */
    completeSince: z.number().nullable(),
    /** The values that the log's parameters had before; null for one that was not set. */
    before: z.record(z.string(), z.string().nullable()),
  }),
);

/** How complete a slow log is: sessions that were connected before it was switched on go on as they were. */
export type Timing = z.output<ReturnType<typeof timingSchema>>;

/** A manifest as it is stored. */
export const manifestSchema = lazy(() =>
  z.object({
    captureId: z.number(),
    /** Which of the capture's logs it is of. Absent in what was stored before there was another. */
    log: z.enum(LOG_NAMES).default("general"),
    records: z.number(),
    /** How many of the records ran a statement (see `Digests.add`): as many as the digests count. */
    statements: z.number(),
    /** Records by command, such as `Query`. */
    commands: z.record(z.string(), z.number()),
    bytes: z.number(),
    /** Bytes of the log that belong to no record that could be read. Absent in what was stored before they were counted. */
    strayBytes: z.number().optional(),
    /** Bytes as stored, compressed. */
    storedBytes: z.number(),
    fragments: z.number(),
    /** How many of the fragments, and of the bytes as stored, are of version 1: the first ones. Absent where all are. */
    version1: version1Schema().optional(),
    /** How much counts of the last fragment, where that is of version 2; its bytes are as stored. */
    lastFragment: lastFragmentSchema().optional(),
    firstMicros: z.number().nullable(),
    lastMicros: z.number().nullable(),
    /** In the order of time, the first thousand. */
    gaps: z.array(gapSchema()),
    /** How many gaps there are in all. */
    gapCount: z.number(),
    /** What was done to statements before they were stored. */
    redact: z.enum(["secrets", "literals"]),
    /** The DIGEST_VERSION by which all of its statements were counted. */
    digestVersion: z.int().positive().default(1),
    /** Of the slow log: statements that took less were left out. Absent where none were. */
    minDurationMicros: z.number().optional(),
    /** What was left out because it is Amazon's own. Absent in what was stored before it was counted. */
    amazon: amazonSchema().optional(),
    /** Of the slow log: how it was switched on. */
    timing: timingSchema().optional(),
  }),
);

/** What the fragments of a capture's log hold. Times in microseconds, bytes of NDJSON before compression. */
export type Manifest = z.output<ReturnType<typeof manifestSchema>>;

/** How a manifest is stored. Version 2 is of a workload that may have fragments of version 2. */
export const manifestFormat = storedFormat("workload's manifest", 2, manifestSchema);

/** An empty manifest: nothing was captured yet. */
export function emptyManifest(
  captureId: number,
  redact: Manifest["redact"],
  log: LogName,
  minDurationMicros = 0,
): Manifest {
  return {
    captureId,
    log,
    records: 0,
    statements: 0,
    commands: {},
    bytes: 0,
    strayBytes: 0,
    storedBytes: 0,
    fragments: 0,
    version1: { fragments: 0, storedBytes: 0 },
    firstMicros: null,
    lastMicros: null,
    gaps: [],
    gapCount: 0,
    redact,
    digestVersion: DIGEST_VERSION,
    amazon: NOTHING_OF_AMAZON,
    ...(minDurationMicros > 0 && { minDurationMicros }),
  };
}
