import type { MiddlewareHandler } from "hono";
import { type Statement, statement } from "../db/statement.ts";
import { readSessionCookie } from "../http/authentication.ts";
import type { App, AppContext } from "../http/context.ts";
import { clientNetwork, exhausted } from "../http/rate-limits.ts";
import { sha256 } from "../lib/hash.ts";
import { namedAddress } from "./named-address.ts";
import { refuseIdentity, tooManyWrongPasswords } from "./refusals.ts";

/*
 * A slow count of wrong passwords for each account, beside the count of requests of each address: guesses can come from many
 * addresses. After some that were wrong, each has to wait for twice as long as the one before, up to a quarter of an hour.
 *
 * Nobody is locked out by somebody else's guesses. A network from which the account was signed in to in the last 90 days has a count of
 * its own; all others share one, so that whoever signs in from a new network while guesses go on waits a quarter of an hour at
 * most for each try. Accounts that do not exist are counted as those that do, or the difference would tell.
 */

/** How many wrong passwords there may be before one has to wait. */
const FREE = 10;
/** How long one waits at first, and at most. */
const FIRST_MS = 60_000;
const MOST_MS = 15 * 60_000;
/** After so long without another wrong password the count begins anew. */
const FORGOTTEN_MS = 24 * 60 * 60 * 1000;
/** The name of this count in the headers. */
const POLICY = "passwords";

/** How long the next try has to wait after the last, in milliseconds, in SQL: by the row of `rate_limit` at hand. */
const DELAY = `iif(count < ${FREE}, 0, min(${MOST_MS}, ${FIRST_MS} << min(count - ${FREE}, 10)))`;
/** `last_request` is when the last try came, not when a window began. */
const MAY_TRY = `last_request + ${DELAY} <= :now`;

/** The statements of one kind of try. */
interface Kind {
  /** The key that the try is counted by, and when the next may come; no row where nothing is counted. */
  standing: Statement;
  /** Counts the try as wrong, unless it has come too early. */
  count: Statement;
}

/** @param keys SQL of the key, as a row, by which a try is counted */
const kindOf = (keys: string): Kind => ({
  standing: statement(
    `with attempt as (${keys}) select a.key as key, coalesce(r.last_request + ${DELAY}, 0) as freeAt
     from attempt a left join rate_limit r on r.key = a.key`,
  ),
  count: statement(
    `with attempt as (${keys}) insert into rate_limit (id, key, count, last_request)
     select :id, a.key, 1, :now from attempt a where true
     on conflict (key) do update set count = iif(last_request > :now - ${FORGOTTEN_MS}, count + 1, 1), last_request = :now
     where ${MAY_TRY}`,
  ),
});

const SIGN_IN = kindOf(
  `select iif(exists (select 1 from known_networks k join user u on u.id = k.user_id
     where u.email = :email and k.network = :network), :account || '|' || :network, :account) as key`,
);
const CHANGE = kindOf(
  `select '${POLICY}|change|' || s.user_id as key from session s where s.token = :token and s.expires_at > :now`,
);

/** Takes back a count: of a try that was not wrong. */
const TAKE_BACK = statement("update rate_limit set count = max(0, count - 1) where key = :key");
/** Forgets the wrong tries of who has shown to know the password; not those that all unknown networks share. */
const FORGET = statement("delete from rate_limit where key = :key and key is not :account");
const KNOW_NETWORK = statement(
  `insert into known_networks (user_id, network, seen_at) values (:user, :network, :now)
   on conflict (user_id, network) do update set seen_at = excluded.seen_at`,
);

const FORGET_ALL = statement("delete from rate_limit where key in (:account, :account || '|' || :network)");

/**
 * Forgets the wrong passwords of an account that has a new one by a mailed link: who has mistyped the old one until they had to wait
 * need not wait for the new one.
 * @param email in small letters
 */
export async function forgetWrongPasswords(c: AppContext, email: string): Promise<void> {
  const account = `${POLICY}|${await sha256(email)}`;
  await FORGET_ALL(c.get("db"), { account, network: clientNetwork(c) }).run();
}

/** Counts a sign-in with a wrong password. */
export const limitSignInPasswords: MiddlewareHandler<App> = async (c, next) => {
  const email = await namedAddress(c);
  if (email === null) return next();
  const network = clientNetwork(c);
  const account = `${POLICY}|${await sha256(email)}`;
  await countWrong(
    c,
    SIGN_IN,
    { email, network, account },
    next,
    () => c.res.status === 401,
    () => knowNetwork(c),
  );
};

/** Counts a change of a password by who does not know the one before, such as the holder of a stolen session. */
export const limitPasswordChanges: MiddlewareHandler<App> = async (c, next) => {
  const session = await readSessionCookie(c);
  if (session === null) return next();
  const isWrong = () => c.error?.message === refuseIdentity.wrongCurrentPassword().message;
  await countWrong(c, CHANGE, { token: session.value, account: null }, next, isWrong);
};

/** Remembers from where somebody has just signed up. */
export async function rememberNetwork(c: AppContext): Promise<void> {
  for (const step of knowNetwork(c)) await step.run();
}

/** The statement that remembers from where somebody has signed in or up; none for nobody. */
function knowNetwork(c: AppContext): D1PreparedStatement[] {
  const user = c.get("callerId");
  if (user === undefined) return [];
  return [KNOW_NETWORK(c.get("db"), { user, network: clientNetwork(c), now: Date.now() })];
}

/**
 * Counts a try as wrong before it is made, so that none of many that come at once passes uncounted, and takes that back if it was not.
 * @param whenRight statements that go with that, where the password was right
 * @throws ApiError 429 when it has come too early: the password is not looked at then
 */
async function countWrong(
  c: AppContext,
  { standing, count }: Kind,
  values: Record<string, string | null>,
  next: () => Promise<void>,
  isWrong: () => boolean,
  whenRight: () => D1PreparedStatement[] = () => [],
): Promise<void> {
  const db = c.get("db");
  const now = Date.now();
  const tried = { ...values, id: crypto.randomUUID(), now };
  const [before] = (await db.batch([standing(db, tried), count(db, tried)])) as [
    D1Result<{ key: string; freeAt: number }>,
    D1Result,
  ];
  const found = before.results[0];
  if (found === undefined) return next();
  const { key, freeAt } = found;
  if (freeAt > now) {
    const seconds = Math.ceil((freeAt - now) / 1000);
    throw tooManyWrongPasswords(seconds, exhausted(POLICY, seconds));
  }
  await next();
  if (isWrong()) return;
  const hasShown = c.res.status === 200;
  const taken = { key, account: values.account ?? null };
  await db.batch([TAKE_BACK(db, taken), ...(hasShown ? [FORGET(db, taken), ...whenRight()] : [])]);
}
