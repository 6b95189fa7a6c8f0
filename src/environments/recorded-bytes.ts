import { DATABASE_NOW } from "../db/clock.ts";
import { statement } from "../db/statement.ts";
import type { Db } from "../db/types.ts";

/*
 * How much the captures of an environment have recorded in a month, in UTC: bytes of NDJSON before compression. Each capture notes its
 * own sum, so that a note may be written twice.
 */

/** The beginning of a month in SQL, in milliseconds since the epoch. @param time SQL of a moment in it, in milliseconds */
const monthOf = (time: string): string => `(unixepoch(${time} / 1000, 'unixepoch', 'start of month') * 1000)`;

/** The beginning of this month by the database's clock, in SQL. */
export const THIS_MONTH = monthOf(DATABASE_NOW);

/**
 * How much an environment has recorded in a month, in SQL.
 * @param envId SQL of its id
 * @param time SQL of a moment in the month, in milliseconds; now if absent
 */
export const recordedInMonth = (envId: string, time: string = DATABASE_NOW): string =>
  `(select coalesce(sum(b.bytes), 0) from recorded_bytes b where b.env_id = ${envId} and b.month = ${monthOf(time)})`;

const NOTE = statement(
  `insert into recorded_bytes (capture_id, month, env_id, bytes)
   select c.id, ${THIS_MONTH}, c.env_id,
     max(0, :total - (select coalesce(sum(b.bytes), 0) from recorded_bytes b where b.capture_id = c.id and b.month < ${THIS_MONTH}))
   from captures c where c.id = :captureId
   on conflict (capture_id, month) do update set bytes = excluded.bytes`,
);

/**
 * Notes how much a capture has recorded so far, in all. What it has recorded since the note of an earlier month counts for this one.
 * @param total in bytes of NDJSON before compression
 */
export async function noteRecorded(db: Db, captureId: number, total: number): Promise<void> {
  await NOTE(db, { captureId, total }).run();
}
