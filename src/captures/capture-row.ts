import type { Status } from "../db/states.ts";
import type { ClusterRole } from "../environments/cluster-role.ts";
import type { ErasureReason } from "../environments/erasure-reasons.ts";
import { SEAL_KEYS, type SealedCapture } from "../environments/seal-keys.ts";
import type { RecordingOptions } from "./plan.ts";

/** A capture as the database has it, times in milliseconds. */
export interface CaptureRow extends Pick<RecordingOptions, "redact" | "log" | "minDurationMicros"> {
  id: number;
  name: string;
  start: number | null;
  scheduledStart: number | null;
  scheduledEnd: number | null;
  end: number | null;
  status: Status;
  envId: number;
  reason: string | null;
  /** How often what is shown has changed; see etags.ts. */
  version: number;
}

/** The columns of a `CaptureRow`, each under its own name, of a table or its alias. */
export const columns = (
  table: string,
) => `${table}.id as id, ${table}.name as name, ${table}.started_at as start,
  ${table}.scheduled_start as scheduledStart, ${table}.scheduled_end as scheduledEnd, ${table}.ended_at as "end",
  ${table}.status as status, ${table}.env_id as envId, ${table}.reason as reason, ${table}.redact as redact,
  ${table}.log as log, ${table}.min_duration_micros as minDurationMicros, ${table}.version as version`;

/** Whether what a capture has recorded can still be read; times in milliseconds. */
export interface Erasable {
  /** Since when its workload is erased, or about to be; null while it is kept. */
  erasedAt: number | null;
  erasedWhy: ErasureReason | null;
  /** The same of its metrics. */
  metricsErasedAt: number | null;
}

/** The columns of an `Erasable`, each under its own name, of captures `c`. */
export const ERASURE =
  "c.workload_erased_at as erasedAt, c.erased_why as erasedWhy, c.metrics_erased_at as metricsErasedAt";

/** Whether what a capture has recorded can still be read, and how; times in milliseconds. */
export interface Recorded extends Pick<SealedCapture, "sealed" | "sealKeys">, Erasable {}

/** The columns of a `Recorded`, each under its own name, of captures `c`. */
export const RECORDED = `${ERASURE}, ${SEAL_KEYS}`;

/** What is known of how a capture gets on, besides its state. */
export interface Situation {
  /** What stands in the way of one that is starting, in words; null when nothing is known to. */
  obstacle: string | null;
  /** The instance's role in its cluster when the capture began to run; null without a cluster, and where it is not known. */
  clusterRoleAtStart: ClusterRole | null;
  /** The same as of the last time that AWS was asked. */
  clusterRole: ClusterRole | null;
}

/** The columns of a `Situation`, each under its own name, of captures `c`. */
export const SITUATION =
  "c.obstacle as obstacle, c.cluster_role_at_start as clusterRoleAtStart, c.cluster_role as clusterRole";

/** A capture with all that is known of it but its workload; times in milliseconds. */
export interface FullCaptureRow extends CaptureRow, Situation, Erasable, Pick<RecordingOptions, "maxBytes"> {
  ownerId: string;
  /** Null when there is no such account any more. */
  ownerName: string | null;
  createdAt: number;
  duration: number | null;
  backDated: 0 | 1;
  /** In JSON: see labels.ts. */
  labels: string;
  notes: string | null;
  /** The state in which it failed; null when it has not. */
  failedFrom: Status | null;
  deletedAt: number | null;
  /** The schedule that it was made of; null when of none, or of one that is erased. */
  scheduleId: number | null;
  scheduleName: string | null;
  /** The capture before it of a schedule whose captures are to be compared; null when there is none. */
  baseId: number | null;
}

/** The columns of a `FullCaptureRow` of captures `c`, joined by `JOIN_OWNER_AND_SCHEDULE`. */
export const FULL_COLUMNS = `${columns("c")}, c.max_bytes as maxBytes, c.owner_id as ownerId, owner.name as ownerName,
  c.created_at as createdAt, c.duration as duration, c.back_dated as backDated, c.labels as labels, c.notes as notes,
  (select v.from_status from capture_events v where v.capture_id = c.id and v.to_status = 'FAILED' limit 1) as failedFrom,
  c.deleted_at as deletedAt, schedule.id as scheduleId, schedule.name as scheduleName,
  iif(schedule.compares = 1, (select b.id from captures b where b.schedule_id = c.schedule_id and b.deleted_at is null
    and b.occurrence < c.occurrence and b.status = 'DONE' and b.workload_erased_at is null order by b.occurrence desc limit 1), null) as baseId, ${SITUATION}, ${ERASURE}`;

/** The joins that give captures `c` their owners and schedules. */
export const JOIN_OWNER_AND_SCHEDULE =
  "left join user owner on owner.id = c.owner_id left join schedules schedule on schedule.id = c.schedule_id";
