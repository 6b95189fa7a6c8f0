import { DATABASE_NOW, MAX_SKEW_MS } from "../db/clock.ts";
import { statement } from "../db/statement.ts";
import { HAS_ENDED, isOneOf } from "../db/states.ts";
import type { Db } from "../db/types.ts";
import type { ClusterRole } from "../environments/cluster-role.ts";
import { recordedInMonth } from "../environments/recorded-bytes.ts";
import type { Counts } from "../webhooks/facts.ts";
import { type CaptureRow, columns, SITUATION, type Situation } from "./capture-row.ts";
import { archiveDueAt, dueAt, isTransition, type Transition } from "./lifecycle.ts";
import type { RecordingOptions } from "./plan.ts";
import type { CaptureTarget } from "./queries.ts";
import { TARGET } from "./sql.ts";
import { isTold } from "./told.ts";
import { type TransitionSql, transitionSql } from "./transitions.ts";

/** A capture as its runner needs it; also one that is deleted but not yet erased. */
export type RunnerRow = CaptureTarget &
  Situation &
  RecordingOptions & {
    duration: number | null;
    dueAt: number | null;
    deletedAt: number | null;
    /** What the captures of its environment have recorded this month, as far as it is noted. */
    recordedInMonth: number;
    /** The database's time when it read this. */
    databaseNow: number;
  };

const ROW = statement(
  `select ${columns("c")}, c.duration as duration, c.due_at as dueAt, c.deleted_at as deletedAt,
     c.max_bytes as maxBytes, ${recordedInMonth("c.env_id")} as recordedInMonth, ${DATABASE_NOW} as databaseNow, ${SITUATION}, ${TARGET}
   from captures c join environments e on e.id = c.env_id where c.id = :id`,
);

/** Reads a capture for its runner; null when it has been erased. */
export function readForRunner(db: Db, id: number): Promise<RunnerRow | null> {
  return ROW(db, { id }).first<RunnerRow>();
}

const MADE: TransitionSql = {
  // Somebody may have changed its times since they were read: what was decided by them is not made then.
  where:
    "id = :id and status = :from and (scheduled_start, scheduled_end) is (:scheduledStart, :scheduledEndBefore)",
  isNoted: `:now <= ${DATABASE_NOW} + ${MAX_SKEW_MS}`,
  // Made if it was noted: no capture comes to a state twice.
  isMade: "exists (select 1 from capture_events e where e.capture_id = :id and e.to_status = :to)",
  to: ":to",
  action: "capture.moved",
  by: "service",
  actor: ":actor",
  reason: ":reason",
  set: {
    started_at: "coalesce(:start, started_at)",
    // A failure ends what had started, though nobody has said when.
    ended_at: "coalesce(:end, ended_at, iif(:to = 'FAILED' and started_at is not null, :now, null))",
    scheduled_end: ":scheduledEnd",
    cluster_role_at_start: "coalesce(:clusterRole, cluster_role_at_start)",
    cluster_role: "coalesce(:clusterRole, cluster_role)",
    sealed:
      "iif(:to = 'RUNNING', max(:sealsAll, (select e.sealed from environments e where e.id = captures.env_id)), sealed)",
    reason: "coalesce(:reason, reason)",
    due_at: "iif(:to = 'FAILED' and started_at is null, null, :dueAt)",
  },
};
const TRANSITION = transitionSql(MADE).map(statement);
/** Of one that webhooks are told of. */
const TOLD_TRANSITION = transitionSql({ ...MADE, counts: ":counts" }).map(statement);

/** What became of a transition that was to be made. */
export interface Made {
  /** False also when the capture has left the state that it starts from, or has other times by now. */
  moved: boolean;
  /** Whether the outbox has something to tell of it: the queue is to be told. */
  told: boolean;
}

/**
 * Makes a transition that the service itself decided on. One whose time is still to come for the database
 * is not made: the clock that it was decided by has jumped, and no transition can be taken back.
 * @param counts what it has recorded, if that is known
 * @param sealsAll whether what a capture records is sealed that begins to run, whatever its environment says
 * @throws Error when there is no such transition
 */
