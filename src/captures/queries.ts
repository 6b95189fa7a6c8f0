import { type Credential, callerStatement } from "../db/caller.ts";
import { hasRole } from "../db/roles.ts";
import type { Status } from "../db/states.ts";
import type { Db } from "../db/types.ts";
import {
  type CaptureRow,
  columns,
  FULL_COLUMNS,
  type FullCaptureRow,
  JOIN_OWNER_AND_SCHEDULE,
  RECORDED,
  type Recorded,
  SITUATION,
  type Situation,
} from "./capture-row.ts";
import { CAPTURE_OF_CALLER, KEPT_CAPTURE_OF_CALLER, TARGET } from "./sql.ts";

/** What the caller may know of a capture. */
export type Seen<T> =
  /** There is no such caller: not signed in, or no longer. */
  | { caller: null }
  /** `found` is null when there is no such capture, or the caller is not a member of its environment. */
  | { caller: string; found: T | null };

/** Whether the caller may read what the statements of a capture say. */
export interface Reader {
  readsStatements: 0 | 1;
}

const ONE = callerStatement(
  `select caller.id as caller, ${hasRole("member")} as readsStatements, ${columns("c")}, ${SITUATION}, ${RECORDED} ${CAPTURE_OF_CALLER}`,
);

/** Reads one capture, how it gets on, and how much of it the caller may read. */
export async function readCapture(
  db: Db,
  credential: Credential,
  id: number,
  now: number,
): Promise<Seen<CaptureRow & Situation & Recorded & Reader>> {
  return seen(
    await captureRead(db, credential, id, now).first<Found<CaptureRow & Situation & Recorded & Reader>>(),
  );
}

/** The statement of `readCapture`, whose one row `seen` reads. */
export const captureRead = (db: Db, credential: Credential, id: number, now: number): D1PreparedStatement =>
  ONE(db, credential, now, { id });

const ONE_FULL = callerStatement(
  `select caller.id as caller, ${FULL_COLUMNS} ${KEPT_CAPTURE_OF_CALLER} ${JOIN_OWNER_AND_SCHEDULE}`,
);

/**
 * Reads one capture with all that is known of it; also one that is deleted and can be brought back.
 * @param restorableFor the captures that were deleted no longer ago are still kept; in milliseconds
 */
export async function readFullCapture(
  db: Db,
  credential: Credential,
  id: number,
  restorableFor: number,
  now: number,
): Promise<Seen<FullCaptureRow>> {
  const values = { id, restorableFor };
  return seen(await ONE_FULL(db, credential, now, values).first<FullCaptureRow & { caller: string }>());
}

/** A row of the caller and what was found, whose columns are null when there is none for the caller. */
export type Found<T> = T & { caller: string };

/** What a row says of one capture; without a row there is no such caller. */
export function seen<T extends { caller: string; id: number }>(row: T | null | undefined): Seen<T> {
  if (row === null || row === undefined) return { caller: null };
  return { caller: row.caller, found: row.id === null ? null : row };
}

const PAIR = callerStatement(
  `select caller.id as caller, ${columns("c")}, ${RECORDED} from caller
   left join captures c on c.id in (:id, :other) and c.deleted_at is null
     and exists (select 1 from members m where m.user_id = caller.id and m.env_id = c.env_id)`,
);

/** The statement that reads two captures, which may be of two environments. */
export const pairRead = (
  db: Db,
  credential: Credential,
  ids: { id: number; other: number },
  now: number,
): D1PreparedStatement => PAIR(db, credential, now, ids);

/** What the rows of `pairRead` say of the two; each is null as in `readCapture`. */
export function pairOf(
  results: readonly Found<CaptureRow & Recorded>[],
  ids: { id: number; other: number },
): [one: Seen<CaptureRow & Recorded>, other: Seen<CaptureRow & Recorded>] {
  const [first] = results;
  if (first === undefined) return [{ caller: null }, { caller: null }];
  const found = (id: number): Seen<CaptureRow & Recorded> => ({
    caller: first.caller,
    found: results.find((row) => row.id === id) ?? null,
  });
  return [found(ids.id), found(ids.other)];
}

/** A capture, the instance that it records, and the credentials that reach it. */
export type CaptureTarget = CaptureRow &
  Recorded & {
    region: string;
    instance: string;
    /** RDS's name of the instance's engine; null for a capture that was made before this was kept. */
    engine: string | null;
    credentials: string | null;
    /** When its metrics were stored; null while CloudWatch has to be asked. */
    metricsArchivedAt: number | null;
  };

const ONE_WITH_TARGET = callerStatement(
  `select caller.id as caller, ${columns("c")}, ${TARGET} ${CAPTURE_OF_CALLER} left join environments e on e.id = c.env_id`,
);

/** Reads one capture with its instance and sealed credentials, for the metrics. */
export async function readTarget(
  db: Db,
  credential: Credential,
  id: number,
  now: number,
): Promise<Seen<CaptureTarget>> {
  const row = await ONE_WITH_TARGET(db, credential, now, { id }).first<CaptureTarget & { caller: string }>();
  return seen(row);
}

/** An event as the database has it. */
export interface EventRow {
  time: number;
  from: Status | null;
  to: Status;
  actor: string;
  actorName: string | null;
  reason: string | null;
}

const EVENTS = callerStatement(
  `select caller.id as caller, c.id as captureId, v.time as time, v.from_status as "from", v.to_status as "to",
     v.actor as actor, u.name as actorName, v.reason as reason
   ${CAPTURE_OF_CALLER} left join capture_events v on v.capture_id = c.id left join user u on u.id = v.actor
   order by v.id`,
);

/** Reads the history of one capture, oldest first. */
export async function readEvents(
  db: Db,
  credential: Credential,
  id: number,
  now: number,
): Promise<Seen<EventRow[]>> {
  const { results } = await EVENTS(db, credential, now, { id }).all<
    EventRow & { caller: string; captureId: number | null }
  >();
  const first = results[0];
  if (first === undefined) return { caller: null };
  return { caller: first.caller, found: first.captureId === null ? null : results };
}
