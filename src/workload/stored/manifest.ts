import * as z from "zod";
import type { Status } from "../../db/states.ts";
import { storedFormat } from "../../lib/stored.ts";
import { DIGEST_VERSION } from "../../sql-text/normalize/normalize.ts";
import type { DigestsState } from "../digest.ts";

/*
 * What is kept of a capture in R2, all of it below `captures/{id}/`, so that erasing a capture is erasing a prefix:
 *
 *   workload/00000000.ndjson.gz …   the fragments, one gzip member or more each, one record a line (fragment-line.ts)
 *   workload/manifest.json          what they hold, once the capture has ended
 *   workload/digest.json            its statements, normalised and counted
 *   metrics.json                    CloudWatch's metrics, once they have settled (metrics/archive-format.ts)
 *
 * Fragments are numbered without a hole from 0; those that the manifest does not count are left-overs of a step that was cut
 * off, and nobody's to read. While a capture runs, its runner has the manifest and the digest.
 */

/** The key of a capture's fragment. */
export const fragmentKey = (captureId: number, sequence: number): string =>
  `captures/${captureId}/workload/${String(sequence).padStart(8, "0")}.ndjson.gz`;
/** The key of a capture's manifest. */
export const manifestKey = (captureId: number): string => `captures/${captureId}/workload/manifest.json`;
/** The key of a capture's digest. */
export const digestKey = (captureId: number): string => `captures/${captureId}/workload/digest.json`;

/** The custom metadata of a fragment in R2, for finding a time without reading fragments. Microseconds since the epoch. */
export interface FragmentMetadata extends Record<string, string> {
  firstMicros: string;
  lastMicros: string;
  records: string;
}

const gapSchema = z.object({
  /** The last moment before it that is known to be whole. */
  from: z.number(),
  /** The first moment after it. */
  to: z.number(),
  /** In words a person understands. */
  cause: z.string(),
});

/** A stretch of the log that could not be read. Milliseconds since the epoch. */
export type Gap = z.output<typeof gapSchema>;

/** A manifest as it is stored. */
export const manifestSchema = z.object({
  captureId: z.number(),
  records: z.number(),
  /** How many of the records ran a statement (`Digests.add` says which do): as many as the digests count. */
  statements: z.number(),
  /** Records by command, such as `Query`. */
  commands: z.record(z.string(), z.number()),
  bytes: z.number(),
  /** Bytes of the log that belong to no record that could be read. Absent in what was stored before they were counted. */
  strayBytes: z.number().optional(),
  /** Bytes as stored, compressed. */
  storedBytes: z.number(),
  fragments: z.number(),
  firstMicros: z.number().nullable(),
  lastMicros: z.number().nullable(),
  /** In the order of time, the first thousand. */
  gaps: z.array(gapSchema),
  /** How many there are in all. */
  gapCount: z.number(),
  /** What was done to statements before they were stored. */
  redact: z.enum(["secrets", "literals"]),
  /** The DIGEST_VERSION that its statements were counted by from the first one on. */
  digestVersion: z.int().positive().default(1),
});

/** What a capture's fragments hold. Times in microseconds, bytes of NDJSON before compression. */
export type Manifest = z.output<typeof manifestSchema>;

/** How a manifest is stored. */
export const manifestFormat = storedFormat("workload's manifest", 1, manifestSchema);

/** Why a running capture's log can't be read. */
export interface Problem {
  /** Since when it can't, in milliseconds since the epoch. */
  since: number;
  /** In words a person can act on. */
  reason: string;
}

/** What is known of a capture's workload at some moment. */
export interface WorkloadState {
  manifest: Manifest;
  digests: DigestsState;
  /** While it runs: when the log was last read to its end, in milliseconds; null when that has not happened. */
  caughtUpAt: number | null;
  /** While it runs: why its log can't be read; null while it can. */
  problem: Problem | null;
}

/** An empty manifest: nothing was captured yet. */
export function emptyManifest(captureId: number, redact: Manifest["redact"]): Manifest {
  return {
    captureId,
    records: 0,
    statements: 0,
    commands: {},
    bytes: 0,
    strayBytes: 0,
    storedBytes: 0,
    fragments: 0,
    firstMicros: null,
    lastMicros: null,
    gaps: [],
    gapCount: 0,
    redact,
    digestVersion: DIGEST_VERSION,
  };
}

/** Whether a capture in this state still adds to its workload. */
export const isGrowing = (status: Status): boolean => status === "RUNNING" || status === "STOPPING";
