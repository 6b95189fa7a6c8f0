import * as z from "zod";
import { actionSql } from "../audit/actions.ts";
import { deedOfCaller } from "../audit/recording.ts";
import { type Credential, callerStatement } from "../db/caller.ts";
import { IS_REMEMBERED, type KeyedRequest, keyValues, rememberingStatement } from "../db/idempotency.ts";
import { hasRole, type Role } from "../db/roles.ts";
import type { Db } from "../db/types.ts";
import { storedFormat } from "../lib/stored.ts";
import { COLUMNS, OWNER_NAME, type ScheduleFields, type ScheduleRow } from "./schedule-row.ts";
import { MAX_SCHEDULES } from "./schema.ts";

/** A schedule as it is made, but for whose it is. */
type MadeSchedule = Omit<ScheduleRow, "ownerId" | "ownerName">;

/** How the answer to the key of a request for a schedule is stored. Only this service writes it: what identifies it is checked. */
const answerFormat = storedFormat("answer to an Idempotency-Key", 1, () =>
  z.object({
    schedule: z
      .looseObject({
        ...{ id: z.number(), envId: z.number(), name: z.string(), timeZone: z.string() },
        // Not there before schedules had a start.
        ...{ start: z.string().nullable().default(null), lastAt: z.number().nullable().default(null) },
      })
      .transform((made) => made as unknown as MadeSchedule),
  }),
);

/** What became of a request for a schedule. */
export type Created =
  | { outcome: "created"; caller: string; schedule: ScheduleRow }
  /** The same was asked for with the same key before: `schedule` is as it was made. */
  | { outcome: "replayed"; caller: string; schedule: ScheduleRow }
  | {
      outcome: "unauthenticated" | "no-environment" | "viewer" | "duplicate-name" | "too-many" | "key-reused";
    };

interface Before {
  caller: string;
  callerName: string | null;
  role: Role | null;
  fingerprint: string | null;
  made: string;
  isTaken: 0 | 1;
}

const BEFORE = callerStatement(
  `select caller.id as caller, u.name as callerName, m.role as role, k.fingerprint as fingerprint, k.capture as made,
     exists (select 1 from schedules n where n.env_id = :envId and n.name = :name and n.deleted_at is null) as isTaken
   from caller left join user u on u.id = caller.id left join members m on m.user_id = caller.id and m.env_id = :envId
     left join idempotency_keys k on ${IS_REMEMBERED}`,
);

const INSERT = callerStatement(
  `insert into schedules (env_id, owner_id, name, cron, rrule, time_zone, start, capture_name, duration, redact, log,
     min_duration_micros, max_bytes, labels, notes, compares, keep_last, next_at, make_at, created_at, updated_at)
   select m.env_id, caller.id, :name, :cron, :rrule, :timeZone, :start, :captureName, :duration, :redact, :log,
     :minDurationMicros, :maxBytes, :labels, :notes, :compares, :keepLast, :nextAt, :now, :now, :now
   from caller join members m on m.user_id = caller.id and m.env_id = :envId
   where ${hasRole("member")} and not exists (select 1 from idempotency_keys k where ${IS_REMEMBERED})
     and (select count(*) from schedules where env_id = :envId and deleted_at is null) < ${MAX_SCHEDULES}
   on conflict do nothing`,
);

/** The schedule of the caller that was made just now: only that one has no history. */
const NEW_SCHEDULE = `from caller join schedules s on s.owner_id = caller.id
  where s.env_id = :envId and s.name = :name and s.deleted_at is null
    and not exists (select 1 from schedule_events v where v.schedule_id = s.id)`;

const MADE = callerStatement(`select ${COLUMNS}, ${OWNER_NAME} ${NEW_SCHEDULE}`);
const REMEMBER = rememberingStatement({ from: NEW_SCHEDULE, id: "s.id", idPath: "$.schedule.id" });
const DEED = callerStatement(
  deedOfCaller({
    action: actionSql("schedule.created"),
    envId: "s.env_id",
    subject: { id: "s.id", name: "s.name" },
    rows: NEW_SCHEDULE,
  }),
);
/** The last step: with an event in its history the schedule is no longer found as a new one. */
const NOTE = callerStatement(
  `insert into schedule_events (schedule_id, time, what, actor) select s.id, :now, 'created', caller.id ${NEW_SCHEDULE}`,
);

/**
 * Makes a schedule and the first event of its history; or, with a key that has been answered, finds the answer.
 * @param nextAt its first occurrence
 */
export async function createSchedule(
  db: Db,
  credential: Credential,
  keyed: KeyedRequest | null,
  envId: number,
  fields: ScheduleFields,
  nextAt: number | null,
  now: number,
): Promise<Created> {
  const asMade: MadeSchedule = {
    ...{ id: 0, envId, ...fields, number: 0, nextAt, lastAt: null, pausedAt: null, problem: null },
    ...{ version: 1, createdAt: now, updatedAt: now },
  };
  const answer = answerFormat.stringify({ schedule: asMade });
  const values = { ...fields, envId, nextAt, ...keyValues(keyed, answer, now) };
  const steps = [BEFORE, INSERT, MADE, ...(keyed === null ? [] : [REMEMBER]), DEED, NOTE];
  const [before, , made] = (await db.batch(steps.map((step) => step(db, credential, now, values)))) as [
    D1Result<Before>,
    D1Result,
    D1Result<ScheduleRow>,
  ];
  const access = before.results[0];
  if (access === undefined) return { outcome: "unauthenticated" };
  const { caller, callerName, fingerprint } = access;
  if (fingerprint !== null && fingerprint !== keyed?.fingerprint) return { outcome: "key-reused" };
  // Whoever has lost the environment meanwhile has lost the reply.
  if (access.role === null) return { outcome: "no-environment" };
  if (access.role === "viewer") return { outcome: "viewer" };
  if (fingerprint !== null) {
    const { schedule } = answerFormat.parse(access.made);
    return { outcome: "replayed", caller, schedule: { ...schedule, ownerId: caller, ownerName: callerName } };
  }
  const schedule = made.results[0];
  if (schedule !== undefined) return { outcome: "created", caller, schedule };
  return { outcome: access.isTaken === 1 ? "duplicate-name" : "too-many" };
}
