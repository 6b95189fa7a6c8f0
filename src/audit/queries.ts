import { type CallerStatement, type Credential, callerStatement } from "../db/caller.ts";
import type { Db } from "../db/types.ts";
import { DELETED_NAME } from "../lib/names.ts";
import type { AuditQuery } from "./schema.ts";

/** A row of an audit trail as the database has it. */
export interface AuditRow {
  id: number;
  time: number;
  action: string;
  actor: string;
  actorName: string | null;
  actorEmail: string | null;
  via: "session" | "apiKey" | "service";
  credentialId: string | null;
  credentialName: string | null;
  address: string | null;
  subjectId: string | null;
  subjectName: string | null;
  details: string | null;
}

/** Which rows are asked for. */
export type AuditFilter = Pick<
  AuditQuery,
  "actor" | "action" | "capture" | "from" | "to" | "sort" | "cursor"
> & {
  limit: number;
};

/** A part of a trail for a caller. */
export type Trail =
  | { outcome: "found"; caller: string; rows: AuditRow[] }
  | { outcome: "unauthenticated" }
  | { outcome: "not-found"; caller: string }
  | { outcome: "forbidden"; caller: string };

/** The actions that are done to a capture. */
const OF_CAPTURE = `(v.action glob 'capture.*' or v.action glob 'workload.*' or v.action glob 'logs.*')`;

const CONDITIONS = {
  actor: "v.actor = :actor",
  action: "(v.action = :action or v.action glob :action || '.*')",
  capture: `v.subject_id = :capture and ${OF_CAPTURE}`,
  from: "v.time >= :from",
  to: "v.time < :to",
} as const;

type Condition = keyof typeof CONDITIONS;

/**
 * Whether the caller may read the trail of environment `:envId`: its admins; of one that is deleted, those who were its admins then. `role`
 * is null for who may not know of it.
 */
const READER = `reader as (select caller.id as id, coalesce(
    (select m.role from members m where m.user_id = caller.id and m.env_id = :envId),
    (select 'admin' from deleted_environments d, json_each(d.admins) a
     where d.env_id = :envId and a.value = caller.id and coalesce(caller.env_id, :envId) = :envId)) as role
  from caller)`;

const pages = new Map<string, CallerStatement>();

function pageOf(filter: AuditFilter): CallerStatement {
  const given = (Object.keys(CONDITIONS) as Condition[]).filter((field) => filter[field] !== undefined);
  const { sort, cursor } = filter;
  const key = [...given, sort, cursor !== undefined].join();
  const known = pages.get(key);
  if (known !== undefined) return known;
  const [direction, beyond] = sort === "time" ? ["asc", ">"] : ["desc", "<"];
  const conditions: string[] = given.map((field) => CONDITIONS[field]);
  if (cursor !== undefined) conditions.push(`(v.time, v.id) ${beyond} (:afterTime, :afterId)`);
  // The user's name as it is now. Who has deleted their account stays a deleted user once their row is purged.
  const page = callerStatement(
    `, ${READER} select reader.id as caller, reader.role as role, v.id as id, v.time as time, v.action as action, v.actor as actor,
       iif(v.via = 'service', null, coalesce(u.name, '${DELETED_NAME}')) as actorName, iif(u.deleted_at is null, u.email, null) as actorEmail, v.via as via, v.credential_id as credentialId,
       v.credential_name as credentialName, v.address as address, v.subject_id as subjectId, v.subject_name as subjectName,
       v.details as details
     from reader left join audit_events v on reader.role = 'admin' and v.env_id = :envId
       ${conditions.map((condition) => `and ${condition}`).join(" ")}
       left join user u on u.id = v.actor
     order by v.time ${direction}, v.id ${direction} limit :limit`,
  );
  pages.set(key, page);
  return page;
}

/** Reads a part of the audit trail of an environment, for an admin of it. */
export async function readTrail(
  db: Db,
  credential: Credential,
  envId: number,
  filter: AuditFilter,
  now: number,
): Promise<Trail> {
  const { cursor, capture, sort: _, ...asked } = filter;
  const { results } = await pageOf(filter)(db, credential, now, {
    ...asked,
    envId,
    capture: capture === undefined ? undefined : String(capture),
    afterTime: cursor?.[0],
    afterId: cursor?.[1],
  }).all<AuditRow & { caller: string; role: string | null }>();
  const first = results[0];
  if (first === undefined) return { outcome: "unauthenticated" };
  const { caller, role } = first;
  if (role === null) return { outcome: "not-found", caller };
  if (role !== "admin") return { outcome: "forbidden", caller };
  return { outcome: "found", caller, rows: results.filter(({ id }) => id !== null) };
}
