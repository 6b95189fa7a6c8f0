import { APIError } from "better-auth/api";
import { statement } from "../db/statement.ts";
import type { Db } from "../db/types.ts";
import { type Env, positiveNumber } from "../env.ts";
import { IS_FULL } from "./account-room.ts";
import { addressLimits } from "./address-limits.ts";
import { tooManyAccounts, tooManySignUps } from "./refusals.ts";

const DAY_SECONDS = 24 * 60 * 60;

const READ_FULL = statement(`select ${IS_FULL} as isFull`);

/**
 * Lets a new account be made if the service has room for another, and the network has not made as many today as it may. To be asked
 * last, just before it is made: what is refused before is not counted. better-auth writes the account by a statement of its own, so that as
 * many may be made over the limit as come at the same moment, whose passwords are hashed two at a time; the count of a network is
 * exact.
 * @param network that signs up by itself; null where somebody has let the person in, by an invite or single sign-on
 * @throws APIError of better-auth's: 409, or 429 with when the network may again
 */
export async function admitSignUp(env: Env, db: Db, network: string | null): Promise<void> {
  const maxAccounts = positiveNumber(env, "MAX_ACCOUNTS");
  const isFull = (await READ_FULL(db, { maxAccounts }).first<number>("isFull")) === 1;
  if (isFull) throw new APIError("CONFLICT", { message: tooManyAccounts(maxAccounts).message });
  if (network === null) return;
  const rule = { max: positiveNumber(env, "SIGN_UPS_PER_DAY"), window: DAY_SECONDS };
  const { retryAfter } = await addressLimits(db).consume(`${network}|accounts`, rule);
  if (retryAfter === null) return;
  // As better-auth says it of its own limits.
  const headers = { "X-Retry-After": String(retryAfter) };
  throw new APIError("TOO_MANY_REQUESTS", { message: tooManySignUps(rule.max).message }, headers);
}
