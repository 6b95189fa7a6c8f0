import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import { filePositionSchema } from "../../logs/files.ts";
import { parserSchema } from "../../logs/general/parser-state.ts";
import { sessionsSchema } from "../../logs/general/sessions.ts";
import { threadsSchema } from "../../logs/general/threads.ts";
import type { LogKind } from "../../logs/kind.ts";
import { type Manifest, manifestSchema } from "../stored/manifest.ts";
import { openGapSchema } from "./gaps.ts";

/** The longest statement that is kept whole, in UTF-16 units: the one that is open is written after every step. */
export const MAX_STATEMENT = 256 * 1024;
/** How many threads are remembered, for the same reason; and how many of Amazon's that nobody saw connect. */
export const MAX_THREADS_KEPT = 4096;

/** A follower's state as it is stored (collector-state.ts). */
export const followerSchema = lazy(() =>
  z.object({
    position: filePositionSchema(),
    /** How many lines to ask for at once, from how long the last ones were; absent for as many as RDS gives. */
    linesAtOnce: z.number().optional(),
    parser: parserSchema(),
    threads: threadsSchema(),
    /** What is known of how sessions' statements are to be read; absent in what was stored before it was. */
    sessions: sessionsSchema().optional(),
    /** The threads that are Amazon's although nobody saw them connect, those that were seen last at the end. */
    amazons: z.array(z.number()),
    manifest: manifestSchema(),
    /** The last fragment is added to until it is large enough: how many of its bytes count, and what it holds. */
    tail: z
      .object({ bytes: z.number(), firstMicros: z.number(), lastMicros: z.number(), records: z.number() })
      .nullable(),
    /** The latest time that the log was seen to have come to. */
    reachedMicros: z.number().nullable(),
    /** A gap that has begun, until the first record after it says where it ends. */
    openGap: openGapSchema().nullable(),
  }),
);

/** All that a follower has to know to continue. */
export type FollowerState = z.output<ReturnType<typeof followerSchema>>;

/** The state of a follower that has read nothing yet, at the beginning of the live file. */
export function initialState({ liveFile, parser }: LogKind, manifest: Manifest): FollowerState {
  return {
    position: { file: liveFile, marker: "0", bytesRead: 0, known: {}, next: [] },
    parser: parser({ maxStatement: MAX_STATEMENT }).snapshot(),
    threads: [],
    amazons: [],
    manifest,
    tail: null,
    reachedMicros: null,
    openGap: null,
  };
}
