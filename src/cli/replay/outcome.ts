/** What a replay tells of itself while it runs: the report counts it, the progress bar shows it. */
export interface ReplayListener {
  /** A statement was run, or tried. Called once for each, when its answer is there. */
  onOutcome(outcome: Outcome): void;
  /** A record was not run, and why. */
  onLeftOut(reason: LeftOutReason): void;
  /** A connection was opened or closed. */
  onConnections(open: number): void;
  /** A session's connection was lost or given up, and with it what the session had set up there. Not called where nothing was. */
  onStateLost(lost: LostState): void;
}

/** A session that goes on with a new connection, without what its old one had. */
export interface LostState {
  /** As in Outcome. */
  session: string;
  /** Whether the server, or what is between, ended the connection, or the replay did since others waited for one. */
  by: "server" | "limit";
  /** Whether a transaction was open, which the server has rolled back. */
  hadTransaction: boolean;
}

/** How a replay went as a whole, beside its outcomes. */
export interface ReplayEnd {
  /** Whether all records were replayed, or it was interrupted. */
  isWhole: boolean;
  /** When it began and ended, in microseconds since 1970. */
  startedAt: number;
  endedAt: number;
  /** The time of the first record and of the last one that were read, in microseconds since 1970; null where there was none. */
  recordedFrom: number | null;
  recordedTo: number | null;
  /** Recorded sessions of which a statement was run. */
  sessions: number;
  /** Those of them that began before the capture: what they had set or prepared before is not known. */
  partialSessions: number;
  /** The most bytes of statements that waited on the disk because their sessions were blocked or late. */
  spilledBytes: number;
}

/** How one recorded statement went. */
export interface Outcome {
  /** Its recorded session: the thread's id, and which of its connections, since servers use ids again after a restart. */
  session: string;
  /** Whether that session began before the capture did. */
  isPartial: boolean;
  /** The recorded fingerprint; null where the record has none. */
  fingerprint: string | null;
  /** The statement as it was run. */
  statement: string;
  /**
   * How it was sent: as text; prepared and executed, as it was recorded; or as text although it was recorded as an execution, since its
   * preparation is not in the capture or its values could not be told from it.
   */
  via: "text" | "prepared" | "text for prepared";
  /** When it ran in the recording, in microseconds since 1970. */
  recordedAt: number;
  /** How long it took in the recording, in microseconds: the slow log says it, the general log doesn't (null). */
  recordedMicros: number | null;
  /** By how much later than its pace asks it was sent, in microseconds; 0 at the speed `max`. */
  lateMicros: number;
  /** How long it took now, from sending it to the end of its answer, in microseconds. */
  micros: number;
  /** What the server refused it with; null when it succeeded. */
  error: { code: string; message: string } | null;
}

/** Why a record is not run. */
export type LeftOutReason =
  /** It changes data or definitions, and `--writes` was not given. */
  | "write"
  /** It is about accounts, and would change who may sign in. */
  | "account"
  /** It is about replication or the server's own administration. */
  | "administration"
  /** A filter left it out. */
  | "filtered"
  /** The log or the capture has it in part only. */
  | "cut"
  /** It is an execution of a prepared statement whose preparation isn't in the capture, and could not be run as text. */
  | "unprepared"
  /** A command that can't be repeated: a dump of the binary log, a kill, a shutdown. */
  | "command"
  /** Its literals were removed when it was recorded. */
  | "redacted"
  /** The values of a bulk execution: the log has the statement with its question marks (MariaDB). */
  | "bulk"
  /** It has bytes that are not UTF-8, which the capture does not hold. */
  | "damaged"
  /** The log has it twice: what it ran is the record before (the Execute behind the query `EXECUTE s`). */
  | "echo"
  /** It ran inside of a function, a trigger, a procedure or an event, which runs it again. */
  | "routine"
  /** Nothing but the connection or a comment: there is nothing to run. */
  | "nothing";
