import type { BoundValue } from "./bound-values.ts";

/*
 * What a replay needs of a database, whichever library talks to it.
 */

/** What a server refuses a statement with, or why a connection ended. */
export interface ServerError {
  /** Such as `ER_DUP_ENTRY` or `ECONNRESET`. */
  code: string;
  message: string;
}

/** How a statement was answered. */
export interface Answer {
  error: ServerError | null;
  /** Whether a transaction is open now; null where the answer does not say it, as an error's doesn't. */
  inTransaction: boolean | null;
  /** Whether the connection can't be used any more. */
  isLost: boolean;
}

/** A statement that the server has prepared. */
export interface Prepared {
  execute(values: readonly BoundValue[]): Promise<Answer>;
  /** Has the server forget it. */
  close(): void;
}

/** A connection. One call at a time; none throws. */
export interface Connection {
  /** The server's id of it. */
  readonly id: number;
  query(sql: string): Promise<Answer>;
  prepare(sql: string): Promise<Prepared | Answer>;
  /** Ends it in order. */
  close(): Promise<void>;
  /** Ends it at once. */
  destroy(): void;
}

/** Makes connections to a server. */
export interface Driver {
  /** Connects. @param db the default database; null for none */
  connect(db: string | null): Promise<Connection | ServerError>;
  /** Ends what the connections with these ids are doing at the server. Never throws. */
  kill(ids: readonly number[]): Promise<void>;
}
