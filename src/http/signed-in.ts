import type { MiddlewareHandler } from "hono";
import { readCredential } from "./authentication.ts";
import type { App } from "./context.ts";
import { noteKeyUse } from "./key-use.ts";
import { isSafe } from "./methods.ts";
import { refuseOtherOrigins } from "./origins.ts";
import { clientAddress, countRequest, countWrite } from "./rate-limits.ts";

/**
 * Puts the caller's credential into the context, with the address it came from, or answers 401. Costs no I/O. A change that a page of another origin asks for
 * with the caller's cookie is refused; a browser does not send an API key by itself. Changes are counted by session or API key: a program
 * that sends too many does not stop the browser of the same person. All requests of a person are counted together, too.
 */
export const signedIn: MiddlewareHandler<App> = async (c, next) => {
  const credential = await readCredential(c);
  if (credential.kind === "session") refuseOtherOrigins(c);
  c.set("credential", { ...credential, address: clientAddress(c) });
  if (!isSafe(c.req.method)) await countWrite(c, credential);
  await countRequest(c, credential, next);
  if (credential.kind === "apiKey" && c.res.status !== 401) noteKeyUse(c, credential.value, Date.now());
};

/**
 * Lets an API key that is for one environment not do what is of none, such as registering another; behind `signedIn`. The statement
 * that does it refuses the key.
 */
export const ofWholeAccount: MiddlewareHandler<App> = async (c, next) => {
  c.set("credential", { ...c.get("credential"), use: "account" });
  await next();
};
