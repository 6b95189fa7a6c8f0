import { type Credential, callerStatement } from "../../db/caller.ts";
import type { KeyScope } from "../../db/key-scopes.ts";
import { statement } from "../../db/statement.ts";
import type { Db } from "../../db/types.ts";
import { sha256 } from "../../lib/hash.ts";
import { COUNT_WITH_OTHERS, IS_IN_WINDOW, secondsLeft } from "../address-limits.ts";
import { hasRoomForKey, insertKey, isForMember, newKey } from "../key-form.ts";
import { newDeviceCode, newUserCode, userCodeHash } from "./codes.ts";
import { CODE_LIFETIME_MS, POLL_SECONDS, WRONG_CODES } from "./limits.ts";

/*
 * Logins by device code (RFC 8628) in D1. Each step is one batch, whose guards are in its SQL: of two that come at once, one
 * finds what the other has left.
 */

/** How much earlier a poll may come: the way to the service does not always take as long. */
const POLL_SLACK_MS = 1000;
/**
 * How long a login is kept after it has expired, so that its program learns that, and how many such are forgotten with each that
 * begins: anybody can begin logins, and more than the daily purge takes.
 */
const KEPT_MS = 60 * 60 * 1000;
const FORGET_AT_ONCE = 10;
/** How often a user code is made anew that there is already. */
const TRIES = 3;

const INSERT = statement(
  `insert into device_codes (device_hash, user_hash, client, address, scope, interval, created_at, expires_at)
   values (:deviceHash, :userHash, :client, :address, :scope, :interval, :now, :expiresAt) on conflict do nothing`,
);
const FORGET = statement(
  `delete from device_codes where device_hash in (
     select device_hash from device_codes where expires_at < :forgotten order by expires_at limit :forget)`,
);

/**
 * Begins a login.
 * @param client what the program calls itself
 * @param address that it asks from, null if that is not known
 * @param scope what its key is to be allowed
 * @returns its codes, which are kept as hashes only
 */
export async function beginLogin(
  db: Db,
  secret: string,
  { client, address, scope }: { client: string; address: string | null; scope: KeyScope },
  now: number,
): Promise<{ deviceCode: string; userCode: string }> {
  for (let tries = 1; tries <= TRIES; tries++) {
    const codes = { deviceCode: newDeviceCode(), userCode: newUserCode() };
    const values = {
      deviceHash: await sha256(codes.deviceCode),
      userHash: await userCodeHash(codes.userCode, secret),
      client,
      address,
      scope,
      interval: POLL_SECONDS,
      now,
      expiresAt: now + CODE_LIFETIME_MS,
      forgotten: now - KEPT_MS,
      forget: FORGET_AT_ONCE,
    };
    const [made] = await db.batch([INSERT(db, values), FORGET(db, values)]);
    if (made !== undefined && made.meta.changes > 0) return codes;
  }
  throw new Error(`No user code was found that is not in use, in ${TRIES} tries`);
}

/** What a poll found. */
export type Polled =
  | { outcome: "unknown" | "expired" | "denied" | "pending" }
  | { outcome: "too-fast"; interval: number }
  | {
      outcome: "key";
      key: string;
      seconds: number;
      scope: KeyScope;
      user: { id: string; name: string; email: string };
    };

const MINE = "d.device_hash = :deviceHash and d.client = :client";
/** Its key can't be for an environment that was deleted since it was approved. */
const IS_READY = `${MINE} and d.status = 'approved' and d.expires_at > :now and (d.key_env_id is null
  or exists (select 1 from environments e where e.id = d.key_env_id and e.deleted_at is null))`;
const IS_PENDING = `${MINE} and d.status = 'pending' and d.expires_at > :now`;
/** Null, which is not true, before the first poll. */
const IS_TOO_FAST = "(:now < d.polled_at + d.interval * 1000 - :slack)";

