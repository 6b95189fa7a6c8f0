import * as z from "zod";
import type { LogRecord } from "../logs/record.ts";

/*
 * What the log says of how a session's statements are to be read. It is little: a session has the server's sql_mode and its
 * client's character set until it sets others, and only that is in the log.
 */

/** What is known of the session that a statement ran in; null for what is not. */
export interface Session {
  /** Whether a backslash escapes in its strings: sql_mode is without NO_BACKSLASH_ESCAPES. */
  escapes: boolean | null;
  /** Whether its client's characters may have the byte of a backslash in them, as gbk's have. */
  wide: boolean | null;
  /** Whether `mysql` is its default database, so that `user` is the table of accounts. */
  inMysql: boolean | null;
}

/** A session of which nothing is known. */
export const UNKNOWN: Session = Object.freeze({ escapes: null, wide: null, inMysql: null });
const IN_MYSQL: Session = Object.freeze({ ...UNKNOWN, inMysql: true });
const ELSEWHERE: Session = Object.freeze({ ...UNKNOWN, inMysql: false });

/** A table of sessions as it is stored. */
export const sessionsSchema = z.array(
  z.tuple([z.number(), z.boolean().nullable(), z.boolean().nullable(), z.boolean().nullable()]),
);

/** A table of sessions in JSON: of each its thread's id, and what is known of it, in the order of Session. */
export type SessionsState = z.output<typeof sessionsSchema>;

/** The most sessions that are remembered. Most say nothing of themselves, and take no room. */
const MAX_SESSIONS = 4096;

/** Sessions by their threads. Bounded: of too many, those go that came first. */
export class Sessions {
  readonly #sessions = new Map<number, Session>();

  constructor(state: SessionsState = []) {
    for (const [threadId, escapes, wide, inMysql] of state) this.#keep(threadId, { escapes, wide, inMysql });
  }

  /**
   * Learns what the record says of its session. Has to see every record, in order.
   * @param db the default database as the log-in or the client's command chose it; undefined when that was not seen
   * @returns what was known before it
   */
  see({ threadId, command, statement }: LogRecord, db: string | null | undefined): Session {
    if (command !== "Query" && command !== "Execute") {
      switch (command) {
        case "Connect":
        case "Change user":
        case "Quit":
        case "Reset Connection":
        case "Reset connection":
          this.#sessions.delete(threadId);
          break;
        case "Init DB": {
          const known = this.#sessions.get(threadId);
          if (known !== undefined) this.#keep(threadId, { ...known, inMysql: null });
        }
      }
      return this.#of(threadId, db);
    }
    const session = this.#of(threadId, db);
    if (maySet(statement)) {
      const known = this.#sessions.get(threadId) ?? UNKNOWN;
      const now = after(statement, known);
      if (now !== known) this.#keep(threadId, now);
    }
    return session;
  }

  /** The table. */
  toJSON(): SessionsState {
    return [...this.#sessions].map(([id, { escapes, wide, inMysql }]) => [id, escapes, wide, inMysql]);
  }

  #of(threadId: number, db: string | null | undefined): Session {
    const known = this.#sessions.size === 0 ? undefined : this.#sessions.get(threadId);
    if (db === undefined || (known !== undefined && known.inMysql !== null)) return known ?? UNKNOWN;
    const inMysql = isMysql(db ?? "");
    if (known === undefined) return inMysql ? IN_MYSQL : ELSEWHERE;
    return { ...known, inMysql };
  }

  #keep(threadId: number, session: Session): void {
    this.#sessions.delete(threadId);
    if (session.escapes === null && session.wide === null && session.inMysql === null) return;
    this.#sessions.set(threadId, session);
    if (this.#sessions.size <= MAX_SESSIONS) return;
    for (const oldest of this.#sessions.keys()) {
      this.#sessions.delete(oldest);
      break;
    }
  }
}

const isMysql = (db: string): boolean => db.length === 5 && db.toLowerCase() === "mysql";

const BLANK = 32;
const SLASH = 47;
const LETTER_E = 101;
const LETTER_S = 115;
const LETTER_T = 116;
const LETTER_U = 117;

/** Whether a statement may be a SET or a USE: most are told from these by a letter or three. */
function maySet(statement: string): boolean {
  const first = statement.charCodeAt(0);
  if (first <= BLANK || first === SLASH) return true;
  const second = statement.charCodeAt(1) | 32;
  if ((first | 32) === LETTER_U) return second === LETTER_S;
  return (first | 32) === LETTER_S && second === LETTER_E && (statement.charCodeAt(2) | 32) === LETTER_T;
}

/** A longer one sets more than a session's mode. */
const MAX_SET = 4096;
const SET = /^(?:\s|\/\*(?!M?!)(?:[^*]|\*(?!\/))*\*\/|\/\*M?!\d*)*set\s/i;
const USE = /^\s*use\s+`?([^`;\s]+)/i;
const NAMES = /\b(?:names|character\s+set|charset|character_set_client\s*:?=)\s*['"]?(@?\w+)/gi;
const MODE =
  /(\b(?:global|persist|persist_only)[\s.`]+)?\bsql_mode`?\s*:?=\s*(?:'([^']*)'|"([^"]*)"|(\d+)|(.*))/gis;
/** The character sets of clients whose second bytes include that of a backslash. */
const WIDE_SETS = /^(?:gbk|gb18030|big5|sjis|cp932)$/i;
const NO_BACKSLASH_ESCAPES = /no_backslash_escapes/i;
/** NO_BACKSLASH_ESCAPES in a sql_mode that is given as a number (MODE_NO_BACKSLASH_ESCAPES, 1 << 20). */
const NO_BACKSLASH_BIT = 1 << 20;

/** What is known of a session once it ran the statement; the same object when that says nothing of it. */
function after(statement: string, before: Session): Session {
  if (statement.length > MAX_SET) return before;
  const use = USE.exec(statement);
  if (use !== null) return { ...before, inMysql: isMysql(use[1] as string) };
  if (!SET.test(statement)) return before;
  let session = before;
  for (const [, name = ""] of statement.matchAll(NAMES)) {
    const isNamed = name.toLowerCase() !== "default" && !name.startsWith("@");
    session = { ...session, wide: isNamed ? WIDE_SETS.test(name) : null };
  }
  for (const [, isGlobal, single, double, number, expression] of statement.matchAll(MODE)) {
    // Those that are connected keep theirs.
    if (isGlobal !== undefined) continue;
    const mode = single ?? double;
    let escapes: boolean | null = null;
    if (mode !== undefined) escapes = !NO_BACKSLASH_ESCAPES.test(mode);
    else if (number !== undefined) escapes = (Number(number) & NO_BACKSLASH_BIT) === 0;
    // `CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES')`, as drivers do it.
    else if (/^concat\(\s*@@/i.test(expression as string) && !NO_BACKSLASH_ESCAPES.test(expression as string))
      escapes = session.escapes;
    session = { ...session, escapes };
  }
  return session;
}
