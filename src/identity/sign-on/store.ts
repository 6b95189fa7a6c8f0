import { statement } from "../../db/statement.ts";
import type { Db } from "../../db/types.ts";
import { sha256 } from "../../lib/hash.ts";
import { IS_FULL } from "../account-room.ts";
import { insertSession, type NewSession } from "../new-session.ts";
import { dropLinks, takeOver } from "../ownership.ts";
import type { Attempt } from "./attempt.ts";
import type { Person } from "./person.ts";

/*
 * What becomes of somebody whom a provider has signed in: one batch, whose guards are in its SQL. An identity is a row of `account`,
 * by the provider's issuer and subject: the address may change.
 */

/** The user whose identity it is. */
const LINKED = "select a.user_id from account a where a.provider_id = :issuer and a.account_id = :subject";
/** Whether this request was the first to finish the sign-on: its row is there. */
const IS_FIRST = "exists (select 1 from verification v where v.id = :finishId)";
/** Whether the account with the address has another identity at the same provider: providers give addresses to new people. */
const IS_OTHERS = `exists (select 1 from account a join user u on u.id = a.user_id
  where u.email = :email and a.provider_id = :issuer and a.account_id <> :subject)`;
const MAY_LINK = `${IS_FIRST} and not exists (${LINKED}) and not ${IS_OTHERS}`;
/**
 * An account with the address that has never proved it, unless the browser is signed in to it: then it is the same person. By a session
 * of a password too where those let nobody in any more: it still says whose browser it is.
 */
const UNPROVEN = `select u.id from user u where u.email = :email and u.email_verified = 0 and ${MAY_LINK}
  and not exists (select 1 from session s where s.user_id = u.id and s.token = :signedIn and s.expires_at > :now)`;

const FINISH = [
  `insert into verification (id, identifier, value, expires_at, created_at, updated_at)
   select :finishId, :attempt, 'finished', :attemptEnds, :now, :now
   where not exists (select 1 from verification where identifier = :attempt)`,
  dropLinks(`(${UNPROVEN})`),
  ...takeOver(`(${UNPROVEN})`),
  `update user set email_verified = 1, updated_at = :now where email = :email and email_verified = 0 and ${MAY_LINK}`,
  `insert into user (id, name, email, email_verified, created_at, updated_at)
   select :userId, :name, :email, 1, :now, :now
   where :mayCreate = 1 and ${MAY_LINK} and not exists (select 1 from user where email = :email) and not ${IS_FULL}`,
  `insert into account (id, account_id, provider_id, user_id, created_at, updated_at)
   select :identityId, :subject, :issuer, u.id, :now, :now from user u where u.email = :email and ${MAY_LINK}`,
  insertSession(
    "sso",
    "a.user_id",
    `account a where a.provider_id = :issuer and a.account_id = :subject and ${IS_FIRST}`,
  ),
  `select ${IS_FIRST} as isFirst, ${IS_OTHERS} as isOthers, u.id, u.name, u.email
   from (select 1) left join user u on u.id = (${LINKED})`,
].map(statement);

/** What became of it. */
export type Finished =
  | { outcome: "signed-in"; user: { id: string; name: string; email: string }; isNew: boolean }
  | { outcome: "used" | "other-person" | "no-account" | "full" };

/** A sign-on that is to be finished. */
export interface Finish {
  attempt: Attempt;
  person: Person;
  session: NewSession;
  /** Whether a person without an account gets one. */
  mayCreate: boolean;
  /** How many accounts there may be. */
  maxAccounts: number;
  /** The token of the session that the browser has; null when it has none. */
  signedIn: string | null;
  /** Of the request: the same for a second try of it. */
  id: string;
}

/**
 * Signs somebody in whom a provider has signed in: to the account that has the identity, or to the one with the address, which then
 * has the identity too, or to a new one. A sign-on can be finished once.
 */
export async function finish(db: Db, finishing: Finish, now: number): Promise<Finished> {
  const { attempt, person, session, mayCreate, maxAccounts, signedIn, id } = finishing;
  const userId = crypto.randomUUID();
  const values = {
    ...person,
    ...session,
    finishId: id,
    attempt: `sign-on:${await sha256(attempt.state)}`,
    attemptEnds: attempt.expiresAt,
    userId,
    identityId: crypto.randomUUID(),
    mayCreate: mayCreate ? 1 : 0,
    maxAccounts,
    signedIn: signedIn ?? "",
    now,
  };
  const results = await db.batch(FINISH.map((step) => step(db, values)));
  const row = results.at(-1)?.results[0] as
    | { isFirst: number; isOthers: number; id: string | null; name: string; email: string }
    | undefined;
  if (row === undefined || row.isFirst === 0) return { outcome: "used" };
  const { isOthers, name, email } = row;
  if (row.id !== null)
    return { outcome: "signed-in", user: { id: row.id, name, email }, isNew: row.id === userId };
  if (isOthers === 1) return { outcome: "other-person" };
  return { outcome: mayCreate ? "full" : "no-account" };
}
