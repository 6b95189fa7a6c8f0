import type { MiddlewareHandler } from "hono";
import type { App, AppContext } from "../http/context.ts";
import { ADDRESS_POLICY, addressLimit, clientNetwork, exhausted } from "../http/rate-limits.ts";
import { ApiError } from "../http/refusals.ts";
import { addressLimits } from "./address-limits.ts";
import { TOO_MANY_REQUESTS } from "./words.ts";

/**
 * Counts a request that nobody has to be signed in for by its address, exactly and for all locations together, as better-auth counts
 * sign-ins.
 * @param path below `/api/auth`: each is counted by itself
 * @throws ApiError 429 when it is one too many
 */
export async function countOfAddress(c: AppContext, path: string): Promise<void> {
  const key = `${clientNetwork(c)}|${path}`;
  const { retryAfter } = await addressLimits(c.var.db).consume(key, addressLimit(c.env));
  if (retryAfter === null) return;
  throw new ApiError(429, TOO_MANY_REQUESTS, exhausted(ADDRESS_POLICY, retryAfter));
}

/** The same, for all requests of a route. */
export const countedByAddress =
  (path: string): MiddlewareHandler<App> =>
  async (c, next) => {
    await countOfAddress(c, path);
    await next();
  };
