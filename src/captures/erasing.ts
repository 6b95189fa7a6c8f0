import { type Credential, callerStatement } from "../db/caller.ts";
import type { Role } from "../db/roles.ts";
import { statement } from "../db/statement.ts";
import { HAS_ENDED, hasEnded, type Status } from "../db/states.ts";
import type { Db } from "../db/types.ts";
import { erasureOfCaller, HIDE_ERASED } from "../environments/erasing-sql.ts";
import { ERASURE_COLUMNS, type ErasureRow, JOIN_ERASED } from "../environments/erasures.ts";
import { unknownCaller } from "../http/authentication.ts";
import { noteCaller } from "../http/context.ts";
import { refuse } from "../http/refusals.ts";
import { refuseCapture } from "./refusals.ts";

/* The erasure of what one capture has recorded, at the request of an admin. Its row stays, and says so. */

/** Also of a deleted capture: what it has recorded is still kept. */
const BEFORE = callerStatement(
  `select caller.id as caller, m.role as role, c.status as status from caller
   left join members m on m.user_id = caller.id and m.env_id = (select env_id from captures where id = :id)
   left join captures c on c.id = :id and c.env_id = m.env_id`,
);

const NOTE = erasureOfCaller({
  why: "request",
  withMetrics: "1 - :keepMetrics",
  rows: `from captures c where c.id = :id and c.${HAS_ENDED} and exists (select 1 from caller
      join members m on m.user_id = caller.id where m.env_id = c.env_id and m.role = 'admin')`,
}).map(callerStatement);

const AFTER = statement(`select ${ERASURE_COLUMNS} from erasures x ${JOIN_ERASED} where x.capture_id = :id`);

interface Before {
  caller: string;
  role: Role | null;
  status: Status | null;
}

/**
 * Has what a capture has recorded erased. One that is erased already stays so.
 * @returns the erasure
 * @throws ApiError 401 for nobody, 404 where the caller may not see the capture, 403 for who is no admin, 409 before its end
 */
export async function eraseCapture(
  db: Db,
  credential: Credential,
  id: number,
  keepMetrics: boolean,
  now: number,
): Promise<ErasureRow> {
  const values = { id, keepMetrics: Number(keepMetrics), now };
  const results = await db.batch([
    BEFORE(db, credential, now, values),
    ...NOTE.map((step) => step(db, credential, now, values)),
    HIDE_ERASED(db, values),
    AFTER(db, values),
  ]);
  const before = (results[0] as D1Result<Before>).results[0];
  if (before === undefined) throw unknownCaller();
  noteCaller(before.caller);
  if (before.status === null) throw refuseCapture.captureNotFound();
  if (before.role !== "admin") throw refuse.notAdmin();
  if (!hasEnded(before.status)) throw refuseCapture.notEnded();
  return (results.at(-1) as D1Result<ErasureRow>).results[0] as ErasureRow;
}
