import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import type { LogRecord } from "../record.ts";

/*
 * Who a connection belongs to: the log says it once, in the Connect record, and the later records have the thread's id only.
 */

/** Who runs the statements of a thread. Absent parts are null: an anonymous user has the name "". */
export interface Identity {
  user: string;
  host: string;
  /** The default database, as of the last Connect, Change user or Init DB. A `USE` sent as a query is not followed. */
  db: string | null;
}

const namesSchema = lazy(() => [z.string(), z.string(), z.string().nullable()] as const);

/** A thread table as it is stored. */
export const threadsSchema = lazy(() =>
  z.array(z.tuple([z.number(), ...namesSchema(), z.tuple(namesSchema()).optional()])),
);

/**
 * A thread table in JSON: of each its id, user, host and default database, and while a Change user may still be refused, those
 * of who it belonged to till then.
 */
export type ThreadsState = z.output<ReturnType<typeof threadsSchema>>;

/** How many threads are remembered unless the caller says otherwise: RDS's largest instances allow 16,000 connections. */
export const MAX_THREADS = 16_384;

/** Of how many threads the user before a Change user is remembered: it is for one record, the thread's next. */
const MAX_CHANGES = 256;

/**
 * The threads that are connected, by their ids. Bounded: of more threads than the capacity, those that were quiet longest
 * are forgotten, and their records have no user any more. At least the busiest half is always known.
 */
export class Threads {
  /*
   * Two generations instead of a list in order of use: a thread that speaks moves to the young one, and when that is full the
   * old one is dropped. One look-up a record, where a strict order costs two changes of a map.
   */
  #young = new Map<number, Identity>();
  #old = new Map<number, Identity>();
  readonly #generation: number;
  /** Who the threads belonged to whose last record was a Change user: the next may say that it was refused. */
  readonly #before = new Map<number, Identity>();

  /** @param capacity the most threads that are remembered, at least 2 */
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
   * @returns who the record is of, or null when the thread's Connect record was not seen
   */
  see(record: LogRecord): Identity | null {
    const { threadId, command, statement } = record;
    // Nearly all are Query or Execute.
    if (command === "Query" || command === "Execute") {
      if (this.#before.size > 0) this.#before.delete(threadId);
      return this.#get(threadId);
    }
    const before = this.#before.get(threadId);
    this.#before.delete(threadId);
    switch (command) {
      case "Connect": {
        const denied = parseDenied(statement);
        if (denied !== null) {
          this.#refuse(threadId, before);
          return denied;
        }
        const identity = parseConnect(statement);
        // `Your password has expired...`, and whatever else a server says after the record of a log-in.
        if (identity === null)
          return before === undefined ? this.#get(threadId) : this.#refuse(threadId, before);
        this.#set(threadId, identity);
        return identity;
      }
      case "Change user": {
        const known = this.#get(threadId);
        const identity = parseConnect(statement);
        // Better nobody than whoever had the thread before.
        if (identity === null) this.#delete(threadId);
        else this.#set(threadId, identity);
        if (known !== null) this.#remember(threadId, known);
        return identity;
      }
      case "Init DB": {
        const known = this.#get(threadId);
        if (known === null) return null;
        if (statement.includes(ACCOUNT)) {
          if (before !== undefined) this.#refuse(threadId, before);
          return known;
        }
        const identity = { ...known, db: statement.length > MAX_DB ? null : own(statement) };
        this.#set(threadId, identity);
        return identity;
      }
      case "Quit": {
        const known = this.#get(threadId);
        // Ids come again after the server was restarted.
        this.#delete(threadId);
        return known;
      }
      default:
        return this.#get(threadId);
    }
  }

  /** How many threads are remembered. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** The table, those that were quiet longest first. */
  toJSON(): ThreadsState {
    return [...this.#old, ...this.#young].map(([id, { user, host, db }]) => {
      const before = this.#before.get(id);
      if (before === undefined) return [id, user, host, db];
      return [id, user, host, db, [before.user, before.host, before.db]];
    });
  }

  /**
   * A log-in, or with `before` a Change user, was refused. MariaDB goes on as the user before; MySQL closes the connection, and
   * nothing follows that could be taken for that user's.
   */
  #refuse(threadId: number, before: Identity | undefined): Identity | null {
    if (before === undefined) this.#delete(threadId);
    else this.#set(threadId, before);
    return before ?? null;
  }

  #remember(threadId: number, identity: Identity): void {
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
/** ER_ACCESS_DENIED_ERROR and its relatives, which follow the Connect record of a log-in that failed. */
const DENIED = /^Access denied for user '(.*)'@'([^']*)'/s;
/** What ER_DBACCESS_DENIED_ERROR has in every language that servers speak. An Init DB record may have it in a database's place. */
const ACCOUNT = "'@'";

/** The names of a user, a host and a database are shorter. What is longer is no such record, and slow to match. */
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

/** A copy: a part of a string keeps the whole in memory, and this one stays for as long as the connection. */
function own(part: string): string {
  return JSON.parse(JSON.stringify(part));
}
