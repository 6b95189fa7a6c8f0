import { type Credential, callerStatement } from "../../db/caller.ts";
import { statement } from "../../db/statement.ts";
import type { Db } from "../../db/types.ts";
import { DAY_SECONDS, SESSION_SECONDS } from "../new-session.ts";
import { USER_COLUMNS, type UserRow } from "../user.ts";

/* The sessions of accounts, in D1. Each call finds out for itself who is calling, and sees only that person's sessions. */

const COLUMNS = `s.id as sessionId, s.token as token, s.expires_at as sessionEnds, s.created_at as sessionCreatedAt,
  s.updated_at as sessionUpdatedAt, s.ip_address as address, s.user_agent as agent`;

/** A session, as the database has it. Times are in milliseconds since the epoch. */
export interface SessionRow {
  sessionId: string;
  token: string;
  sessionEnds: number;
  sessionCreatedAt: number;
  /** When it was prolonged for the last time. */
  sessionUpdatedAt: number;
  address: string | null;
  agent: string | null;
}

const CURRENT = callerStatement(
  `select ${COLUMNS}, ${USER_COLUMNS} from caller join session s on s.id = caller.credential_id join user u on u.id = caller.id`,
);

/** A session and whose it is; null when it has ended. */
export function currentSession(
  db: Db,
  session: Credential,
  now: number,
): Promise<(SessionRow & UserRow) | null> {
  return CURRENT(db, session, now).first();
}

const PROLONG = callerStatement(
  `update session set expires_at = :expiresAt, updated_at = :now where id = (select credential_id from caller)`,
);

/** Whether a session is to be prolonged: once a day. One that is to end with the browser's has ended by then. */
export const isDue = ({ sessionUpdatedAt }: SessionRow, now: number): boolean =>
  now - sessionUpdatedAt >= DAY_SECONDS * 1000;

/** Prolongs a session. @returns whether it was there still */
export async function prolong(db: Db, session: Credential, now: number): Promise<boolean> {
  const expiresAt = now + SESSION_SECONDS * 1000;
  const { meta } = await PROLONG(db, session, now, { expiresAt }).run();
  return meta.changes > 0;
}

const LIST = callerStatement(
  `select caller.id as caller, ${COLUMNS} from caller join session s on s.user_id = caller.id and s.expires_at > :now
   order by s.created_at, s.id`,
);

/** The sessions of who asks that have not ended, oldest first; none for nobody. */
export async function listSessions(
  db: Db,
  session: Credential,
  now: number,
): Promise<(SessionRow & { caller: string })[]> {
  const { results } = await LIST(db, session, now).all<SessionRow & { caller: string }>();
  return results;
}

const END_THIS = statement("delete from session where token = :token");

/** Ends a session. */
export async function endSession(db: Db, token: string): Promise<void> {
  await END_THIS(db, { token }).run();
}

const WHO = callerStatement("select id as caller from caller");
const IS_MINE = "user_id = (select id from caller)";
const END = {
  one: callerStatement(`delete from session where ${IS_MINE} and token = :token`),
  others: callerStatement(`delete from session where ${IS_MINE} and token <> :credential`),
  all: callerStatement(`delete from session where ${IS_MINE}`),
} as const;

/**
 * Ends sessions of who asks: one by its token, all, or all but the one that asks.
 * @returns whose they are; null for nobody
 */
export async function endSessions(
  db: Db,
  session: Credential,
  which: { token: string } | "others" | "all",
  now: number,
): Promise<string | null> {
  const end = typeof which === "string" ? END[which](db, session, now) : END.one(db, session, now, which);
  const [who] = await db.batch<{ caller: string }>([WHO(db, session, now), end]);
  return who?.results[0]?.caller ?? null;
}
