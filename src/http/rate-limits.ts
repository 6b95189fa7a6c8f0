import type { MiddlewareHandler } from "hono";
import type { Credential } from "../db/caller.ts";
import { type Env, positiveNumber } from "../env.ts";
import { sha256 } from "../lib/hash.ts";
import { describeError, log } from "../lib/log.ts";
import { within } from "../lib/time-limit.ts";
import { readSessionCookie } from "./authentication.ts";
import type { App, AppContext } from "./context.ts";
import { COSTLY, type Limit, PERIOD_SECONDS, REQUESTS, SIGN_INS, WRITES } from "./limits.ts";
import { type ApiError, tooManyRequests } from "./refusals.ts";

/*
 * How many requests a caller may send in a minute, counted by Workers' rate limiters. They count in each of Cloudflare's
 * locations by itself, approximately and without delaying a request: they protect D1 from a flood, and don't count exactly.
 * How many a limiter lets through is set at its binding, where the Worker can't read it: a variable says the same.
 */

/** How long a limiter may take to answer. It is on the same machine. */
const TIMEOUT_MS = 500;

/** An item of the headers `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers). */
const item = (policy: string, parameters: Record<string, number>): string =>
  [JSON.stringify(policy), ...Object.entries(parameters).map(([name, value]) => `${name}=${value}`)].join(
    ";",
  );

/** Tells a caller how many requests (`q`) there may be in how many seconds (`w`). */
function announce(c: AppContext, policy: string, quota: { q: number; w: number }): void {
  c.header("RateLimit-Policy", item(policy, quota), { append: true });
}

/**
 * The headers of a refusal. Only a refusal has a `RateLimit`: now it is known that nothing is left, while no limiter says how
 * much is left before.
 */
export const exhausted = (policy: string, seconds: number): Record<string, string> => ({
  "Retry-After": String(seconds),
  RateLimit: item(policy, { r: 0, t: seconds }),
});

/**
 * Counts a request of a caller. If the limiter fails, the request is let through: it is to protect the service, not to stop it.
 * @throws ApiError 429 when it is one too many
 */
async function count(c: AppContext, limit: Limit, caller: string): Promise<void> {
  const quota = positiveNumber(c.env, limit.quota);
  announce(c, limit.policy, { q: quota, w: PERIOD_SECONDS });
  if (!(await hasRoom(c.env, limit, caller))) throw oneTooMany(limit, quota);
}

function oneTooMany(limit: Limit, quota: number, headers: Record<string, string> = {}): ApiError {
  return tooManyRequests(quota, limit.counted, PERIOD_SECONDS, {
    ...headers,
    ...exhausted(limit.policy, PERIOD_SECONDS),
  });
}

async function hasRoom(env: Env, { binding }: Limit, caller: string): Promise<boolean> {
  try {
    const { success } = await within(TIMEOUT_MS, "The limiter", env[binding].limit({ key: caller }));
    return success;
  } catch (error) {
    log.warn("ratelimit.failed", { binding, ...describeError(error) });
    return true;
  }
}

/** How many credentials an isolate remembers the user of. */
const MAX_REMEMBERED = 10_000;
/**
 * Whose credentials are, as far as this isolate has seen: which is known only when the database has answered. It says who to count a
 * request for and nothing else; whether the credential is still valid, the database is asked each time.
 */
const users = new Map<string, string>();

/**
 * Counts a request with all others of its user, whatever session or key it comes by, before there is any work. The first by a
 * credential in this isolate, of which the user is not known yet, is counted by its address: so are those with made-up API keys.
 * Only a refusal says what the limit is: another header would cost each read more than it is worth.
 * @throws ApiError 429 when it is one too many
 */
export async function countRequest(
  c: AppContext,
  { kind, value }: Credential,
  next: () => Promise<void>,
): Promise<void> {
  const credential = `${kind}:${value}`;
  const user = users.get(credential);
  const caller = user === undefined ? `address:${clientNetwork(c)}` : `user:${user}`;
  if (!(await hasRoom(c.env, REQUESTS, caller))) {
    const quota = positiveNumber(c.env, REQUESTS.quota);
    const policy = item(REQUESTS.policy, { q: quota, w: PERIOD_SECONDS });
    throw oneTooMany(REQUESTS, quota, { "RateLimit-Policy": policy });
  }
  await next();
  const found = c.get("callerId");
  if (user === undefined && found !== undefined) remember(credential, found);
}

