import { type Credential, callerStatement } from "../../db/caller.ts";
import { statement } from "../../db/statement.ts";
import type { Db } from "../../db/types.ts";
import { IS_FULL } from "../account-room.ts";
import { revokeKeys } from "../keys/store.ts";
import { insertSession, type NewSession } from "../new-session.ts";
import { dropLinks } from "../ownership.ts";
import { USER_COLUMNS, type UserRow } from "../user.ts";

/*
 * Accounts with a password, in D1. What changes one is a batch whose guard is what is stored of its password: a salted hash, which no
 * two passwords share. So nobody is signed in by a password that somebody has changed while it was being verified.
 */

const IS_TAKEN = "exists (select 1 from user where email = :email)";
const STANDING = statement(`select ${IS_TAKEN} as isTaken, ${IS_FULL} as isFull`);

/** Why there can be no account with an address. */
export type Refused = "taken" | "full";

const standingOf = (row: { isTaken: number; isFull: number } | null | undefined): Refused | "free" => {
  if (row?.isTaken === 1) return "taken";
  return row?.isFull === 1 ? "full" : "free";
};

/**
 * Whether there can be an account with an address: asked before its password is hashed, which costs much.
 * @param email in small letters
 */
export async function standingOfAddress(
  db: Db,
  email: string,
  maxAccounts: number,
): Promise<Refused | "free"> {
  return standingOf(await STANDING(db, { email, maxAccounts }).first());
}

const CREATE = [
  `insert into user (id, name, email, email_verified, created_at, updated_at)
   select :userId, :name, :email, 0, :now, :now where not ${IS_TAKEN} and not ${IS_FULL}`,
  `insert into account (id, account_id, provider_id, user_id, password, created_at, updated_at)
   select :accountId, id, 'credential', id, :passwordHash, :now, :now from user where id = :userId`,
  insertSession("password", "u.id", "user u where u.id = :userId"),
  `select ${USER_COLUMNS} from user u where u.id = :userId`,
].map(statement);

/** An account that is to be made. */
export interface AccountDraft {
  userId: string;
  accountId: string;
  name: string;
  /** In small letters. */
  email: string;
  passwordHash: string;
}

/** Makes an account and signs it in. @returns why there is none, if there can't be one with its address any more */
export async function createAccount(
  db: Db,
  draft: AccountDraft,
  session: NewSession,
  maxAccounts: number,
  now: number,
): Promise<UserRow | Refused> {
  const values = { ...draft, ...session, maxAccounts, now };
  const results = await db.batch([STANDING(db, values), ...CREATE.map((step) => step(db, values))]);
  const user = results.at(-1)?.results[0] as UserRow | undefined;
  if (user !== undefined) return user;
  const standing = standingOf(results[0]?.results[0] as { isTaken: number; isFull: number } | undefined);
  if (standing === "free") throw new Error("An account was not made, and there is no reason");
  return standing;
}

const FIND = statement(
  `select ${USER_COLUMNS}, a.password as passwordHash
   from user u left join account a on a.user_id = u.id and a.provider_id = 'credential' where u.email = :email`,
);

/** An account, and what is stored of its password; null where it has none. */
export type WithPassword = UserRow & { passwordHash: string | null };

/** The account of an address. @param email in small letters */
export function findByEmail(db: Db, email: string): Promise<WithPassword | null> {
  return FIND(db, { email }).first();
}

const HAS_PASSWORD =
  "account a where a.user_id = :userId and a.provider_id = 'credential' and a.password = :passwordHash";
const SIGN_IN = statement(insertSession("password", "a.user_id", HAS_PASSWORD));

/** Signs somebody in whose password was verified. @returns whether it is their password still */
export async function signIn(
  db: Db,
  verified: { userId: string; passwordHash: string },
  session: NewSession,
  now: number,
): Promise<boolean> {
  const { meta } = await SIGN_IN(db, { ...verified, ...session, now }).run();
  return meta.changes > 0;
}

const FIND_OWN = callerStatement(
  `select ${USER_COLUMNS}, a.password as passwordHash, s.expires_at - s.updated_at as lifetime
   from caller join user u on u.id = caller.id join session s on s.id = caller.credential_id
   left join account a on a.user_id = u.id and a.provider_id = 'credential'`,
);

/** The account of who asks, and for how long the session is kept that is not used, in milliseconds; null for nobody. */
export function findOwn(
  db: Db,
  credential: Credential,
  now: number,
): Promise<(WithPassword & { lifetime: number }) | null> {
  return FIND_OWN(db, credential, now).first();
}

const RENAME = callerStatement(
  "update user set name = :name, updated_at = :now where id = (select id from caller) returning id",
);

/** Changes the name of who asks. @returns whose it is; null for nobody */
export function rename(db: Db, credential: Credential, name: string, now: number): Promise<string | null> {
  return RENAME(db, credential, now, { name }).first<string>("id");
}

const SET_PASSWORD = callerStatement(
  `update account set password = :passwordHash, updated_at = :now
   where user_id = (select id from caller) and provider_id = 'credential' and password = :before`,
);
/** Whose password is that one, in SQL: nobody's, if it was not set. */
const OWNER = `(select a.user_id from ${HAS_PASSWORD})`;
/** A new password makes void what was mailed before: who is afraid of somebody's change of the address changes it. */
const DROP_LINKS = statement(dropLinks(OWNER));
const END_SESSIONS = statement(`delete from session where user_id = ${OWNER}`);
const REVOKE_KEYS = revokeKeys(OWNER).map(statement);

/** A new password for an account. */
export interface PasswordChange {
  userId: string;
  /** What is stored of the password before, and what is to be. */
  before: string;
  passwordHash: string;
  /** That takes the place of all sessions of the account; null to leave them. */
  session: NewSession | null;
  revokeKeys: boolean;
}

/** Changes the password of who asks. @returns whether it was: the one before may have been changed meanwhile, or the session ended */
export async function changePassword(
  db: Db,
  credential: Credential,
  { session, revokeKeys, ...change }: PasswordChange,
  now: number,
): Promise<boolean> {
  const values = { ...change, ...session, now };
  const [set] = await db.batch([
    SET_PASSWORD(db, credential, now, change),
    DROP_LINKS(db, values),
    ...(session === null ? [] : [END_SESSIONS(db, values), SIGN_IN(db, values)]),
    ...(revokeKeys ? REVOKE_KEYS.map((step) => step(db, values)) : []),
  ]);
  return (set?.meta.changes ?? 0) > 0;
}
