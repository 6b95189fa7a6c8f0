import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import { choosesDatabase } from "../../sql-text/session-settings.ts";
import type { LogRecord } from "../record.ts";

/*
 * Who a connection belongs to. The general log says it once, in the Connect record; later records have only the thread's id.
 */

/** Who runs the statements of a thread. Absent parts are null: an anonymous user has the name "". */
export interface Identity {
  user: string;
  host: string;
  /**
   * The default database, as of the last Connect, Change user or Init DB. Null also after a `USE` that was sent as a query, until the
   * next of these: the log does not say whether it failed.
   */
  db: string | null;
}

const namesSchema = lazy(() => [z.string(), z.string(), z.string().nullable()] as const);

/** A thread table as it is stored. */
export const threadsSchema = lazy(() =>
  z.array(z.tuple([z.number(), ...namesSchema(), z.tuple(namesSchema()).optional()])),
);

/**
 * A thread table in JSON: of each thread its id, user, host and default database; and after a Change user, which the next record
 * may refuse, also user, host and database from before it.
 */
export type ThreadsState = z.output<ReturnType<typeof threadsSchema>>;

/** How many threads are kept unless the caller says otherwise: RDS's largest instances allow 16,000 connections. */
export const MAX_THREADS = 16_384;

/** Of how many threads the user before a Change user is kept. It is needed for one record only, the thread's next. */
const MAX_CHANGES = 256;

/**
 * The threads that are connected, by their ids. Bounded, like a cache of the least recently used: of more threads than the capacity,
 * those without a record for longest are dropped, and their later records have no user. At least half the capacity is always kept.
 */
export class Threads {
  /*
   * Two generations instead of a list in order of use: a thread that has a record moves to the young generation, and when that is
   * full the old one is dropped. This costs one look-up per record; a strict order would cost two changes of a map.
   */
  #young = new Map<number, Identity>();
  #old = new Map<number, Identity>();
  readonly #generation: number;
  /** For threads whose last record was a Change user: who they belonged to before it, in case the next record refuses it. */
  readonly #before = new Map<number, Identity>();
  #hasLostDb = false;

  /** @param capacity the most threads that are kept, at least 2 */
  constructor(capacity = MAX_THREADS, state: ThreadsState = []) {
    this.#generation = Math.max(1, Math.floor(capacity / 2));
    for (const [threadId, user, host, db, before] of state) {
      this.#set(threadId, { user, host, db });
      if (before !== undefined) {
        this.#before.set(threadId, { user: before[0], host: before[1], db: before[2] });
      }
    }
  }

  /**
   * Learns what the record says of its thread. Has to see every record, in order.
   * @param mayChoose whether its statement may have a USE, as far as that is known without its text
   * @returns who the record is of, or null when the thread's Connect record was not seen
   */
  see(record: LogRecord, mayChoose = true): Identity | null {
    const { threadId, command } = record;
    // Nearly all are Query or Execute.
    if (command === "Query" || command === "Execute") {
      if (this.#before.size > 0) this.#before.delete(threadId);
      const known = this.#get(threadId);
      this.#hasLostDb = mayChoose && known !== null && known.db !== null && choosesDatabase(record.statement);
      if (known !== null && this.#hasLostDb) this.#set(threadId, { ...known, db: null });
      return known;
    }
    this.#hasLostDb = false;
    const { statement } = record;
    const before = this.#before.get(threadId);
    this.#before.delete(threadId);
    switch (command) {
      case "Connect":
        return this.#connect(threadId, statement, before);
      case "Change user":
        return this.#changeUser(threadId, statement);
      case "Init DB":
        return this.#initDb(threadId, statement, before);
      case "Quit": {
        const known = this.#get(threadId);
        // Ids are used again after the server was restarted.
        this.#delete(threadId);
        return known;
      }
      default:
        return this.#get(threadId);
    }
  }

  /** Whether the record that was seen last had a `USE` by which its thread's database became unknown. */
  get hasLostDb(): boolean {
    return this.#hasLostDb;
  }

  #connect(threadId: number, statement: string, before: Identity | undefined): Identity | null {
    const denied = parseDenied(statement);
    if (denied !== null) {
      this.#refuse(threadId, before);
      return denied;
    }
    const identity = parseConnect(statement);
    // `Your password has expired...` (MySQL 9.7.4), and whatever else a server says after the record of a log-in.
    if (identity === null) return before === undefined ? this.#get(threadId) : this.#refuse(threadId, before);
    this.#set(threadId, identity);
    return identity;
  }

  #changeUser(threadId: number, statement: string): Identity | null {
    const known = this.#get(threadId);
    const identity = parseConnect(statement);
    // No user is better than the one who had the thread before.
    if (identity === null) this.#delete(threadId);
    else this.#set(threadId, identity);
    if (known !== null) this.#keepBefore(threadId, known);
    return identity;
  }

