import { tryAgain } from "../lib/transient.ts";
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

/**
 * A request's session. A read that fails with a transient fault is retried once. A write is not: it may have been done, and
 * only the answer lost.
 */
export class RequestSession implements Db {
  readonly #session: D1DatabaseSession;

  constructor(session: D1DatabaseSession) {
    this.#session = session;
  }

  /** See D1's session. */
  getBookmark(): D1SessionBookmark | null {
    return this.#session.getBookmark();
  }

  /** See D1's session. */
  prepare(sql: string): D1PreparedStatement {
    return statementOf(this, this.#session.prepare(sql), isRead(sql));
  }

  /** See D1's session. A batch of reads only is one read. */
  batch<T>(statements: D1PreparedStatement[]): Promise<D1Result<T>[]> {
    return this.#batch(
      statements.every((one) => one instanceof SessionStatement && one.isRead),
      statements,
    );
  }

  /** A batch that is repeated as a read is: what it writes is the same however often it is run. */
  repeatable<T>(statements: D1PreparedStatement[]): Promise<D1Result<T>[]> {
    return this.#batch(true, statements);
  }

  #batch<T>(isRead: boolean, statements: D1PreparedStatement[]): Promise<D1Result<T>[]> {
    const originals = statements.map((one) => (one instanceof SessionStatement ? one.original : one));
    return this.ask(isRead, () => this.#session.batch<T>(originals));
  }

  /** Asks the database, once more after a transient fault if it only reads. */
  async ask<T>(isRead: boolean, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (!isRead) throw error;
      return tryAgain("database.read.repeated", error, ask);
    }
  }
}

/** A statement of D1 that is run as its session runs statements. */
class SessionStatement {
  readonly #session: RequestSession;
  readonly original: D1PreparedStatement;
  readonly isRead: boolean;

  constructor(session: RequestSession, original: D1PreparedStatement, isRead: boolean) {
    this.#session = session;
    this.original = original;
    this.isRead = isRead;
  }

  bind(...values: unknown[]): D1PreparedStatement {
    return statementOf(this.#session, this.original.bind(...values), this.isRead);
  }

  first(column?: string): Promise<unknown> {
    const { original } = this;
    return this.#ask(() => (column === undefined ? original.first() : original.first(column)));
  }

  all(): Promise<D1Result> {
    return this.#ask(() => this.original.all());
  }

  run(): Promise<D1Result> {
    return this.#ask(() => this.original.run());
  }

  raw(options?: { columnNames?: false }): Promise<unknown[]> {
    return this.#ask(() => this.original.raw(options));
  }

  #ask<T>(ask: () => Promise<T>): Promise<T> {
    return this.#session.ask(this.isRead, ask);
  }
}

/** A `SessionStatement` as D1's type, whose overloads a class of ours can't spell. */
const statementOf = (
  session: RequestSession,
  original: D1PreparedStatement,
  isRead: boolean,
): D1PreparedStatement => new SessionStatement(session, original, isRead) as unknown as D1PreparedStatement;

/** Which statements only read, by their text: most are constants. */
const known = new Map<string, boolean>();
/** Some are made as they are needed, of the filters that a request has; these are few too. */
const MAX_KNOWN = 1000;

/** Whether a statement changes nothing. One that might, such as a call of `replace()`, is taken for one that does. */
function isRead(sql: string): boolean {
  const before = known.get(sql);
  if (before !== undefined) return before;
  const reads = /^\s*(select|with)\b/i.test(sql) && !/\b(insert|update|delete|replace)\b/i.test(sql);
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(sql, reads);
  return reads;
}
