import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import {
  isMysqlDatabase,
  mayChangeSettings,
  type SessionSettings,
  settingsAfter,
  UNKNOWN_SETTINGS,
} from "../../sql-text/session-settings.ts";
import type { LogRecord } from "../record.ts";

/*
 * The settings of each session, by its thread's id: what of them the statements in the log have changed.
 */

const IN_MYSQL: SessionSettings = Object.freeze({ ...UNKNOWN_SETTINGS, inMysql: true });
const IN_OTHER_DATABASE: SessionSettings = Object.freeze({ ...UNKNOWN_SETTINGS, inMysql: false });

/** A statement that may choose the database of accounts. */
const MYSQL = /\bmysql\b/i;

/** A table of sessions as it is stored. */
export const sessionsSchema = lazy(() =>
  z.array(z.tuple([z.number(), z.boolean().nullable(), z.boolean().nullable(), z.boolean().nullable()])),
);

/** A table of sessions in JSON: of each its thread's id and its settings, in the order of SessionSettings. */
export type SessionsState = z.output<ReturnType<typeof sessionsSchema>>;

/** The most sessions that are kept. Most never change their settings, and take no room. */
const MAX_SESSIONS = 4096;

/** The sessions that have changed their settings, by thread. Bounded: of too many, those that changed theirs first are dropped. */
export class Sessions {
  readonly #sessions = new Map<number, SessionSettings>();

  constructor(state: SessionsState = []) {
    for (const [threadId, escapes, wide, inMysql] of state) this.#keep(threadId, { escapes, wide, inMysql });
  }

  /**
   * Learns what the record says of its session. Has to see every record, in order.
   * @param db the default database as the log-in or the client's command chose it; undefined when that was not seen
   * @param losesDb whether the record has a `USE`, behind which `db` is null as unknown and not as none
   * @param mayChange whether its statement may be a SET or have a USE, as far as that is known without its text
   * @returns what was known before it
   */
  see(record: LogRecord, db: string | null | undefined, losesDb = false, mayChange = true): SessionSettings {
    const { threadId, command } = record;
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
    const settings = this.#of(threadId, db);
    if (!mayChange) return settings;
    const { statement } = record;
    if (losesDb || mayChangeSettings(statement)) {
      const known = this.#sessions.get(threadId) ?? UNKNOWN_SETTINGS;
      let now = settingsAfter(statement, known);
      // A USE among others, or behind a comment. Rather more passwords are removed than fewer.
      if (losesDb && now.inMysql === null)
        now = { ...now, inMysql: settings.inMysql || MYSQL.test(statement) };
      if (now !== known) this.#keep(threadId, now);
    }
    return settings;
  }

  /** The table. */
  toJSON(): SessionsState {
    return [...this.#sessions].map(([id, { escapes, wide, inMysql }]) => [id, escapes, wide, inMysql]);
  }

  #of(threadId: number, db: string | null | undefined): SessionSettings {
    const known = this.#sessions.size === 0 ? undefined : this.#sessions.get(threadId);
    if (db === undefined || (known !== undefined && known.inMysql !== null)) return known ?? UNKNOWN_SETTINGS;
    const inMysql = isMysqlDatabase(db);
    if (known === undefined) return inMysql ? IN_MYSQL : IN_OTHER_DATABASE;
    return { ...known, inMysql };
  }

  #keep(threadId: number, settings: SessionSettings): void {
    this.#sessions.delete(threadId);
    if (settings.escapes === null && settings.wide === null && settings.inMysql === null) return;
    this.#sessions.set(threadId, settings);
    if (this.#sessions.size <= MAX_SESSIONS) return;
    for (const oldest of this.#sessions.keys()) {
      this.#sessions.delete(oldest);
      break;
    }
  }
}