export async function makeTransition(
  db: Db,
  capture: Pick<CaptureRow, "id" | "scheduledStart" | "scheduledEnd">,
  transition: Transition,
  actor: "runner" | "cleanup",
  now: number,
  counts: Counts | null = null,
  sealsAll = false,
): Promise<Made> {
  const { from, to, start = null, end = null, reason = null, clusterRole = null } = transition;
  if (!isTransition(from, to)) throw new Error(`There is no transition from ${from} to ${to}`);
  const { id, scheduledStart } = capture;
  const scheduledEnd = transition.scheduledEnd ?? capture.scheduledEnd;
  const due = dueAt(to, { scheduledStart, scheduledEnd }, now);
  const values = {
    ...{ id, from, to, start, end, scheduledEnd, reason, clusterRole, dueAt: due, actor, now },
    scheduledStart,
    scheduledEndBefore: capture.scheduledEnd,
    sealsAll: Number(sealsAll),
    counts: JSON.stringify(counts),
  };
  const steps = isTold(to) ? TOLD_TRANSITION : TRANSITION;
  const results = await db.batch(steps.map((step) => step(db, values)));
  return {
    moved: results.at(-1)?.meta.changes === 1,
    told: results.slice(1, -1).some(({ meta }) => meta.changes > 0),
  };
}

const NOTE_ALIVE = statement(
  `update captures set due_at = :dueAt, rearmed = 0 where id = :id and ${isOneOf(["RUNNING", "STOPPING"])}`,
);

/** Writes the heartbeat of a capture that is running or stopping: when cron is to look after it if no other comes before. */
export async function noteAlive(db: Db, id: number, dueAt: number): Promise<void> {
  await NOTE_ALIVE(db, { id, dueAt }).run();
}

const NOTE_OBSTACLE = statement(
  `update captures set obstacle = :obstacle where id = :id and ${isOneOf(["STARTING"])}`,
);

/**
 * Notes what stands in the way of a capture that is starting, in words. Its next transition clears it. No new version of the capture:
 * who changes a capture need not know it.
 */
export async function noteObstacle(db: Db, id: number, obstacle: string): Promise<void> {
  await NOTE_OBSTACLE(db, { id, obstacle }).run();
}

const NOTE_CLUSTER_ROLE = statement(
  `update captures set cluster_role = :role where id = :id and ${isOneOf(["RUNNING", "STOPPING"])}`,
);

/** Notes that a running capture's instance has another role in its cluster. No new version, as of an obstacle. */
export async function noteClusterRole(db: Db, id: number, role: ClusterRole): Promise<void> {
  await NOTE_CLUSTER_ROLE(db, { id, role }).run();
}

const POSTPONE_ARCHIVE = statement(
  `update captures set due_at = :until, rearmed = 0 where id = :id and due_at = :dueAt and ${HAS_ENDED}`,
);

/**
 * Postpones the archiving of a capture's metrics. Called before an attempt too, so that one that is cut off is not retried at once.
 * @returns whether it did: false when somebody else has done so, or there is nothing to archive any more
 */
export async function postponeArchive(
  db: Db,
  { id, dueAt }: Pick<RunnerRow, "id" | "dueAt">,
  until: number,
): Promise<boolean> {
  const { meta } = await POSTPONE_ARCHIVE(db, { id, dueAt, until: archiveDueAt(until) }).run();
  return meta.changes === 1;
}

const FINISH_ARCHIVE = statement(
  `update captures set metrics_archived_at = :archivedAt, due_at = null, rearmed = 0
   where id = :id and ${HAS_ENDED} and (:archivedAt is null or deleted_at is null and metrics_erased_at is null)`,
);

/**
 * Notes that a capture's metrics are stored, or with null that they never will be.
 * @returns whether it was noted: a deleted capture has no stored metrics, nor has one whose metrics are erased
 */
export async function finishArchive(db: Db, id: number, archivedAt: number | null): Promise<boolean> {
  const { meta } = await FINISH_ARCHIVE(db, { id, archivedAt }).run();
  return meta.changes === 1;
}