function remember(credential: string, user: string): void {
  // The one that was seen first goes.
  if (users.size >= MAX_REMEMBERED) for (const first of users.keys().take(1)) users.delete(first);
  users.set(credential, user);
}

/**
 * Counts a request that costs money or much CPU with the others of its user: once the database has said who is calling, and before what
 * it costs.
 * @throws ApiError 429 when it is one too many
 */
export async function countCostly(c: AppContext): Promise<void> {
  const user = c.get("callerId");
  if (user === undefined) throw new Error("A costly request is counted once its caller is known");
  await count(c, COSTLY, `user:${user}`);
}

/** Counts what a session reads of its account, as `countRequest` does. */
export const limitAccountReads: MiddlewareHandler<App> = async (c, next) => {
  const session = await readSessionCookie(c);
  await (session === null ? next() : countRequest(c, session, next));
};

/**
 * Counts changes of accounts and API keys with the other changes of their session, which is all that these go by: with ever new
 * keys a caller would have no limit at all. Without a session they are refused by the route itself.
 */
export const limitAccountChanges: MiddlewareHandler<App> = async (c, next) => {
  const session = await readSessionCookie(c);
  if (session === null) return next();
  await countWrite(c, session);
  await countRequest(c, session, next);
};

/** Counts requests of programs that have no credential yet by their address. */
export const limitPolls: MiddlewareHandler<App> = async (c, next) => {
  await count(c, WRITES, `address:${clientNetwork(c)}`);
  await next();
};

/**
 * Counts a change of a caller.
 * @throws ApiError 429 when it is one too many
 */
export async function countWrite(c: AppContext, { kind, value }: Credential): Promise<void> {
  // A session's value is its token, a secret.
  await count(c, WRITES, `${kind}:${kind === "session" ? await sha256(value) : value}`);
}

/** The name in the headers of the counts that D1 has by the client's address (identity/by-address.ts). */
export const ADDRESS_POLICY = "address";

/** How many sign-ins, sign-ups and requests for device codes, each by itself, one address may send (`max`), in so many seconds (`window`). */
export const addressLimit = (env: Env): { max: number; window: number } => ({
  max: positiveNumber(env, "AUTH_RATE_LIMIT_MAX"),
  window: positiveNumber(env, "AUTH_RATE_LIMIT_WINDOW_SECONDS"),
});

/**
 * Counts sign-ins and sign-ups by the client's address, before there is any work. Not by e-mail address: anybody could lock
 * somebody else out. D1 then counts those that are left, exactly and for all locations together.
 */
export const limitSignIns: MiddlewareHandler<App> = async (c, next) => {
  const { max, window } = addressLimit(c.env);
  announce(c, ADDRESS_POLICY, { q: max, w: window });
  await count(c, SIGN_INS, clientNetwork(c));
  await next();
};

/** The most characters of an address. Where a Worker runs without Cloudflare in front, a client can send anything. */
const MAX_ADDRESS = 64;

/** The address that a request came from, as Cloudflare saw it; null where there is no Cloudflare in front. */
export const clientAddress = (c: AppContext): string | null =>
  c.req.header("cf-connecting-ip")?.slice(0, MAX_ADDRESS) ?? null;

/** The network that a request is counted for. All requests without a known address are counted together. */
export const clientNetwork = (c: AppContext): string => networkOf(clientAddress(c) ?? "unknown");

/** An IPv4 address; of an IPv6 address its /56, all of which one customer of a provider may have (RFC 6177). */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.toLowerCase().split("::");
  const groups = head === "" ? [] : head.split(":");
  const rest = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - rest.length);
  const [first, second, third, fourth = "0"] = [...groups, ...Array<string>(zeros).fill("0"), ...rest];
  // Of the fourth group its upper half.
  return [first, second, third, fourth.padStart(4, "0").replace(/..$/, "00")]
    .map((group = "0") => group.replace(/^0+(?=.)/, ""))
    .join(":");
}
