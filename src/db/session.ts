import { BOOKMARK } from "../values.ts";
import type { Db } from "./types.ts";

/*
 * Where a request's statements run. D1 keeps copies of the database in other regions once read replication is switched on;
 * a session says how much of the past its reads may still show. Nothing here costs a round trip.
 */

/** A session for a request that changes something: it begins at the primary. */
export const writeSession = (db: D1Database): D1DatabaseSession => db.withSession("first-primary");

/**
 * A session for a request that only reads: at the nearest copy, or the nearest that has what the bookmark stands for. Whoever
 * sends a bookmark that is none wants to see what was written, and is answered by the primary; D1 would fail the request.
 */
export function readSession(db: D1Database, bookmark: string | undefined): D1DatabaseSession {
  if (bookmark === undefined) return db.withSession("first-unconstrained");
  return BOOKMARK.test(bookmark) ? db.withSession(bookmark) : writeSession(db);
}

/** A session as a database, for what is typed for those only. Drizzle uses no more of it than `prepare` and `batch`. */
export const asDatabase = (session: Db): D1Database => session as D1Database;
