import type { MiddlewareHandler } from "hono";
import type { Credential } from "../db/caller.ts";
import { type Env, positiveNumber } from "../env.ts";
import { sha256 } from "../lib/hash.ts";
import { describeError, log } from "../lib/log.ts";
import { within } from "../lib/time-limit.ts";
import { readSessionCookie } from "./authentication.ts";
import type { App, AppContext } from "./context.ts";
import { type Limit, PERIOD_SECONDS, SIGN_INS, WRITES } from "./limits.ts";
import { tooManyRequests } from "./refusals.ts";

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
  if (await hasRoom(c.env, limit, caller)) return;
  throw tooManyRequests(quota, limit.counted, PERIOD_SECONDS, exhausted(limit.policy, PERIOD_SECONDS));
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

/**
 * Counts changes of accounts and API keys with the other changes of their session, which is all that these go by: with ever new
 * keys a caller would have no limit at all. Without a session they are refused, by better-auth or by the route itself.
 */
export const limitAccountChanges: MiddlewareHandler<App> = async (c, next) => {
  const session = await readSessionCookie(c);
  if (session !== null) await countWrite(c, session);
  await next();
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

/** The name in the headers of the counts that better-auth keeps in D1 by the client's address (auth.ts). */
export const ADDRESS_POLICY = "address";

/** How many sign-ins, sign-ups and requests for device codes, each by itself, one address may send (`max`), in so many seconds (`window`). */
export const addressLimit = (env: Env): { max: number; window: number } => ({
  max: positiveNumber(env, "AUTH_RATE_LIMIT_MAX"),
  window: positiveNumber(env, "AUTH_RATE_LIMIT_WINDOW_SECONDS"),
});

/**
 * Counts sign-ins and sign-ups by the client's address, before there is any work. Not by e-mail address: anybody could lock
 * somebody else out. better-auth then counts those that are left, exactly and for all locations together.
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