  #initDb(threadId: number, statement: string, before: Identity | undefined): Identity | null {
    const known = this.#get(threadId);
    if (known === null) return null;
    // `Access denied for user 'u'@'%' to database 'x'`
    if (statement.includes(ACCOUNT)) {
      if (before !== undefined) this.#refuse(threadId, before);
      return known;
    }
    const identity = { ...known, db: statement.length > MAX_DB ? null : own(statement) };
    this.#set(threadId, identity);
    return identity;
  }

  /** How many threads are kept. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** The table, the least recently used threads first. */
  toJSON(): ThreadsState {
    return [...this.#old, ...this.#young].map(([id, { user, host, db }]) => {
      const before = this.#before.get(id);
      if (before === undefined) return [id, user, host, db];
      return [id, user, host, db, [before.user, before.host, before.db]];
    });
  }

  /**
   * A log-in, or with `before` a Change user, was refused. MariaDB (10.11.19, 11.8.9) goes on as the user before. MySQL (9.7.4) closes
   * the connection, so no record follows.
   */
  #refuse(threadId: number, before: Identity | undefined): Identity | null {
    if (before === undefined) this.#delete(threadId);
    else this.#set(threadId, before);
    return before ?? null;
  }

  #keepBefore(threadId: number, identity: Identity): void {
    if (this.#before.size >= MAX_CHANGES) {
      for (const oldest of this.#before.keys()) {
        this.#before.delete(oldest);
        break;
      }
    }
    this.#before.set(threadId, identity);
  }

  #get(threadId: number): Identity | null {
    const young = this.#young.get(threadId);
    if (young !== undefined) return young;
    const old = this.#old.get(threadId);
    if (old === undefined) return null;
    this.#set(threadId, old);
    return old;
  }

  #set(threadId: number, identity: Identity): void {
    this.#old.delete(threadId);
    if (this.#young.size >= this.#generation && !this.#young.has(threadId)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(threadId, identity);
  }

  #delete(threadId: number): void {
    this.#young.delete(threadId);
    this.#old.delete(threadId);
  }
}

/**
 * `user@host on db using TCP/IP`, as `acl_log_connect` in MySQL's sql_authentication.cc prints it, where a proxied user is
 * `user@host as other on db using ...`. MariaDB's older versions leave `using ...` out, and print `as anonymous`. A user's
 * name may hold "@", a host may not.
 */
const CONNECT = /^(.*)@(\S*)(?: as .*?)? on (.*?)(?: using [^ ]+(?: Pipe| Memory)?)?\s*$/s;
/** ER_ACCESS_DENIED_ERROR and similar errors, which follow the Connect record of a log-in that failed. */
const DENIED = /^Access denied for user '(.*)'@'([^']*)'/s;
/** What ER_DBACCESS_DENIED_ERROR has in every language. An Init DB record may have this error in the place of a database. */
const ACCOUNT = "'@'";

/** The longest Connect record. What is longer is none, and would be slow to match. */
const MAX_CONNECT = 1024;
/**
 * The longest names in UTF-16 units, of which a character may take two: of users 128 characters (MariaDB's
 * USERNAME_CHAR_LENGTH; MySQL's have 32), of hosts 255 in ASCII, of databases 64. A statement may hold a line that looks like
 * a Connect record: the names in it must not fill a table that is kept for as long as a capture.
 */
const MAX_USER = 256;
const MAX_HOST = 255;
const MAX_DB = 128;

/** Reads a Connect or Change user record's argument; null when it is not of that form. */
export function parseConnect(statement: string): Identity | null {
  const match = statement.length > MAX_CONNECT ? null : CONNECT.exec(statement);
  if (match === null) return null;
  const [, user = "", host = "", db = ""] = match;
  if (user.length > MAX_USER || host.length > MAX_HOST || db.length > MAX_DB) return null;
  return { user: own(user), host: own(host), db: db === "" ? null : own(db) };
}

function parseDenied(statement: string): Identity | null {
  const match = statement.length > MAX_CONNECT ? null : DENIED.exec(statement);
  if (match === null) return null;
  const [, user = "", host = ""] = match;
  return { user: own(user), host: own(host), db: null };
}

/** A copy: a part of a string keeps the whole string in memory, and this part is kept for as long as the connection. */
function own(part: string): string {
  return JSON.parse(JSON.stringify(part));
}
