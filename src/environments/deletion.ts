import { actionSql } from "../audit/actions.ts";
import { deedOfCaller, detailsSql } from "../audit/recording.ts";
import { type Credential, callerStatement } from "../db/caller.ts";
import { statement } from "../db/statement.ts";
import type { Db } from "../db/types.ts";
import { erasureOfCaller, HIDE_ERASED } from "./erasing-sql.ts";
import { type AdminOutcome, adminOutcome, HAS_LEASES, HAS_LIVE, IS_ADMIN } from "./store.ts";

/* The deletion of an environment, with all that is its. */

/** What became of an environment that was to be deleted; `owing` when a change of a parameter group is pending. */
export type DeleteOutcome = AdminOutcome | "owing";

const BEFORE_DELETION = callerStatement(
  `select caller.id as caller, m.role as role, ${HAS_LIVE} as isLive
   from caller left join members m on m.user_id = caller.id and m.env_id = :envId`,
);

const DELETE = callerStatement(
  `update environments set deleted_at = :now, credentials = null, erasing_at = iif(:erases, :now, null)
   where id = :envId and deleted_at is null and ${IS_ADMIN} and not ${HAS_LIVE} and not ${HAS_LEASES}`,
);

const DEED = callerStatement(
  deedOfCaller({
    action: actionSql("environment.deleted"),
    envId: ":envId",
    details: detailsSql({
      name: "(select name from environments where id = :envId)",
      erased: "iif(:erases, 'at once', null)",
    }),
  }),
);

/** Whether the environment was deleted by the statement before, of the same batch. */
const IS_DELETED = "(select deleted_at from environments where id = :envId) = :now";

/** Who may ask later what was erased of it. */
const NOTE_DELETED = callerStatement(
  `insert or ignore into deleted_environments (env_id, name, deleted_by, deleted_at, admins)
   select e.id, e.name, caller.id, :now, (select json_group_array(m.user_id) from members m where m.env_id = e.id and m.role = 'admin')
   from caller join environments e on e.id = :envId where ${IS_DELETED}`,
);

const ERASE_CAPTURES = erasureOfCaller({
  why: "request",
  withMetrics: "1",
  rows: `from captures c where c.env_id = :envId and ${IS_DELETED}`,
}).map(callerStatement);

/** Erases at once what its captures have sealed, wherever there may be a copy: without its key nobody can read it. */
const DESTROY_KEYS = statement(`delete from seal_keys where env_id = :envId and ${IS_DELETED}`);

const DELETE_CONTENTS = [
  `update captures set deleted_at = :now where env_id = :envId and deleted_at is null and ${IS_DELETED}`,
  `update schedules set deleted_at = :now, next_at = null, make_at = null where env_id = :envId and deleted_at is null and ${IS_DELETED}`,
  `delete from members where env_id = :envId and ${IS_DELETED}`,
  `delete from invites where env_id = :envId and ${IS_DELETED}`,
  `delete from webhook_deliveries where webhook_id in (select id from webhooks where env_id = :envId) and ${IS_DELETED}`,
  `delete from webhooks where env_id = :envId and ${IS_DELETED}`,
  `delete from apikey where env_id = :envId and ${IS_DELETED}`,
].map(statement);

/**
 * What is deleted with an environment, and its row in the audit trail. These statements come right behind the one, of the same batch,
 * that sets its `deleted_at` to this time and its credentials to null; they do nothing where it has not.
 * @param erases whether what its captures have recorded is erased at once
 */
export function deletionOfContents(
  db: Db,
  credential: Credential,
  envId: number,
  now: number,
  { erases }: { erases: boolean },
): D1PreparedStatement[] {
  const values = { envId, now, erases: Number(erases) };
  const erasure = () => [
    ...ERASE_CAPTURES.map((step) => step(db, credential, now, values)),
    HIDE_ERASED(db, values),
    DESTROY_KEYS(db, values),
  ];
  return [
    DEED(db, credential, now, values),
    NOTE_DELETED(db, credential, now, values),
    ...(erases ? erasure() : []),
    ...DELETE_CONTENTS.map((step) => step(db, values)),
  ];
}

/**
 * Deletes an environment with its captures, schedules, members, invites, webhooks and the keys that are for it alone. Refused while a
 * capture is live, or a parameter group that one has changed is not restored: without the environment's credentials nobody could
 * restore it. These are deleted at once, the rest is erased by cron.
 * @param erases whether cron is to erase it at once
 */
export async function deleteEnvironment(
  db: Db,
  credential: Credential,
  envId: number,
  now: number,
  { erases }: { erases: boolean },
): Promise<DeleteOutcome> {
  const values = { envId, erases: Number(erases) };
  const [before, changes] = (await db.batch([
    BEFORE_DELETION(db, credential, now, values),
    DELETE(db, credential, now, values),
    ...deletionOfContents(db, credential, envId, now, { erases }),
  ])) as [D1Result<{ isLive: 0 | 1 }>, D1Result, ...D1Result[]];
  const result = adminOutcome(before, changes);
  return result === "refused" && before.results[0]?.isLive === 0 ? "owing" : result;
}
