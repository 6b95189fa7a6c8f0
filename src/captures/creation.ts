import { type Credential, callerStatement } from "../db/caller.ts";
import { MAX_SKEW_MS } from "../db/clock.ts";
import { IS_REMEMBERED, type KeyedRequest, keyValues, rememberingStatement } from "../db/idempotency.ts";
import { hasRole, type Role } from "../db/roles.ts";
import { IS_LIVE, type Status } from "../db/states.ts";
import type { Db } from "../db/types.ts";
import { recordedInMonth } from "../environments/recorded-bytes.ts";
import { type CaptureRow, columns } from "./capture-row.ts";
import { answerFormat } from "./idempotency.ts";
import { dueAt } from "./lifecycle.ts";
import type { CapturePlan } from "./plan.ts";
import { noteSql } from "./transitions.ts";

/** What became of a request for a capture. */
export type Created =
  | { outcome: "created"; capture: CaptureRow }
  /** The same was asked for with the same key before. `capture` is as it was made, `isAsMade` whether it still has that status. */
  | { outcome: "replayed"; capture: CaptureRow; isAsMade: boolean }
  | {
      outcome:
        | "unauthenticated"
        | "no-environment"
        | "viewer"
        | "duplicate-name"
        | "too-many"
        | "month-full"
        | "key-reused";
    };

/** What an environment may have. */
export interface EnvironmentLimits {
  /** Captures that have not ended. */
  maxLive: number;
  /** Bytes of NDJSON that are recorded in a month. */
  maxMonthlyBytes: number;
}

/** The environment and name of a capture that is asked for. */
type Place = Pick<CapturePlan, "envId" | "name">;

/** Who is asking, as what in the environment, and what the key was answered. */
interface Before {
  role: Role | null;
  fingerprint: string | null;
  capture: string;
  status: Status | null;
  isTaken: 0 | 1;
  /** What the environment has recorded in the month in which the capture is to begin. */
  recorded: number;
}

const RECORDED = recordedInMonth(":envId", ":beginsAt");

const BEFORE = callerStatement(
  `select m.role as role, k.fingerprint as fingerprint, k.capture as capture, c.status as status,
     exists (select 1 from captures n where n.env_id = :envId and n.name = :name and n.deleted_at is null) as isTaken,
     ${RECORDED} as recorded
   from caller left join members m on m.user_id = caller.id and m.env_id = :envId
     left join idempotency_keys k on ${IS_REMEMBERED} left join captures c on c.id = k.capture_id`,
);

/**
 * What a key was answered, if it was. Whoever has lost the environment meanwhile has lost the reply.
 * @throws Unreadable when the answer can't be read: better no reply than a second capture
 */
function remembered(before: Before, keyed: KeyedRequest | null): Created | null {
  if (before.fingerprint === null) return null;
  if (before.fingerprint !== keyed?.fingerprint) return { outcome: "key-reused" };
  if (before.role === null) return { outcome: "no-environment" };
  if (before.role === "viewer") return { outcome: "viewer" };
  const { capture } = answerFormat.parse(before.capture);
  return { outcome: "replayed", capture, isAsMade: before.status === capture.status };
}

/**
 * Looks for what a key was answered, for a request that could not be granted now: it may have been possible when it was sent
 * first.
 */
export async function findCreated(
  db: Db,
  credential: Credential,
  keyed: KeyedRequest | null,
  place: Place,
  now: number,
): Promise<Created | { outcome: "nothing" }> {
  const { envId, name } = place;
  const values = { key: keyed?.key ?? null, envId, name, beginsAt: now };
  const before = await BEFORE(db, credential, now, values).first<Before>();
  if (before === null) return { outcome: "unauthenticated" };
  return remembered(before, keyed) ?? { outcome: "nothing" };
}

