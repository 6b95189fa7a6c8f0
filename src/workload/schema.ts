import * as z from "zod";
import type { RecordingOptions } from "../captures/lifecycle.ts";
import { limitSchema, timeSchema } from "../captures/schema.ts";
import { once } from "../lib/values.ts";

/** The manifest of a capture's workload as the API shows it. */
export interface Workload {
  records: number;
  /** How many of the records ran a statement. */
  statements: number;
  /** Records by command, such as `Query`. */
  commands: Record<string, number>;
  /** As NDJSON, before compression. */
  bytes: number;
  /** Bytes of the log that belong to no record that could be read. */
  strayBytes: number;
  /** As stored, compressed. */
  storedBytes: number;
  fragments: number;
  /** The times of the earliest and the latest record, with microseconds. */
  firstRecord: string | null;
  lastRecord: string | null;
  /** What of the log could not be read: the first thousand of `gapCount`. */
  gaps: { from: string; to: string; cause: string }[];
  gapCount: number;
  redact: RecordingOptions["redact"];
  /** By which rules its statements were normalised: the fingerprints of two versions are not to be compared. */
  digestVersion: number;
  /**
   * While the capture runs: by how many seconds the log may be ahead (null until it was read once), and why it can't be read.
   * Null once it has ended.
   */
  live: { behindBy: number | null; problem: ShownProblem | null } | null;
}

/** Why a running capture's log can't be read, and since when, as the API shows it. */
export interface ShownProblem {
  since: string;
  reason: string;
}

/** One normalised statement as the API shows it. */
export interface WorkloadDigest {
  fingerprint: string;
  digest: string;
  count: number;
  /** By how much `count` may be too high. */
  overcount: number;
  /** Of all statements, from 0 to 1. */
  share: number;
  firstSeen: string;
  lastSeen: string;
  example: string;
}

/** The query of GET /api/captures/{id}/workload/digest. */
export const digestQuerySchema = z.strictObject({ limit: once(limitSchema) });

/** How a workload can be downloaded. */
export const FORMATS = ["ndjson", "log"] as const;

/** The query of GET /api/captures/{id}/workload/download: `from` is included, `to` is not. */
export const downloadQuerySchema = z
  .strictObject({
    format: once(
      z
        .string()
        .transform((text) => FORMATS.find((known) => known === text))
        .refine((known) => known !== undefined, `must be one of ${FORMATS.join(", ")}`)
        .transform((known) => known as (typeof FORMATS)[number]),
    ),
    from: once(timeSchema),
    to: once(timeSchema),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
    path: ["from"],
    message: "must not be after to",
  });
