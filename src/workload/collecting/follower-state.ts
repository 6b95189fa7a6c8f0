import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import { filePositionSchema } from "../../logs/files.ts";
import { parserSchema } from "../../logs/general/parser-state.ts";
import type { ParsedAs } from "../../logs/kind.ts";
import { slowParserSchema } from "../../logs/slow/parser-state.ts";
import { manifestSchema } from "../stored/manifest.ts";
import { openGapSchema } from "./gaps.ts";
import { generalRecordsSchema } from "./general-records.ts";

/* A follower's state as it is stored (collector-state.ts). */

const tailSchema = lazy(() =>
  z.object({
    bytes: z.number(),
    firstMicros: z.number(),
    lastMicros: z.number(),
    records: z.number(),
    plainBytes: z.number(),
    crc32: z.number(),
    longestMicros: z.number().nullable(),
    errors: z.number().nullable(),
    summary: z.string(),
  }),
);

/** A fragment of version 1, which is not added to. */
const version1TailSchema = lazy(() => z.object({ bytes: z.number() }).transform(() => null));

const sharedSchema = lazy(() =>
  z.object({
    position: filePositionSchema(),
    /** How many lines to ask for at once, from how long the last ones were; absent for as many as RDS gives. */
    linesAtOnce: z.number().optional(),
    manifest: manifestSchema(),
    /** The last fragment is added to until it is large enough: how many of its bytes count, and what it holds. */
    tail: z.union([tailSchema(), version1TailSchema()]).nullable(),
    /** The latest time that the log was seen to have come to. */
    reachedMicros: z.number().nullable(),
    /** A gap that has begun, until the first record after it says where it ends. */
    openGap: openGapSchema().nullable(),
  }),
);

/** The state of a follower of the general log as it is stored. */
export const generalFollowerSchema = lazy(() =>
  sharedSchema().extend({ parser: parserSchema(), ...generalRecordsSchema().shape }),
);

/** All that a follower of the general log has to know to continue. */
export type GeneralFollowerState = z.output<ReturnType<typeof generalFollowerSchema>>;

/** The state of a follower of the slow log as it is stored. */
export const slowFollowerSchema = lazy(() => sharedSchema().extend({ parser: slowParserSchema() }));

/** All that a follower has to know to continue, as far as it is the same for each kind of log. */
export interface FollowerState extends z.output<ReturnType<typeof sharedSchema>> {
  parser: ParsedAs["snapshot"];
}
