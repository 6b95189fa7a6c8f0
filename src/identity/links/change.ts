import { type Credential, callerStatement } from "../../db/caller.ts";
import type { Db } from "../../db/types.ts";
import { COUNT_WITH_OTHERS, secondsLeft } from "../address-limits.ts";
import { ADDRESS_CHANGES } from "./limits.ts";
import { COUNT_MAIL, HAS_ROOM, newLink } from "./store.ts";

/*
 * The change of an account's address, up to the link that is mailed to the new one. It tries the password, so that tries are counted
 * by account, before the password is looked at.
 */

const KEY = "'change-email|' || caller.id";
const ATTEMPT = [
  `insert into rate_limit (id, key, count, last_request)
   select lower(hex(randomblob(16))), ${KEY}, 1, :now from caller where true ${COUNT_WITH_OTHERS}`,
  `select u.id as caller, u.email, a.password, r.count, r.last_request as begunAt
   from caller join user u on u.id = caller.id join rate_limit r on r.key = ${KEY}
     left join account a on a.user_id = u.id and a.provider_id = 'credential'`,
].map(callerStatement);

/** Who tries to change their address, and what has to be right for it. */
export type Attempt =
  | { outcome: "may-try"; caller: string; email: string; passwordHash: string | null }
  | { outcome: "too-many"; caller: string; seconds: number }
  | { outcome: "unauthenticated" };

/** Counts a try to change an address, and says whose it is. */
export async function attemptChange(db: Db, credential: Credential, now: number): Promise<Attempt> {
  const window = ADDRESS_CHANGES.seconds * 1000;
  const [, read] = await db.batch<{
    caller: string;
    email: string;
    password: string | null;
    count: number;
    begunAt: number;
  }>(ATTEMPT.map((step) => step(db, credential, now, { window })));
  const row = read?.results[0];
  if (row === undefined) return { outcome: "unauthenticated" };
  const { caller, email, password, count, begunAt } = row;
  if (count > ADDRESS_CHANGES.most)
    return { outcome: "too-many", caller, seconds: secondsLeft(begunAt, window, now) };
  return { outcome: "may-try", caller, email, passwordHash: password };
}

const HAS_ACCOUNT = "exists (select 1 from user u where u.email = :email)";
const DROP_OLDER = callerStatement(
  "delete from email_links where user_id = (select id from caller) and purpose = 'change'",
);
const INSERT = callerStatement(
  `insert into email_links (token_hash, purpose, user_id, email, created_at, expires_at)
   select :tokenHash, 'change', caller.id, :email, :now, :expiresAt from caller
   where not ${HAS_ACCOUNT} and ${HAS_ROOM}`,
);
const MADE = callerStatement(`select ${HAS_ACCOUNT} as isTaken, ${HAS_ROOM} as hasRoom from caller`);

/** What is to be mailed to the new address: a link, that there is an account with it already, or nothing, after enough mail. */
export type Change = { outcome: "link"; token: string } | { outcome: "taken" | "enough" };

/**
 * Makes a link by which the caller's account gets another address. One that was made for another change is void.
 * @param email the new address, in small letters
 */
export async function makeChangeLink(
  db: Db,
  credential: Credential,
  email: string,
  now: number,
): Promise<Change> {
  const { token, values } = await newLink(email, now);
  const steps = [DROP_OLDER, INSERT, MADE].map((step) => step(db, credential, now, values));
  const results = await db.batch<{ isTaken: number; hasRoom: number }>([COUNT_MAIL(db, values), ...steps]);
  const row = results.at(-1)?.results[0];
  if (row === undefined || row.hasRoom === 0) return { outcome: "enough" };
  return row.isTaken === 1 ? { outcome: "taken" } : { outcome: "link", token };
}
