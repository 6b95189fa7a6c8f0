import { DATABASE_NOW } from "../db/clock.ts";
import { isOneOf, STATUSES, type Status } from "../db/states.ts";
import { RECORDED } from "./capture-row.ts";
import { type Cause, statesThatAllow } from "./lifecycle.ts";

/*
 * The SQL that the statements of captures share. Each function of queries.ts, changes.ts and runner-store.ts is one round trip.
 * A read for a caller is one statement that authenticates, authorises and reads; a write is one batch, which D1 runs as a
 * transaction, with the permission and the expected state in the WHERE of every statement that changes something. The batch
 * begins by reading what is there, so that a write which changed nothing can say why without asking again.
 *
 * They are SQL as it runs, not a query builder's calls: this is the path that every request takes. `:credential` and `:now` are the
 * caller's and the time of the request (see `callerStatement`).
 */

/** The caller's membership in the environment of capture `:id`: no row of a deleted capture, nor of one in another's environment. */
export const CAPTURE_OF_CALLER = `from caller
  left join members m on m.user_id = caller.id
    and m.env_id = (select env_id from captures where id = :id and deleted_at is null)
  left join captures c on c.id = :id and c.env_id = m.env_id and c.deleted_at is null`;

/** A capture that was deleted after this can be brought back: by the database's clock, by which cron does not erase it yet. */
export const RESTORABLE_SINCE = `(${DATABASE_NOW} - :restorableFor)`;

/** The same, also of a capture that was deleted no longer than `:restorableFor` milliseconds ago: its data is still kept. */
export const KEPT_CAPTURE_OF_CALLER = `from caller
  left join members m on m.user_id = caller.id and m.env_id = (select env_id from captures where id = :id)
  left join captures c on c.id = :id and c.env_id = m.env_id and (c.deleted_at is null or c.deleted_at > ${RESTORABLE_SINCE})`;

/** The instance that capture `c` of environment `e` records, how it is reached, and what is kept of it. */
export const TARGET = `c.region as region, c.instance as instance, c.engine as engine, e.credentials as credentials,
  c.metrics_archived_at as metricsArchivedAt, ${RECORDED}`;

/** Whether the lifecycle has a transition for a cause from the state of the row at hand. */
export const allows = (cause: Cause): string => isOneOf(statesThatAllow(cause));

/** What depends on the state of the row at hand: an expression for each state; equal ones share a branch. */
export function byStatus(expression: (status: Status) => string): string {
  const branches = [...Map.groupBy(STATUSES, expression)].map(
    ([value, statuses]) => `when ${isOneOf(statuses)} then ${value}`,
  );
  return `case ${branches.join(" ")} end`;
}

/** A text of this service's own as SQL has it; null as well. Nothing that a caller sends is ever part of SQL. */
export const literal = (text: string | null): string =>
  text === null ? "null" : `'${text.replaceAll("'", "''")}'`;
