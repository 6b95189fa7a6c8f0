import { type Credential, callerStatement } from "../../db/caller.ts";
import { statement } from "../../db/statement.ts";
import type { Db } from "../../db/types.ts";
import { sha256 } from "../../lib/hash.ts";
import { randomText } from "../../lib/random-text.ts";
import { COUNT_WITH_OTHERS } from "../address-limits.ts";
import { dropLinks, takeOver } from "../ownership.ts";
import { LINK_LIFETIME_MS, MAILS } from "./limits.ts";

/*
 * Links that prove an address, in D1. Of a link's token a hash is stored. Each link is used once: what it does, and that it is gone,
 * is one batch whose guards are in its SQL.
 */

/** 245 bits. */
const TOKEN_LENGTH = 43;

/** SQL: whether an address is still to be sent mail, after this one was counted. Parameters as `newLink` makes them. */
export const HAS_ROOM = "exists (select 1 from rate_limit r where r.key = :mailKey and r.count <= :most)";
/** Counts a mail to an address. Parameters as `newLink` makes them. */
export const COUNT_MAIL = statement(
  `insert into rate_limit (id, key, count, last_request) values (:countId, :mailKey, 1, :now) ${COUNT_WITH_OTHERS}`,
);
/** Of an address that is proven already, nothing is left to verify. */
const INSERT = statement(
  `insert into email_links (token_hash, purpose, user_id, email, created_at, expires_at)
   select :tokenHash, :purpose, u.id, u.email, :now, :expiresAt from user u
   where u.email = :email and (:purpose = 'reset' or u.email_verified = 0) and ${HAS_ROOM}`,
);
const MADE = statement(
  `select u.email_verified as isVerified from email_links l join user u on u.id = l.user_id
   where l.token_hash = :tokenHash`,
);

/** A link that is to be mailed. */
export interface Link {
  token: string;
  /** Whether somebody has proven the account's address before. */
  isVerified: boolean;
}

/** The parameters of a new link to an address, and of the count of its mails. */
export async function newLink(email: string, now: number) {
  const token = randomText(TOKEN_LENGTH);
  const values = {
    tokenHash: await sha256(token),
    email,
    now,
    expiresAt: now + LINK_LIFETIME_MS,
    countId: crypto.randomUUID(),
    // Anybody can have any address counted, and the count should not say which.
    mailKey: `mail|${await sha256(email)}`,
    most: MAILS.most,
    window: MAILS.seconds * 1000,
  };
  return { token, values };
}

/**
 * Makes a link to the account of an address. The same is asked and written where there is none, so that nobody can tell by the time
 * that it takes.
 * @param email in small letters
 * @returns null where there is no account, or it has nothing to verify, or the address was sent enough mail
 */
export async function makeLink(
  db: Db,
  purpose: "reset" | "verify",
  email: string,
  now: number,
): Promise<Link | null> {
  const { token, values } = await newLink(email, now);
  const steps = [COUNT_MAIL, INSERT, MADE].map((step) => step(db, { ...values, purpose }));
  const [, , made] = await db.batch<{ isVerified: number }>(steps);
  const row = made?.results[0];
  return row === undefined ? null : { token, isVerified: row.isVerified === 1 };
}

/** Whose account is to get a new password; null where the link is none, or not any more. */
const OWNER = `(select l.user_id from email_links l join user o on o.id = l.user_id
  where l.token_hash = :tokenHash and l.purpose in ('reset', 'verify') and l.expires_at > :now and l.email = o.email)`;

const FIND_RESET = statement(`select u.id from user u where u.id = ${OWNER}`);

/** Whether a link can set a password now: asked first, since a password costs much to hash. */
export async function isResetLink(db: Db, token: string, now: number): Promise<boolean> {
  return (await FIND_RESET(db, { tokenHash: await sha256(token), now }).first()) !== null;
}

