import type { MiddlewareHandler } from "hono";
import { readCredential } from "../http/authentication.ts";
import type { App } from "../http/context.ts";
import { clientAddress } from "../http/rate-limits.ts";
import { refuse } from "../http/refusals.ts";

/** Lets only a person with a session through, by what the request shows: a key must not make another key, or see the others. */
export const bySession: MiddlewareHandler<App> = async (c, next) => {
  const credential = await readCredential(c);
  if (credential.kind !== "session") throw refuse.sessionRequired();
  c.set("credential", { ...credential, address: clientAddress(c) });
  await next();
};
