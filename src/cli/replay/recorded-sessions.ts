import type { StoredWorkloadRecord } from "../../client/index.ts";
import { parseConnect } from "../../logs/general/threads.ts";
import { END, Lexer, STRING, SYMBOL } from "../../sql-text/lexer/lexer.ts";
import {
  choosesDatabase,
  mayChangeSettings,
  settingsAfter,
  UNKNOWN_SETTINGS,
} from "../../sql-text/session-settings.ts";
import type { StatementKind } from "../../sql-text/statement-kind.ts";
import { nameOfCut, preparationOf, refusedPreparation } from "./cut-preparations.ts";
import type { LeftOutReason } from "./outcome.ts";
import { isRoutinePart } from "./routine-parts.ts";
import type { ReplayOptions } from "./source.ts";
import { judgeWithBody } from "./statement-body.ts";
import type { RecordedSession, SessionStep, StatementStep, Step } from "./step.ts";

/*
 * Makes steps of records: whose session each is of, and whether it is to be run at all.
 */

/** What is known of a connection's id. */
interface Thread {
  session: RecordedSession;
  /** The server's strings have no escapes: the session has set NO_BACKSLASH_ESCAPES. */
  hasNoEscapes: boolean;
  /** The default database; undefined when it isn't known. */
  db: string | null | undefined;
  /** What the query before makes the server log once more: an EXECUTE IMMEDIATE both. */
  echo: "none" | "prepare" | "execute" | "both";
  /** The query before is a PREPARE whose text the log has cut: its name, and its record's fingerprint. */
  cut: { name: string; fingerprint: string | null } | null;
}