const POLL = [
  `select d.status, d.expires_at as expiresAt, d.key_seconds as seconds, d.scope as scope, ${IS_TOO_FAST} as isTooFast,
     d.interval + :interval as longer, u.id, u.name, u.email
   from device_codes d left join user u on u.id = d.decided_by where ${MINE}`,
  `update device_codes as d set polled_at = :now,
     interval = case when ${IS_TOO_FAST} then d.interval + :interval else d.interval end
   where ${IS_PENDING}`,
  insertKey(
    {
      name: "d.client",
      owner: "d.decided_by",
      expiresAt: ":now + d.key_seconds * 1000",
      scope: "d.scope",
      envId: "d.key_env_id",
    },
    `device_codes d where ${IS_READY}`,
  ),
  `delete from device_codes as d where ${IS_READY}`,
].map(statement);

interface PolledRow {
  status: "pending" | "approved" | "denied";
  expiresAt: number;
  seconds: number;
  scope: KeyScope;
  isTooFast: number | null;
  longer: number;
  id: string;
  name: string;
  email: string;
}

/**
 * Looks what has become of a login. One that was approved is handed its key, and is forgotten with that: another poll finds
 * nothing.
 * @param client what the program called itself when it began
 */
export async function pollLogin(
  db: Db,
  { deviceCode, client }: { deviceCode: string; client: string },
  now: number,
): Promise<Polled> {
  const { key, stored } = await newKey();
  const values = {
    ...stored,
    deviceHash: await sha256(deviceCode),
    client,
    now,
    interval: POLL_SECONDS,
    slack: POLL_SLACK_MS,
  };
  const [before, , made] = (await db.batch(POLL.map((step) => step(db, values)))) as [
    D1Result<PolledRow>,
    D1Result,
    D1Result,
    D1Result,
  ];
  const found = before.results[0];
  if (found === undefined) return { outcome: "unknown" };
  if (made.meta.changes > 0) {
    const { id, name, email, seconds, scope } = found;
    return { outcome: "key", key, seconds, scope, user: { id, name, email } };
  }
  if (found.expiresAt <= now) return { outcome: "expired" };
  // One that was approved and has no key was for an environment that is gone.
  if (found.status !== "pending") return { outcome: "denied" };
  return found.isTooFast === 1 ? { outcome: "too-fast", interval: found.longer } : { outcome: "pending" };
}

/** Who tries a user code, and which. */
export interface Attempt {
  credential: Credential;
  /** As `userCodeHash` makes it. */
  userHash: string;
  /** The network that it is tried from. */
  network: string;
}

/** A login that waits for a decision. */
export interface WaitingLogin {
  client: string;
  address: string | null;
  scope: KeyScope;
  createdAt: number;
  expiresAt: number;
}

/** What a user code led to. */
export type Found =
  | { outcome: "found"; caller: string; login: WaitingLogin }
  | { outcome: "too-many"; caller: string; counted: number; seconds: number }
  | { outcome: "no-room"; caller: string; maxKeys: number }
  | { outcome: "unauthenticated" | "no-code" | "no-environment"; caller?: string };

/** The key that an approved login is to have. */
export interface ApprovedKey {
  /** How long it is to be valid. */
  seconds: number;
  /** What it may do; null for what the program has asked for. */
  scope: KeyScope | null;
  /** The environment that it is for; null for all. */
  envId: number | null;
}

/** Whether the caller belongs to the environment that the key is to be for, if it is for one. */
const IS_OF_MEMBER = isForMember(":keyEnvId");
const IS_WAITING = "d.user_hash = :userHash and d.status = 'pending' and d.expires_at > :now";
/** The window of an account or an address that has tried too many. */
const FULL = `select r.last_request from rate_limit r, caller where r.${IS_IN_WINDOW} and (
  (r.key = 'device|account|' || caller.id and r.count > :ofAccount)
  or (r.key = 'device|address|' || :network and r.count > :ofAddress))`;

