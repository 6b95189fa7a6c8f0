/*
 * How the audit trail is written: by a statement of the batch that makes the change, so that there is no change without its row, and
 * no row without its change. It follows the changing statement, and writes if that one changed something (`changes()`, which D1
 * allows, counts the rows of the statement before); or it comes before, and selects by the change's own conditions.
 */

/** What was done, as SQL: expressions over the rows of `rows`, each of which is one deed. */
export interface Deed {
  /** An action: see `actionSql`. */
  action: string;
  envId: string;
  /** What it was done to: its id and its name. Null where it is the environment itself. */
  subject?: { id: string; name: string };
  /** What else there is to say: see `detailsSql`. */
  details?: string;
  /** The `from` and `where` clauses that give the rows: one row if the statement before has changed something, unless given. */
  rows?: string;
}

/** What follows a changing statement: one row if it changed something. */
export const IF_CHANGED = "where changes() > 0";

/** The details of a deed, whose values are SQL: as details.ts reads them. */
export const detailsSql = (details: Record<string, string>): string =>
  `json_object(${["'version', 1", ...Object.entries(details).map(([key, value]) => `'${key}', ${value}`)].join(", ")})`;

const COLUMNS =
  "env_id, time, action, actor, actor_name, via, credential_id, credential_name, address, subject_id, subject_name, details, once";

const deeds = ({ action, envId, subject, details = "null", rows = IF_CHANGED }: Deed, once = "null") =>
  `(select ${action} as action, ${envId} as env_id, ${subject?.id ?? "null"} as subject_id, ${subject?.name ?? "null"} as subject_name,
     ${details} as details, ${once} as once ${rows}) d`;

/**
 * The SQL that notes what the caller does, for `callerStatement`.
 * @param once for a deed that is noted once however often it is done: what makes two of them the same
 */
export const deedOfCaller = (deed: Deed, once?: string): string =>
  `insert into audit_events (${COLUMNS})
   select d.env_id, :now, d.action, caller.id, u.name, caller.via, caller.credential_id, k.name, :address,
     d.subject_id, d.subject_name, d.details, d.once
   from caller join ${deeds(deed, once)} left join user u on u.id = caller.id
     left join apikey k on k.id = caller.credential_id and caller.via = 'apiKey'
   ${once === undefined ? "" : "where true on conflict do nothing"}`;

/**
 * The SQL that notes what the service does of itself, for `statement`.
 * @param actor which part of it, an expression
 */
export const deedOfService = (deed: Deed, actor: string): string =>
  `insert into audit_events (${COLUMNS})
   select d.env_id, :now, d.action, ${actor}, null, 'service', null, null, null, d.subject_id, d.subject_name, d.details, d.once
   from ${deeds(deed)}`;
