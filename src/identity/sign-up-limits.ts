import { positiveNumber } from "../env.ts";
import type { AppContext } from "../http/context.ts";
import { ADDRESS_POLICY, clientNetwork, exhausted } from "../http/rate-limits.ts";
import { countInWindow } from "./address-limits.ts";
import { tooManySignUps } from "./refusals.ts";

const DAY_SECONDS = 24 * 60 * 60;

/**
 * Counts an account that somebody makes by themselves, without an invite, with those that their network has made today. To be asked
 * last, just before it is made: what is refused before is not counted.
 * @throws ApiError 429 with when the network may again
 */
export async function countSignUp(c: AppContext): Promise<void> {
  const rule = { max: positiveNumber(c.env, "SIGN_UPS_PER_DAY"), window: DAY_SECONDS };
  const retryAfter = await countInWindow(c.var.db, `${clientNetwork(c)}|accounts`, rule);
  if (retryAfter !== null) throw tooManySignUps(rule.max, exhausted(ADDRESS_POLICY, retryAfter));
}