const INSERT = callerStatement(
  `insert into captures (env_id, owner_id, name, region, instance, engine, status, started_at, scheduled_start, scheduled_end,
     duration, created_at, due_at, redact, max_bytes, log, min_duration_micros, labels, notes, back_dated)
   select e.id, caller.id, :name, e.region, e.instance, e.engine, :status, :start, :scheduledStart, :scheduledEnd, :duration, :now, :dueAt,
     :redact, :maxBytes, :log, :minDurationMicros, :labels, :notes, :backDated
   from caller join members m on m.user_id = caller.id join environments e on e.id = m.env_id
   where m.env_id = :envId and ${hasRole("member")} and not exists (select 1 from idempotency_keys k where ${IS_REMEMBERED})
     and (select count(*) from captures where env_id = :envId and ${IS_LIVE}) < :maxLive
     and ${RECORDED} < :maxMonthlyBytes
   on conflict do nothing
   returning ${columns("captures")}`,
);

/** The capture of the caller that was made just now, of environment `:envId` and name `:name`: only that one has no history. */
const NEW_CAPTURE = `from caller join captures c on c.owner_id = caller.id
  where c.env_id = :envId and c.name = :name and c.deleted_at is null
    and not exists (select 1 from capture_events v where v.capture_id = c.id)`;

const REMEMBER = rememberingStatement({ from: NEW_CAPTURE, id: "c.id", idPath: "$.capture.id" });

/** The last step: with an event in its history the capture is not found as a new one any more. */
const NOTE = noteSql({
  capture: "c",
  action: "capture.created",
  by: "caller",
  from: "null",
  to: "c.status",
  actor: "caller.id",
  reason: "null",
  rows: NEW_CAPTURE,
}).map(callerStatement);

/**
 * Makes a capture and the first event of its history; or, with a key that has been answered, finds the answer. Only a capture
 * that is made is remembered, by the batch that makes it, so that of several requests at once only one makes it. The same batch
 * checks that its environment has fewer live captures than it may have, and has not recorded as much as it may in the month in which
 * the capture is to begin.
 */
export async function createCapture(
  db: Db,
  credential: Credential,
  keyed: KeyedRequest | null,
  plan: CapturePlan,
  limits: EnvironmentLimits,
  now: number,
): Promise<Created> {
  const answer = answerFormat.stringify({ capture: asMade(plan) });
  const { labels = {}, notes = null, ...rest } = plan;
  const values = {
    ...rest,
    labels: JSON.stringify(labels),
    notes,
    // A start that is now, give or take the clocks, is not of the past.
    backDated: plan.start === null || plan.start >= now - MAX_SKEW_MS ? 0 : 1,
    ...limits,
    beginsAt: plan.scheduledStart ?? now,
    dueAt: dueAt(plan.status, plan, now),
    ...keyValues(keyed, answer, now),
  };
  const steps = [BEFORE, INSERT, ...(keyed === null ? [] : [REMEMBER]), ...NOTE];
  const [before, made] = (await db.batch(steps.map((step) => step(db, credential, now, values)))) as [
    D1Result<Before>,
    D1Result<CaptureRow>,
  ];
  const access = before.results[0];
  if (access === undefined) return { outcome: "unauthenticated" };
  const answered = remembered(access, keyed);
  if (answered !== null) return answered;
  if (access.role === null) return { outcome: "no-environment" };
  if (access.role === "viewer") return { outcome: "viewer" };
  const capture = made.results[0];
  if (capture !== undefined) return { outcome: "created", capture };
  if (access.isTaken === 1) return { outcome: "duplicate-name" };
  return { outcome: access.recorded >= limits.maxMonthlyBytes ? "month-full" : "too-many" };
}

/** A capture as it is made, but for the id, which only the statement knows. */
function asMade({
  name,
  start,
  scheduledStart,
  scheduledEnd,
  status,
  envId,
  redact,
  log,
  minDurationMicros,
}: CapturePlan): CaptureRow {
  const made = { id: 0, name, start, scheduledStart, scheduledEnd, end: null, status, envId, reason: null };
  return { ...made, redact, log, minDurationMicros, version: 1 };
}
