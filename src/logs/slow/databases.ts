import { RecentMap } from "./recent-map.ts";
import type { SlowRecord } from "./record.ts";

/*
 * The default databases of MySQL's sessions. The server writes `use` only where a session's database is not the one that it wrote last,
 * for whatever session, into this file, and nothing at all for a session without one. So an entry without `use` is of that database or
 * of none, and only what is known of its session tells which.
 */

/** How many sessions are kept at least. */
const GENERATION = 2048;
const NONE = "";

/** A `USE` statement. Names that are not quoted may hold anything but white space and `;`. */
const USE = /^use\s+(?:`((?:[^`]|``)+)`|([^\s;]+))\s*$/i;

/** What is known of the databases, as it is stored. */
export interface DatabasesState {
  /** By thread; empty for none. */
  sessions: [threadId: number, db: string][];
  /** The one that was written last into this file; empty for none yet, null when that was not read. */
  written: string | null;
}

/** The databases of sessions, by the ids of their threads. */
export class Databases {
  readonly #sessions: RecentMap<string>;
  #written: string | null;

  constructor({ sessions, written }: DatabasesState = { sessions: [], written: null }) {
    this.#sessions = new RecentMap(GENERATION, sessions);
    this.#written = written;
  }

  /** The server opened its file: the next entry of a session with a database says it. */
  beginFile(): void {
    this.#written = NONE;
  }

  /**
   * Learns from an entry, and gives it its database. Has to see every entry, in order.
   * @param record with the name in its `use` line as `db`
   */
  complete(record: SlowRecord): void {
    const { threadId } = record;
    const known = this.#sessions.get(threadId);
    const db = this.#of(record, known);
    if (record.command !== "Query" && record.statement === "Quit") {
      this.#sessions.delete(threadId);
    } else if (db === null) {
      if (known !== undefined) this.#sessions.delete(threadId);
    } else if (db !== known) {
      // A copy: a part of a string keeps the whole string in memory.
      this.#sessions.set(threadId, JSON.parse(JSON.stringify(db)));
    }
    record.db = db === NONE ? null : db;
  }

  /** What is known, to go on from. */
  toJSON(): DatabasesState {
    return { sessions: this.#sessions.toJSON(), written: this.#written };
  }

  /** The database of the entry's session, when it was logged; empty for none, null when it is not known. */
  #of({ command, statement, errno, db }: SlowRecord, known: string | undefined): string | null {
    const written = this.#written;
    if (db !== null) {
      this.#written = db;
      return db;
    }
    if (written === NONE) return NONE;
    if (command !== "Query") {
      if (statement === "Change user") return null;
      if (statement === "Init DB") {
        // It is of the database that was written last, unless it failed in a session that has none.
        const isChosen = errno === 0 || (known !== undefined && known !== NONE);
        return isChosen ? written : null;
      }
    } else if (written !== null && isUse(statement)) {
      const [, quoted, plain] = USE.exec(statement) ?? [];
      if ((quoted?.replaceAll("``", "`") ?? plain) === written) return written;
    }
    if (known === undefined) return null;
    // Else the server would have written it: the database was dropped, or the session has ended and another has its id.
    if (known !== NONE && written !== null && known !== written) return NONE;
    return known;
  }
}

function isUse(statement: string): boolean {
  return (statement.charCodeAt(0) | 32) === 117 && statement.length < 256 && /^use\s/i.test(statement);
}
