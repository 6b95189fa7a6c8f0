import type { Status } from "../db/states.ts";
import type { LogName } from "../logs/names.ts";
import type { DigestsState } from "./digests-state.ts";
import type { Manifest } from "./stored/manifest.ts";
import type { SeriesState } from "./timing/series-state.ts";

/* What the runner of a running capture knows of its workload, for who reads it meanwhile. */

/** Why a running capture's log can't be read. */
export interface Problem {
  /** Since when it can't, in milliseconds since the epoch. */
  since: number;
  /** In words a person can act on. */
  reason: string;
}

/** The digests of a capture's logs; null or absent where a log has none. */
export type LogDigests = Partial<Record<LogName, DigestsState | null>>;

/** The series of a capture's logs, of the whole workload or of one statement; null or absent where a log has none. */
export type LogSeries = Partial<Record<LogName, SeriesState | null>>;

/** What is known of a capture's workload at some moment, without its statements. */
export interface WorkloadState {
  /** One for each log that the capture has begun to read. */
  manifests: Manifest[];
  /** While it runs: when the log was last read to its end, in milliseconds; null when that has not happened. */
  caughtUpAt: number | null;
  /** While it runs: why its log can't be read; null while it can. */
  problem: Problem | null;
}

/** Whether a capture in this state still adds to its workload. */
export const isGrowing = (status: Status): boolean => status === "RUNNING" || status === "STOPPING";
