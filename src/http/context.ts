import type { Context } from "hono";
import { tryGetContext } from "hono/context-storage";
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

/** Notes who is calling, for the request's line in the log: the statement that did what was asked knows it. */
export function noteCaller(userId: string): void {
  tryGetContext<App>()?.set("callerId", userId);
}

/** The id of the request that is being handled; undefined outside of one, as in Durable Objects and cron. */
export const currentRequestId = (): string | undefined => tryGetContext<App>()?.get("requestId");
