import { AsyncLocalStorage } from "node:async_hooks";
import type { Context } from "hono";
import type { Credential } from "../db/caller.ts";
import type { RequestSession } from "../db/session.ts";
import type { Env } from "../env.ts";

/** What every route of the API finds in its context. */
export interface App {
  Bindings: Env;
  Variables: {
    requestId: string;
    /** The session in which this request asks the database; see bookmarks.ts. */
    db: RequestSession;
    credential: Credential;
    /** For the request's line in the log: who is calling, once that is known, and the capture that was changed. */
    callerId?: string;
    captureId?: number;
    /** A reply that has all its headers already; see complete-reply.ts. */
    complete?: Response;
  };
}

/** A request inside the API. */
export type AppContext = Context<App>;

/** Hono's middleware of the same (`hono/context-storage`) waits twice more for each request. */
const requests = new AsyncLocalStorage<AppContext>();

/** Makes a request known to whatever runs for it, so that each of its lines in the log can name it. */
export const inContext = <T>(c: AppContext, run: () => T): T => requests.run(c, run);

/** The request that is being handled; undefined outside of one, as in Durable Objects and cron. */
export const currentContext = (): AppContext | undefined => requests.getStore();

/** Notes who is calling, for the request's line in the log: the statement that did what was asked knows it. */
export function noteCaller(userId: string): void {
  currentContext()?.set("callerId", userId);
}

/** The id of the request that is being handled; undefined outside of one. */
export const currentRequestId = (): string | undefined => currentContext()?.get("requestId");