const RESET = [
  `select u.id, u.email, u.email_verified as isVerified from user u where u.id = ${OWNER}`,
  ...takeOver(OWNER),
  `delete from session where user_id = ${OWNER}`,
  `delete from device_codes where decided_by = ${OWNER}`,
  `delete from apikey where reference_id = ${OWNER} and :revokeKeys = 1`,
  `delete from calendar_feeds where user_id = ${OWNER} and :revokeKeys = 1`,
  `update account set password = :passwordHash, updated_at = :now
   where user_id = ${OWNER} and provider_id = 'credential'`,
  `insert into account (id, account_id, provider_id, user_id, password, created_at, updated_at)
   select :accountId, u.id, 'credential', u.id, :passwordHash, :now, :now from user u
   where u.id = ${OWNER}
     and not exists (select 1 from account a where a.user_id = u.id and a.provider_id = 'credential')`,
  // Last: the others find the account by its link.
  dropLinks(OWNER),
].map(statement);

/** An account whose password was set by a link. */
export interface Reset {
  userId: string;
  email: string;
  keysRevoked: boolean;
}

/**
 * Sets an account's password by a link, which proves its address. All sessions end, and where the address was not proven before, all
 * else that somebody else may have of the account. Of two who use a link at once, one finds it.
 * @returns null where the link is none, or not any more
 */
export async function resetPassword(
  db: Db,
  { token, passwordHash, revokeKeys }: { token: string; passwordHash: string; revokeKeys: boolean },
  now: number,
): Promise<Reset | null> {
  const values = {
    tokenHash: await sha256(token),
    passwordHash,
    revokeKeys: Number(revokeKeys),
    accountId: crypto.randomUUID(),
    now,
  };
  const [before] = await db.batch<{ id: string; email: string; isVerified: number }>(
    RESET.map((step) => step(db, values)),
  );
  const row = before?.results[0];
  if (row === undefined) return null;
  return { userId: row.id, email: row.email, keysRevoked: revokeKeys || row.isVerified === 0 };
}

const WHO = callerStatement(
  `select u.id as caller, u.email, u.email_verified as isVerified from caller join user u on u.id = caller.id`,
);

/** Who asks, and the account's address; null for nobody. */
export async function addressOf(
  db: Db,
  credential: Credential,
  now: number,
): Promise<{ caller: string; email: string; isVerified: boolean } | null> {
  const row = await WHO(db, credential, now).first<{ caller: string; email: string; isVerified: number }>();
  return row === null ? null : { ...row, isVerified: row.isVerified === 1 };
}

/** The caller's account `u`, and the link of `:tokenHash` where it is one of theirs that can be used while they are signed in. */
const CONFIRMED = `caller join user u on u.id = caller.id
  left join email_links l on l.token_hash = :tokenHash and l.user_id = u.id and l.expires_at > :now
    and (l.purpose = 'change' or l.purpose = 'verify' and l.email = u.email)`;
const IS_TAKEN = "exists (select 1 from user o where o.email = l.email and o.id <> u.id)";

const CONFIRM = [
  `select u.id as caller, u.email as before, l.email as proven, ${IS_TAKEN} as isTaken from ${CONFIRMED}`,
  `update user set email = c.email, email_verified = 1, updated_at = :now
   from (select u.id, l.email from ${CONFIRMED} where l.email is not null and not ${IS_TAKEN}) c
   where user.id = c.id`,
  dropLinks(
    "(select user_id from email_links where token_hash = :tokenHash and user_id = (select id from caller))",
  ),
].map(callerStatement);

/** What became of a link that somebody who is signed in has used. */
export type Confirmed =
  | { outcome: "confirmed"; caller: string; before: string; email: string }
  | { outcome: "no-link"; caller: string }
  | { outcome: "taken"; caller: string }
  | { outcome: "unauthenticated" };

/**
 * Proves an address by a link, for somebody who is signed in to its account: theirs as it is, or the one that it is to have. Nothing
 * ends by that: who is signed in and reads the mail is the same person.
 */
export async function confirmAddress(
  db: Db,
  credential: Credential,
  token: string,
  now: number,
): Promise<Confirmed> {
  const values = { tokenHash: await sha256(token) };
  const [before] = await db.batch<{ caller: string; before: string; proven: string | null; isTaken: number }>(
    CONFIRM.map((step) => step(db, credential, now, values)),
  );
  const row = before?.results[0];
  if (row === undefined) return { outcome: "unauthenticated" };
  const { caller } = row;
  if (row.proven === null) return { outcome: "no-link", caller };
  if (row.isTaken === 1) return { outcome: "taken", caller };
  return { outcome: "confirmed", caller, before: row.before, email: row.proven };
}
