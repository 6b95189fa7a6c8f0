import * as z from "zod";
import type { LogRecord } from "./record.ts";

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

/** A thread table as it is stored. */
export const threadsSchema = z.array(z.tuple([z.number(), z.string(), z.string(), z.string().nullable()]));

/** A thread table in JSON: of each its id, user, host and default database. */
export type ThreadsState = z.output<typeof threadsSchema>;

/** How many threads are remembered unless the caller says otherwise: RDS's largest instances allow 16,000 connections. */
export const MAX_THREADS = 16_384;

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

  /** @param capacity the most threads that are remembered, at least 2 */
  constructor(capacity = MAX_THREADS, state: ThreadsState = []) {
    this.#generation = Math.max(1, Math.floor(capacity / 2));
    for (const [threadId, user, host, db] of state) this.#set(threadId, { user, host, db });
  }

  /**
   * Learns what the record says of its thread. Has to see every record, in order.
   * @returns who the record is of, or null when the thread's Connect record was not seen
   */
  see(record: LogRecord): Identity | null {
    const { threadId, command, statement } = record;
    // Nearly all are Query or Execute.
    if (command === "Query" || command === "Execute") return this.#get(threadId);
    switch (command) {
      case "Connect": {
        const denied = parseDenied(statement);
        if (denied !== null) {
          this.#delete(threadId);
          return denied;
        }
        return this.#connect(threadId, statement);
      }
      case "Change user":
        return this.#connect(threadId, statement);
      case "Init DB": {
        const known = this.#get(threadId);
        if (known === null) return null;
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
    return [...this.#old, ...this.#young].map(([id, { user, host, db }]) => [id, user, host, db]);
  }

  #connect(threadId: number, statement: string): Identity | null {
    const identity = parseConnect(statement);
    // Better nobody than whoever had the id before.
    if (identity === null) this.#delete(threadId);
    else this.#set(threadId, identity);
    return identity;
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
