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

/** The answer where the connection is lost instead. */
export const lostBy = (error: ServerError): Answer => ({ error, inTransaction: null, isLost: true });

/**
 * Is told of answers that were read at once, in the order of their texts.
 * @param withinMicros they have come in so many microseconds before now, not earlier
 */
export type OnAnswers = (answers: readonly Answer[], withinMicros: number) => void;

/** A statement that the server has prepared. */
export interface Prepared {
  execute(values: readonly BoundValue[]): Promise<Answer>;
  /** Has the server forget it. */
  close(): void;
}

/** A connection. One call at a time; none throws of itself. */
export interface Connection {
  /** The server's id of it. */
  readonly id: number;
  query(sql: string): Promise<Answer>;
  /**
   * Sends several texts at once; absent where the server may not take that. They are run in order, also those behind one that fails.
   * When the connection is lost, those without an answer have the loss as theirs, though the server may have run them.
   * @param onAnswers told until every text has an answer; what it throws, this rejects with
   */
  pipeline?(texts: readonly string[], onAnswers: OnAnswers): Promise<void>;
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
