import { IS_VALID_KEY } from "../db/caller.ts";
import type { KeyScope } from "../db/key-scopes.ts";
import { statement } from "../db/statement.ts";
import type { AppContext } from "./context.ts";
import { ApiError, refuse } from "./refusals.ts";

/**
 * Stands for the refusal of an API key that the statement which did the request's work has not accepted: unknown to it, or not meant for
 * this. Which of both is asked only now, so that no request that is granted waits for it.
 */
export class KeyNotAccepted extends ApiError {
  constructor() {
    const { status, message, headers } = refuse.keyNotKnown();
    super(status, message, headers);
  }
}

const FIND = statement(`select scope, env_id as envId from apikey where key = :key and ${IS_VALID_KEY}`);

/** The refusal that fits a key which was not accepted: 403 where it may not be used for this, else 401. */
export async function keyRefusal(c: AppContext, refused: KeyNotAccepted): Promise<ApiError> {
  const { value: key, use } = c.get("credential");
  const found = await FIND(c.get("db"), { key, now: Date.now() }).first<{
    scope: KeyScope;
    envId: number | null;
  }>();
  if (found === null) return refused;
  if (found.scope === "read" && use !== "read") return refuse.keyMayNotWrite();
  return found.envId !== null && use === "account" ? refuse.keyOfOneEnvironment() : refused;
}
