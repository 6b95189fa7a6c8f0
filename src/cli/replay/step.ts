/*
 * What a recorded session does, step by step: plain data, so that steps can wait on the disk.
 */

/** What every step has. */
interface StepBase {
  /** When it began in the recording, in microseconds since 1970. */
  at: number;
}

/** A statement that is run. */
export interface StatementStep extends StepBase {
  kind: "query" | "execute";
  sql: string;
  /** Where the record has several statements: each of them. */
  parts?: readonly string[];
  /** The default database that the record says; absent where it says none. */
  db?: string;
  fingerprint: string | null;
  /** How long it took in the recording, in microseconds; null where the log does not say it. */
  micros: number | null;
  /** Of an execution: whether a backslash escapes in the log's strings. */
  escapes?: false;
}

/** One step of a recorded session. */
export type Step =
  | StatementStep
  /** It logged in. Where a filter leaves that out, it is connected when that is first needed. */
  | (StepBase & { kind: "open"; db: string | null; isWanted: boolean })
  /** It chose a default database. */
  | (StepBase & { kind: "use"; db: string })
  /** It prepared a statement in the binary protocol. */
  | (StepBase & { kind: "prepare"; sql: string; db?: string })
  /** It became as a new one: another user, or a reset. */
  | (StepBase & { kind: "reset"; db: string | null })
  /** It ended. */
  | (StepBase & { kind: "close" });

/** A step, and whose it is. */
export interface SessionStep {
  session: RecordedSession;
  step: Step;
}

/** A session of the recording. */
export interface RecordedSession {
  /** The thread's id, and which of its connections: servers use ids again after a restart. */
  key: string;
  /** Whether it began before the capture did. Never known of the slow log, which has no log-ins. */
  isPartial: boolean;
}

/** About how much of memory a step takes, in bytes. */
export function sizeOf(step: Step): number {
  return 200 + ("sql" in step ? 2 * step.sql.length : 0);
}