/** Counts a wrong code for the account and for the address, each in a window of its own. */
const COUNT_WRONG = callerStatement(
  `insert into rate_limit (id, key, count, last_request)
   select lower(hex(randomblob(16))), k.key, 1, :now
   from (select 'device|account|' || id as key from caller
     union all select 'device|address|' || :network from caller) k
   where not exists (select 1 from device_codes d where ${IS_WAITING})
   ${COUNT_WITH_OTHERS}`,
);
const STANDING = callerStatement(
  `select caller.id as caller, d.client, d.address, d.scope, d.created_at as createdAt, d.expires_at as expiresAt,
     (select max(last_request) from (${FULL})) as fullSince,
     (select count(*) from rate_limit r where r.key = 'device|account|' || caller.id and r.${IS_IN_WINDOW}
       and r.count > :ofAccount) as isAccount, ${IS_OF_MEMBER} as isOfMember, ${hasRoomForKey("caller.id")} as hasRoom
   from caller left join device_codes d on ${IS_WAITING}`,
);
const DECIDE = callerStatement(
  `update device_codes as d set status = :decision, decided_by = (select id from caller), key_seconds = :keySeconds,
     scope = coalesce(:keyScope, scope), key_env_id = :keyEnvId
   where ${IS_WAITING} and exists (select 1 from caller) and not exists (${FULL}) and ${IS_OF_MEMBER}
     and (:keySeconds is null or ${hasRoomForKey("(select id from caller)")})`,
);

/**
 * Finds the login of a user code that somebody who is signed in has typed. Wrong codes are counted, and with too many of them the
 * right one is not found either.
 */
export function findLogin(db: Db, attempt: Attempt, now: number): Promise<Found> {
  return find(db, attempt, Number.MAX_SAFE_INTEGER, now, null);
}

/**
 * Approves or denies the login of a user code, for good.
 * @param key what its key is to be; null to deny it
 * @param maxKeys how many keys one may have: a login is not approved by who has as many
 */
export function decideLogin(
  db: Db,
  attempt: Attempt,
  key: ApprovedKey | null,
  maxKeys: number,
  now: number,
): Promise<Found> {
  return find(db, attempt, maxKeys, now, { decision: key === null ? "denied" : "approved", key });
}

async function find(
  db: Db,
  { credential, userHash, network }: Attempt,
  maxKeys: number,
  now: number,
  decided: { decision: string; key: ApprovedKey | null } | null,
): Promise<Found> {
  const { ofAccount, ofAddress } = WRONG_CODES;
  const windowMs = WRONG_CODES.seconds * 1000;
  const values = {
    userHash,
    network,
    ofAccount,
    ofAddress,
    window: windowMs,
    maxKeys,
    decision: decided?.decision,
    keySeconds: decided?.key?.seconds ?? null,
    keyScope: decided?.key?.scope ?? null,
    keyEnvId: decided?.key?.envId ?? null,
  };
  const steps = decided === null ? [COUNT_WRONG, STANDING] : [COUNT_WRONG, STANDING, DECIDE];
  const [, standing] = await db.batch(steps.map((step) => step(db, credential, now, values)));
  const row = standing?.results[0] as
    | ((WaitingLogin | Record<keyof WaitingLogin, null>) & {
        caller: string;
        fullSince: number | null;
        isAccount: number;
        isOfMember: number;
        hasRoom: number;
      })
    | undefined;
  if (row === undefined) return { outcome: "unauthenticated" };
  const { caller, fullSince, isAccount, isOfMember, hasRoom, ...login } = row;
  if (fullSince !== null) {
    const seconds = secondsLeft(fullSince, windowMs, now);
    return { outcome: "too-many", caller, counted: isAccount === 1 ? ofAccount : ofAddress, seconds };
  }
  if (login.client === null) return { outcome: "no-code", caller };
  if (isOfMember === 0) return { outcome: "no-environment", caller };
  if (decided?.key != null && hasRoom === 0) return { outcome: "no-room", caller, maxKeys };
  return { outcome: "found", caller, login };
}
