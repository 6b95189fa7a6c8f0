import type { Status } from "../db/states.ts";
import type { LogName } from "../logs/names.ts";
import type { DigestsState } from "./digest.ts";
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

/** What is known of one log of a capture at some moment. */
export interface LogState {
  manifest: Manifest;
  digests: DigestsState;
}

/** The series of a capture's logs, of the whole workload or of one statement; null or absent where a log has none. */
export type LogSeries = Partial<Record<LogName, SeriesState | null>>;

/** What is known of a capture's workload at some moment. */
export interface WorkloadState {
  /** One for each log that the capture has begun to read. */
  logs: LogState[];
  /** While it runs: when the log was last read to its end, in milliseconds; null when that has not happened. */
  caughtUpAt: number | null;
  /** While it runs: why its log can't be read; null while it can. */
  problem: Problem | null;
}

/** Whether a capture in this state still adds to its workload. */
export const isGrowing = (status: Status): boolean => status === "RUNNING" || status === "STOPPING";
