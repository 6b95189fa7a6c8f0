/** What a replay tells of itself while it runs: the report counts it, the progress bar shows it. */
export interface ReplayListener {
  /** A statement was run, or tried. Called once for each, when its answer is there. */
  onOutcome(outcome: Outcome): void;
  /** A record was not run, and why. */
  onLeftOut(reason: LeftOutReason): void;
  /** A connection was opened or closed. */
  onConnections(open: number): void;
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
  /** Nothing but the connection or a comment: there is nothing to run. */
  | "nothing";
