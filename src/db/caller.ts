/** What a request shows of its caller: enough to look the caller up, not yet proof that there is one. */
export interface Credential {
  /** `user` is for the service itself, which has just signed that user in; no request can show it. */
  kind: "session" | "apiKey" | "user";
  /** A session's token, the hash of an API key, or a user's id, as the tables hold them. */
  value: string;
}

const CALLER = {
  session: "caller as (select user_id as id from session where token = ?1 and expires_at > ?2)",
  apiKey:
    "caller as (select reference_id as id from apikey where key = ?1 and enabled = 1 and (expires_at is null or expires_at > ?2))",
  user: "caller as (select id from user where id = ?1 and ?2 is not null)",
} as const;

/**
 * The common table expression `caller`, one row with the `id` of the user whose credential it is, or none. Every statement
 * that acts for a caller begins with it, so that authentication costs no round trip of its own. It takes the first two
 * parameters of the statement: `?1` the credential's value, `?2` the time in milliseconds.
 */
export function callerOf(credential: Credential): string {
  return CALLER[credential.kind];
}
