import type { MiddlewareHandler } from "hono";
import type { App, AppContext } from "../http/context.ts";
import { ADDRESS_POLICY, addressLimit, clientNetwork, exhausted } from "../http/rate-limits.ts";
import { countInWindow, type Rule } from "./address-limits.ts";
import { tooOften } from "./refusals.ts";

/**
 * Counts a request by its address, exactly and for all locations together.
 * @param path below `/api/auth`: each is counted by itself
 * @param rule how many there may be; as many as sign-ins if absent
 * @throws ApiError 429 when it is one too many
 */
export async function countOfAddress(c: AppContext, path: string, rule?: Rule): Promise<void> {
  const key = `${clientNetwork(c)}|${path}`;
  const retryAfter = await countInWindow(c.var.db, key, rule ?? addressLimit(c.env));
  if (retryAfter === null) return;
  throw tooOften(exhausted(ADDRESS_POLICY, retryAfter));
}

/** The same, for all requests of a route. */
export const countedByAddress =
  (path: string, rule?: Rule): MiddlewareHandler<App> =>
  async (c, next) => {
    await countOfAddress(c, path, rule);
    await next();
  };
