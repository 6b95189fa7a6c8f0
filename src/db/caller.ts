import { type SqlValues, type Statement, statement } from "./statement.ts";
import type { Db } from "./types.ts";

/** What a request shows of its caller: enough to look the caller up, not yet proof that there is one. */
export interface Credential {
  /** `user` is for the service itself, which has just signed that user in; no request can show it. */
  kind: "session" | "apiKey" | "user";
  /** A session's token, the hash of an API key, or a user's id, as the tables hold them. */
  value: string;
  /** The one way that a session has to have been made in; any if absent. */
  signedInBy?: "sso";
  /** What it is used for. Where that is not said, only an API key that may be used for everything is enough. */
  use?: KeyUse;
  /** The address that the request came from, for the audit trail; none where it is not known. */
  address?: string | null;
}

/**
 * What an API key is used for: reading, changing something of an environment, or what is not of one environment, such as registering
 * another.
 */
export type KeyUse = "read" | "write" | "account";

/**
 * Why a write for a caller was not made, whatever was to be written: nobody is signed in, or it is unknown or not the caller's to see,
 * or not the caller's to change.
 */
export type Denied = "unauthenticated" | "not-found" | "forbidden";

/** Whether the row of `apikey` at hand is valid, whatever it is used for. */
export const IS_VALID_KEY = "enabled = 1 and (expires_at is null or expires_at > :now)";

/** The session at hand, if it has not ended. */
const SESSION = `select user_id as id, null as env_id, 'session' as via, id as credential_id from session
    where token = :credential and expires_at > :now`;

/**
 * One row with the `id` of the user whose credential it is, or none. With an API key there is none either where it may not be used
 * so, and `members` is what the key sees of the table: of a key for one environment (`env_id`), the members of that one. To every
 * statement the others are as environments that its owner has nothing to do with; no statement can forget to ask. `via` and
 * `credential_id` say for the audit trail how the user is signed in: a new user's session is not made yet when the service acts for
 * them.
 */
const CALLER = {
  session: `caller as (${SESSION})`,
  signOnSession: `caller as (${SESSION} and signed_in_by = 'sso')`,
  apiKey: `caller as (select reference_id as id, env_id, 'apiKey' as via, id as credential_id from apikey
      where key = :credential and ${IS_VALID_KEY} and (scope = 'write' or :keyUse = 'read') and (env_id is null or :keyUse <> 'account')),
    members as not materialized (select * from main.members where env_id = coalesce((select env_id from caller), env_id))`,
  user: `caller as (select id, null as env_id, 'session' as via, null as credential_id from user
    where id = :credential and :now is not null)`,
} as const;

/** A statement that acts for a caller, at a time in milliseconds since the epoch. */
export type CallerStatement = (
  db: Db,
  credential: Credential,
  now: number,
  values?: SqlValues,
) => D1PreparedStatement;

/**
 * Makes a statement that acts for a caller, of SQL that goes on after the common table expression `caller`: one row with the
 * `id` of the user whose credential it is, or none. So authentication costs no round trip of its own. Its parameters
 * `:credential`, `:address` and `:now` are the caller's and the time; `members` has who belongs to which environment, as far as the
 * caller may know.
 */
export function callerStatement(sql: string): CallerStatement {
  const byKind: Partial<Record<keyof typeof CALLER, Statement>> = {};
  return (db, { kind, value, signedInBy, use = "account", address = null }, now, values) => {
    const shown = kind === "session" && signedInBy === "sso" ? "signOnSession" : kind;
    byKind[shown] ??= statement(`with ${CALLER[shown]} ${sql}`);
    return byKind[shown](db, { ...values, credential: value, address, now, keyUse: use });
  };
}