/** Of how many connections is kept what is known, at least. */
const MAX_THREADS = 50_000;
const QUESTION = 63;
const SECRET_START = 60;
const NOT_UTF8 = "\uFFFD";
/** A query by which the server logs what it prepares or executes as records of their own. */
const DYNAMIC =
  /^(?:\s|\/\*!\d*|\/\*(?!!)(?:[^*]|\*(?!\/))*\*\/|(?:--\s|#)[^\n]*\n)*(prepare|execute)\b(?:\s|\/\*(?:[^*]|\*(?!\/))*\*\/)*(immediate\b)?/i;
const RUN_BY_MARIADB = "Bulk_execute";

const lexer = new Lexer();

/** Reads records in their order, and says what each is for the replay. */
export class RecordedSessions {
  readonly #options: Pick<ReplayOptions, "writes" | "isRedacted" | "isWanted">;
  #young = new Map<number, Thread>();
  #old = new Map<number, Thread>();
  #connections = 0;

  constructor(options: Pick<ReplayOptions, "writes" | "isRedacted" | "isWanted">) {
    this.#options = options;
  }

  /**
   * Reads a record.
   * @param at when it began, in microseconds since 1970
   * @returns its step; or why it is left out, or null where there is nothing to say; and the steps that end other sessions
   */
  read(record: StoredWorkloadRecord, at: number): { steps: SessionStep[]; leftOut: LeftOutReason | null } {
    const steps: SessionStep[] = [];
    const leftOut = this.#read(record, at, steps);
    return { steps, leftOut };
  }

  #read(record: StoredWorkloadRecord, at: number, steps: SessionStep[]): LeftOutReason | null {
    const { command, threadId, statement } = record;
    switch (command) {
      case "Query":
      case "Execute":
      case RUN_BY_MARIADB:
        return this.#statement(record, at, steps);
      case "Prepare":
        return this.#prepare(record, at, steps);
      case "Connect": {
        const identity = parseConnect(statement);
        this.#end(threadId, at, steps);
        // `Access denied for user …`: what the record before has opened ends.
        if (identity === null) return null;
        const thread = this.#begin(threadId, false, at, steps);
        thread.db = identity.db;
        steps.push({
          session: thread.session,
          step: { kind: "open", at, db: identity.db, isWanted: this.#options.isWanted(record) },
        });
        return null;
      }
      case "Quit":
        this.#end(threadId, at, steps);
        return null;
      case "Init DB": {
        // `Access denied for user 'u'@'%' to database 'x'`
        if (statement.includes("'@'")) return null;
        const thread = this.#thread(record, at, steps);
        thread.db = statement;
        steps.push({ session: thread.session, step: { kind: "use", at, db: statement } });
        return null;
      }
      case "Change user":
      case "Reset Connection":
      case "Reset connection": {
        const thread = this.#thread(record, at, steps);
        const db = command === "Change user" ? (parseConnect(statement)?.db ?? null) : (thread.db ?? null);
        Object.assign(thread, { db, hasNoEscapes: false, echo: "none", cut: null } satisfies Partial<Thread>);
        steps.push({ session: thread.session, step: { kind: "reset", at, db } });
        return null;
      }
      case "Administrator command":
        if (statement === "Quit") this.#end(threadId, at, steps);
        return null;
      case "Binlog Dump":
      case "Binlog Dump GTID":
      case "Table Dump":
      case "Register Slave":
      case "Register Replica":
      case "Connect Out":
      case "Kill":
      case "Shutdown":
      case "Refresh":
      case "Create DB":
      case "Drop DB":
      case "clone":
        return "command";
      default:
        return "nothing";
    }
  }

  #statement(record: StoredWorkloadRecord, at: number, steps: SessionStep[]): LeftOutReason | null {
    const { statement: sql, command } = record;
    const thread = this.#thread(record, at, steps);
    const isSlow = "log" in record;
    const isExecution = command !== "Query";
    const { echo } = thread;
    thread.echo = "none";
    this.#endCut(thread, at, steps);
    if (isExecution && (echo === "execute" || echo === "both")) return "echo";
    const dynamic = DYNAMIC.exec(sql);
    if (dynamic !== null && !isExecution && !isSlow) {
      const isPrepare = dynamic[1]?.toLowerCase() === "prepare";
      thread.echo = isPrepare ? "prepare" : dynamic[2] === undefined ? "execute" : "both";
    }
    // The slow log has what is executed in the place of EXECUTE, and beside EXECUTE IMMEDIATE; MySQL's cuts the text of PREPARE.
    if (isSlow && dynamic !== null) return "echo";
    if (isSlow && record.routine) return "routine";
    const known = record.db ?? thread.db ?? null;
    if (!isExecution) this.#follow(thread, sql);
    if (!this.#options.isWanted(record)) return "filtered";
    const name = thread.echo === "prepare" ? nameOfCut(sql) : null;
    if (name !== null) {
      thread.cut = { name, fingerprint: record.fingerprint ?? null };
      return "echo";
    }
    const reason = this.#unrunnable(record, sql);
    if (reason !== null) return reason;
    const { kind, parts } = judgeWithBody(sql, known);
    const left = this.#leftOut(kind, sql);
    if (left !== null) return left;
    const unfilled = unfilledMark(sql);
    if (unfilled !== null) return unfilled === "secret" || this.#options.isRedacted ? "redacted" : "bulk";
    const step: StatementStep = {
      kind: isExecution ? "execute" : "query",
      at,
      sql,
      fingerprint: record.fingerprint ?? null,
      micros: isSlow ? record.durationMicros : null,
    };
    if (parts !== null) step.parts = parts;
    if (typeof record.db === "string") step.db = record.db;
    if (isExecution && thread.hasNoEscapes) step.escapes = false;
    steps.push({ session: thread.session, step });
    return null;
  }

  #prepare(record: StoredWorkloadRecord, at: number, steps: SessionStep[]): LeftOutReason | null {
    const { statement: sql } = record;
    const thread = this.#thread(record, at, steps);
    const { echo, cut } = thread;
    thread.cut = null;
    if (echo === "prepare" || echo === "both") {
      thread.echo = echo === "both" ? "execute" : "none";
      if (cut === null) return "echo";
    }
    const reason = this.#unrunnable(record, sql);
    if (reason !== null) return reason;
    if (this.#options.isRedacted && sql.includes("?")) return "redacted";
    const left = this.#leftOut(judgeWithBody(sql, thread.db ?? null).kind, sql);
    if (left !== null) return left;
    if (cut !== null) {
      const whole = preparationOf(cut.name, sql, !thread.hasNoEscapes);
      pushQuery(thread, at, whole, cut.fingerprint, steps);
      return null;
    }
    // No filter leaves it out: what is executed of it may be wanted.
    const step: Step = { kind: "prepare", at, sql };
    if (typeof record.db === "string") step.db = record.db;
    steps.push({ session: thread.session, step });
    return null;
  }

  /** A query or execution follows a PREPARE whose text is cut: the server refused it. */
  #endCut(thread: Thread, at: number, steps: SessionStep[]): void {
    const { cut } = thread;
    if (cut === null) return;
    thread.cut = null;
    pushQuery(thread, at, refusedPreparation(cut.name), cut.fingerprint, steps);
  }

  /** Why a text can't be run, whatever it does. */
  #unrunnable(record: StoredWorkloadRecord, sql: string): LeftOutReason | null {
    if (record.truncated) return "cut";
    if (sql.includes(NOT_UTF8)) return "damaged";
    return isRoutinePart(sql) ? "routine" : null;
  }

  #leftOut(kind: StatementKind, sql: string): LeftOutReason | null {
    if (kind === "read") return null;
    if (kind === "write") return this.#options.writes ? null : "write";
    return sql === "" ? "nothing" : kind;
  }

  /** Learns which database a query chooses, and how its session's strings are escaped. */
  #follow(thread: Thread, sql: string): void {
    if (!mayChangeSettings(sql) && !sql.includes(";")) return;
    const escapes = thread.hasNoEscapes ? false : null;
    const now = settingsAfter(sql, { ...UNKNOWN_SETTINGS, escapes });
    thread.hasNoEscapes = now.escapes === false;
    // Whether it failed is not in the log. To the guard of accounts, what may be `mysql` is.
    if (choosesDatabase(sql)) thread.db = now.inMysql || /\bmysql\b/i.test(sql) ? "mysql" : undefined;
  }

  #thread(record: StoredWorkloadRecord, at: number, steps: SessionStep[]): Thread {
    const { threadId } = record;
    const young = this.#young.get(threadId);
    if (young !== undefined) return young;
    const old = this.#old.get(threadId);
    if (old === undefined) return this.#begin(threadId, !("log" in record), at, steps);
    this.#old.delete(threadId);
    this.#keep(threadId, old, at, steps);
    return old;
  }

  #begin(threadId: number, isPartial: boolean, at: number, steps: SessionStep[]): Thread {
    const key = `${threadId}.${++this.#connections}`;
    const session = { key, isPartial };
    const thread: Thread = { session, hasNoEscapes: false, db: undefined, echo: "none", cut: null };
    this.#keep(threadId, thread, at, steps);
    return thread;
  }

  /** Two generations: when the young is full, those of the old that had no record since are taken to have gone without a Quit. */
  #keep(threadId: number, thread: Thread, at: number, steps: SessionStep[]): void {
    if (this.#young.size >= MAX_THREADS) {
      for (const { session } of this.#old.values()) {
        steps.push({ session, step: { kind: "close", at } });
      }
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(threadId, thread);
  }

  #end(threadId: number, at: number, steps: SessionStep[]): void {
    const thread = this.#young.get(threadId) ?? this.#old.get(threadId);
    if (thread === undefined) return;
    this.#young.delete(threadId);
    this.#old.delete(threadId);
    steps.push({ session: thread.session, step: { kind: "close", at } });
  }
}

/** Adds a query of the general log that is not in it in these words. */
function pushQuery(
  { session }: Thread,
  at: number,
  sql: string,
  fingerprint: string | null,
  steps: SessionStep[],
): void {
  steps.push({ session, step: { kind: "query", at, sql, fingerprint, micros: null } });
}

/** What stands in the place of a value in a text that was redacted or never filled in; null when nothing does. */
function unfilledMark(sql: string): "value" | "secret" | null {
  if (!sql.includes("?") && !sql.includes("<secret>")) return null;
  let found: "value" | "secret" | null = null;
  lexer.reset(sql);
  for (let kind = lexer.next(); kind !== END && found === null; kind = lexer.next()) {
    const byte = lexer.bytes[lexer.start];
    if (kind === SYMBOL && byte === QUESTION) found = "value";
    else if (kind === STRING && byte === SECRET_START) found = "secret";
  }
  // Also where a redacted secret stands amid a string.
  if (found === null && sql.includes("<secret>")) found = "secret";
  lexer.reset("");
  return found;
}
