import { isTransientFault, retryOnce } from "../lib/transient.ts";
import { BOOKMARK } from "../lib/values.ts";
import type { Db } from "./types.ts";

/*
 * Where a request's statements run. D1 keeps replicas of the database in other regions once read replication is on;
 * a session says how far behind a replica may be that answers its reads. Nothing here costs a round trip.
 */

/** A session for a request that changes something: it starts at the primary. */
export const writeSession = (db: D1Database): RequestSession =>
  new RequestSession(db.withSession("first-primary"));

/**
 * A session for a request that only reads: at the nearest replica, or the nearest that has caught up with the bookmark. Who
 * sends a malformed bookmark wants to see what was written: the primary answers then, where D1 would fail the request.
 */
export function readSession(db: D1Database, bookmark: string | undefined): RequestSession {
  if (bookmark === undefined) return new RequestSession(db.withSession("first-unconstrained"));
  return BOOKMARK.test(bookmark) ? new RequestSession(db.withSession(bookmark)) : writeSession(db);
}

/** A session as a database, for what is typed for those only. Drizzle uses no more of it than `prepare` and `batch`. */
export const asDatabase = (session: Db): D1Database => session as D1Database;

/** The statement of D1 that one of ours wraps. */
interface Original {
  statement: D1PreparedStatement;
  isRead: boolean;
}

/**
 * A request's session. A read that fails with a transient fault is retried once. A write is not: it may have been done, and
 * only the answer lost.
 */
export class RequestSession implements Db {
  readonly #session: D1DatabaseSession;
  readonly #originals = new WeakMap<D1PreparedStatement, Original>();
  #fault: unknown;

  constructor(session: D1DatabaseSession) {
    this.#session = session;
  }

  /** The last transient fault that a statement failed with for good; undefined when there was none. */
  get fault(): unknown {
    return this.#fault;
  }

  /** See D1's session. */
  getBookmark(): D1SessionBookmark | null {
    return this.#session.getBookmark();
  }

  /** See D1's session. */
  prepare(sql: string): D1PreparedStatement {
    return this.#wrap({ statement: this.#session.prepare(sql), isRead: isRead(sql) });
  }

  /** See D1's session. A batch of reads only is one read. */
  batch<T>(statements: D1PreparedStatement[]): Promise<D1Result<T>[]> {
    const originals = statements.map(
      (statement) => this.#originals.get(statement) ?? { statement, isRead: false },
    );
    return this.#ask(
      originals.every(({ isRead }) => isRead),
      () => this.#session.batch<T>(originals.map(({ statement }) => statement)),
    );
  }

  #wrap(original: Original): D1PreparedStatement {
    const { statement, isRead } = original;
    const wrapped = {
      bind: (...values: unknown[]) => this.#wrap({ statement: statement.bind(...values), isRead }),
      first: (column?: string) =>
        this.#ask(isRead, () => (column === undefined ? statement.first() : statement.first(column))),
      all: () => this.#ask(isRead, () => statement.all()),
      run: () => this.#ask(isRead, () => statement.run()),
      raw: (options?: { columnNames?: false }) => this.#ask(isRead, () => statement.raw(options)),
    } as D1PreparedStatement;
    this.#originals.set(wrapped, original);
    return wrapped;
  }

  async #ask<T>(isRead: boolean, ask: () => Promise<T>): Promise<T> {
    try {
      return await (isRead ? retryOnce("database.read.repeated", ask) : ask());
    } catch (error) {
      if (isTransientFault(error)) this.#fault = error;
      throw error;
    }
  }
}

/** Whether a statement changes nothing. One that might, such as a call of `replace()`, is taken for one that does. */
const isRead = (sql: string): boolean =>
  /^\s*(select|with)\b/i.test(sql) && !/\b(insert|update|delete|replace)\b/i.test(sql);
