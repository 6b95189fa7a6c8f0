import { isAmazonUser, RDSADMIN } from "../../logs/amazon-users.ts";
import type { Identity } from "../../logs/general/threads.ts";
import type { LogRecord } from "../../logs/record.ts";
import type { StatementBytes } from "../../sql-text/statement-bytes.ts";

/** What rdsadmin does all the time, in a session that may be older than the oldest log. */
const HEARTBEAT = "rds_heartbeat2";

/**
 * The sessions that are Amazon's although nobody saw them connect: they are known by what they do all the time. Of Amazon's users
 * only rdsadmin is known so; AWS documents no statement by which a session of another would be told from a customer's. Bounded: of
 * too many, the one that was seen longest ago is forgotten; if it is still there, its next heartbeat shows it again.
 */
export class AmazonSessions {
  readonly #threads: Set<number>;
  readonly #capacity: number;

  /** @param threads those that are known, the one that was seen last at the end */
  constructor(capacity: number, threads: readonly number[]) {
    this.#capacity = capacity;
    this.#threads = new Set(threads);
  }

  /**
   * Which of Amazon's users a record is of; null when it is of none. Has to see every record, in order.
   * @param identity who the thread belongs to; null when that is not known
   * @param bytes the statement as it stands in the log, if that is known
   */
  userOf(record: LogRecord, identity: Identity | null, bytes: StatementBytes | null = null): string | null {
    const { threadId } = record;
    if (identity !== null) {
      if (this.#threads.size > 0) this.#threads.delete(threadId);
      return isAmazonUser(identity.user) ? identity.user : null;
    }
    if (bytes?.mayHoldSecret !== false && record.statement.includes(HEARTBEAT)) this.#note(threadId);
    return this.#threads.has(threadId) ? RDSADMIN : null;
  }

  #note(threadId: number): void {
    this.#threads.delete(threadId);
    this.#threads.add(threadId);
    if (this.#threads.size <= this.#capacity) return;
    const [oldest] = this.#threads;
    this.#threads.delete(oldest as number);
  }

  /** The threads, the one that was seen last at the end. */
  toJSON(): number[] {
    return [...this.#threads];
  }
}
