import { type Credential, callerStatement } from "../db/caller.ts";
import { HAS_ENDED } from "../db/states.ts";
import type { Db } from "../db/types.ts";
import { erasureOfCaller, HIDE_ERASED } from "./erasing-sql.ts";
import type { ErasureReason } from "./erasure-reasons.ts";
import { type AdminOutcome, adminOutcome, IS_ADMIN, STANDING } from "./store.ts";

/* The erasure of an environment's workloads, and the statement of what was erased. */

const NOTE = erasureOfCaller({
  why: "request",
  withMetrics: "1 - :keepMetrics",
  rows: `from captures c where c.env_id = :envId and c.${HAS_ENDED} and ${IS_ADMIN}`,
}).map(callerStatement);

/** Has the workloads of all captures of an environment erased that have ended. Only an admin may. */
export async function eraseWorkloads(
  db: Db,
  credential: Credential,
  envId: number,
  keepMetrics: boolean,
  now: number,
): Promise<Exclude<AdminOutcome, "refused">> {
  const values = { envId, keepMetrics: Number(keepMetrics), now };
  const [before, , noted] = (await db.batch([
    STANDING(db, credential, now, values),
    ...NOTE.map((step) => step(db, credential, now, values)),
    HIDE_ERASED(db, values),
  ])) as [D1Result, D1Result, D1Result, D1Result];
  const outcome = adminOutcome(before, noted);
  // Where there is nothing to erase, nothing is left either.
  return outcome === "refused" ? "changed" : outcome;
}

/** The erasure of one capture, times in milliseconds. */
export interface ErasureRow {
  captureId: number;
  /** Null once the capture itself is erased. */
  captureName: string | null;
  why: ErasureReason;
  requestedBy: string | null;
  requesterName: string | null;
  requestedAt: number;
  withMetrics: 0 | 1;
  objects: number;
  bytes: number;
  finishedAt: number | null;
}

/** The columns of an `ErasureRow` of erasures `x`, joined by `JOIN_ERASED`. */
export const ERASURE_COLUMNS = `x.capture_id as captureId, c.name as captureName, x.why as why, x.requested_by as requestedBy,
  u.name as requesterName, x.requested_at as requestedAt, x.with_metrics as withMetrics, x.objects as objects, x.bytes as bytes,
  x.finished_at as finishedAt`;

/** The joins that give erasures `x` their captures, and who asked for them. */
export const JOIN_ERASED =
  "left join captures c on c.id = x.capture_id left join user u on u.id = x.requested_by";

/** What was erased of an environment, and what is left, times in milliseconds. */
export interface ErasureTotals {
  caller: string;
  /** Null when the caller may not see it, or there is no such environment. */
  name: string | null;
  /** Of one that was deleted. */
  deletedAt: number | null;
  rowErasedAt: number | null;
  finished: number;
  pending: number;
  totalObjects: number;
  totalBytes: number;
  firstAt: number | null;
  lastAt: number | null;
  /** Captures whose workload is kept: those that have ended, and those that have not. */
  kept: number;
  live: number;
}

const total = (of: string, where = "true") =>
  `(select ${of} from erasures t where t.env_id = :envId and ${where})`;
const keptCaptures = (status: string) =>
  `(select count(*) from captures k where k.env_id = :envId and k.workload_erased_at is null and ${status})`;

const STATEMENT = callerStatement(
  `select caller.id as caller, coalesce(e.name, d.name) as name, d.deleted_at as deletedAt, d.erased_at as rowErasedAt,
     ${total("count(*)", "t.finished_at is not null")} as finished, ${total("count(*)", "t.finished_at is null")} as pending,
     ${total("coalesce(sum(t.objects), 0)")} as totalObjects, ${total("coalesce(sum(t.bytes), 0)")} as totalBytes,
     ${total("min(t.finished_at)")} as firstAt, ${total("max(t.finished_at)")} as lastAt,
     ${keptCaptures(`k.${HAS_ENDED}`)} as kept, ${keptCaptures(`not k.${HAS_ENDED}`)} as live,
     ${ERASURE_COLUMNS}
   from caller
   left join members m on m.user_id = caller.id and m.env_id = :envId left join environments e on e.id = m.env_id
   left join deleted_environments d on d.env_id = :envId and caller.env_id is null
     and exists (select 1 from json_each(d.admins) a where a.value = caller.id)
   left join erasures x on x.env_id = coalesce(e.id, d.env_id) and x.capture_id > :after
   ${JOIN_ERASED} order by x.capture_id limit :limit`,
);

/**
 * Reads what was erased of an environment: for its members, and for those who were its admins when it was deleted. Its own keys are
 * deleted with it, so that a key for one environment is another's then.
 * @param after the captures with a greater id are listed, at most `limit`
 * @returns null when not signed in
 */
export async function readErasures(
  db: Db,
  credential: Credential,
  envId: number,
  { after, limit }: { after: number; limit: number },
  now: number,
): Promise<{ totals: ErasureTotals; erasures: ErasureRow[] } | null> {
  const values = { envId, after, limit };
  const { results } = await STATEMENT(db, credential, now, values).all<ErasureTotals & ErasureRow>();
  const [first] = results;
  if (first === undefined) return null;
  // Without erasures, the caller's row has none.
  return { totals: first, erasures: results.filter((row) => row.captureId !== null) };
}
