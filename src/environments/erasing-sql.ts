import { actionSql } from "../audit/actions.ts";
import { deedOfCaller, deedOfService, detailsSql } from "../audit/recording.ts";
import { type SqlValues, type Statement, statement } from "../db/statement.ts";
import { HAS_ENDED } from "../db/states.ts";
import type { Db } from "../db/types.ts";
import type { ErasureReason } from "./erasure-reasons.ts";

/*
 * What is to be erased of captures: a row of `erasures` for each. From the moment that it is written nobody can read the workload any
 * more; cleanup/erasing.ts then erases it, and notes when nothing is left. Only captures that have ended are erased.
 */

/** Which captures are to be erased, in SQL: all expressions are over the rows at hand, in which captures are `c`. */
interface ErasedRows {
  why: ErasureReason;
  /** 1 if the metrics are erased too, 0 if not. */
  withMetrics: string;
  /** The `from` and `where` clauses that give the rows. */
  rows: string;
}

/**
 * The SQL of the note that captures are to be erased, from `:now` on. One that is erased already stays as it is, unless its metrics are
 * to be erased too.
 * @param by SQL of the id of the user who has asked for it; `null` where nobody has
 */
const noteErasures = ({ why, withMetrics, rows }: ErasedRows, by: string): string =>
  `insert into erasures (capture_id, env_id, why, requested_by, requested_at, with_metrics)
   select c.id, c.env_id, '${why}', ${by}, :now, ${withMetrics} ${rows}
   on conflict (capture_id) do update set why = excluded.why, requested_by = excluded.requested_by,
     requested_at = excluded.requested_at, with_metrics = 1, found_objects = null, found_bytes = null, tried_at = null,
     finished_at = null
   where excluded.with_metrics > erasures.with_metrics`;

/**
 * The SQL that notes the same in the audit trail; before that note, since what is erased already is no deed.
 * @param noter how the deeds of whoever has it erased are noted
 */
function erasureDeed({ why, withMetrics, rows }: ErasedRows, noter: typeof deedOfCaller): string {
  return noter({
    action: actionSql("erasure.requested"),
    envId: "c.env_id",
    subject: { id: "c.id", name: "c.name" },
    details: detailsSql({ why: `'${why}'`, metrics: "iif(c.with_metrics, 'erased', 'kept')" }),
    rows: `from (select c.id as id, c.env_id as env_id, c.name as name, ${withMetrics} as with_metrics ${rows}) c
      where not exists (select 1 from erasures x where x.capture_id = c.id and x.with_metrics >= c.with_metrics)`,
  });
}

/** The SQL of the statements by which the caller has captures erased: the deed, and last the note. */
export const erasureOfCaller = (rows: ErasedRows): string[] => [
  erasureDeed(rows, deedOfCaller),
  noteErasures(rows, "(select id from caller)"),
];

/** The statements of the same by the service itself. */
const erasureOfService = (rows: ErasedRows): Statement[] =>
  [erasureDeed(rows, (deed) => deedOfService(deed, "'cleanup'")), noteErasures(rows, "null")].map(statement);

/**
 * Follows that note in its batch: nobody can read these captures' workloads from `:now` on, and metrics that are
 * erased are no longer archived.
 */
export const HIDE_ERASED: Statement = statement(
  `update captures set workload_erased_at = coalesce(workload_erased_at, x.requested_at),
     metrics_erased_at = iif(x.with_metrics = 1, x.requested_at, metrics_erased_at), erased_why = coalesce(erased_why, x.why),
     due_at = iif(x.with_metrics = 1, null, due_at), version = version + 1
   from erasures x where x.capture_id = captures.id and x.finished_at is null and x.requested_at = :now`,
);

/** Has captures erased by the service itself. Returns how many. */
async function eraseByService(db: Db, note: readonly Statement[], values: SqlValues): Promise<number> {
  const [, noted] = await db.batch([...note, HIDE_ERASED].map((step) => step(db, values)));
  return noted?.meta.changes ?? 0;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Some captures `c` that ended longer ago than the retention of their environment `e`, in SQL. @param which of these */
const beyondRetention = (which: string): string =>
  `from environments e cross join captures c on c.env_id = e.id
      where e.retention_days is not null and ${which}
        and c.ended_at < :now - e.retention_days * ${DAY_MS} and c.${HAS_ENDED} order by c.id limit :limit`;

const NOTE_RETAINED = erasureOfService({
  why: "retention",
  withMetrics: "1 - e.retains_metrics",
  rows: beyondRetention("c.ended_at is not null and c.workload_erased_at is null"),
});

/**
 * Has the workloads erased that their environments' retention no longer keeps.
 * @returns how many, at most `limit`
 */
export const eraseRetained = (db: Db, now: number, limit: number): Promise<number> =>
  eraseByService(db, NOTE_RETAINED, { now, limit });

const NOTE_METRICS = erasureOfService({
  why: "retention",
  withMetrics: "1",
  rows: beyondRetention(
    "e.retains_metrics = 0 and c.workload_erased_at is not null and c.metrics_erased_at is null",
  ),
});

/**
 * Has the metrics erased that were kept when their workloads were erased, and that their environments' retention no longer keeps. It reads all captures of these environments: it is for once a day.
 * @returns how many, at most `limit`
 */
export const eraseRetainedMetrics = (db: Db, now: number, limit: number): Promise<number> =>
  eraseByService(db, NOTE_METRICS, { now, limit });

const NOTE_DELETED = erasureOfService({
  why: "deletion",
  withMetrics: "1",
  rows: "from captures c where c.id in (select value from json_each(:ids)) and c.deleted_at < :before",
});

/** Has captures erased, with their metrics, that were deleted before a time. */
export async function eraseDeleted(
  db: Db,
  ids: readonly number[],
  before: number,
  now: number,
): Promise<void> {
  await eraseByService(db, NOTE_DELETED, { ids: JSON.stringify(ids), before, now });
}
