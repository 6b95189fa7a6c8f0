import { choosesDatabase, mayChangeSettings } from "../../sql-text/session-settings.ts";

/*
 * What a session has set up on its connection, so that another connection can take its place.
 */

/** So many settings are kept to be made again. */
const MAX_SETTINGS = 50;
const SET = /^(?:\s|\/\*!?\d*)*set\s/i;
/** A variable of the user's, whose value a SET may have made of others. */
const USER_VARIABLE = /(?:^|[^@])@[^@]/;
/** What can't be had again: locks, temporary tables, prepared statements, values in variables. */
const LASTING =
  /^(?:\s|\/\*(?:[^*]|\*(?!\/))*\*\/)*(?:prepare|lock|handler|xa|create\s+(?:or\s+replace\s+)?temporary)\s|\bget_lock\s*\(|:=|\binto\s+@/i;

/** Follows what a session's statements set up. */
export class SessionState {
  #settings: string[] = [];
  #isLasting = false;
  /** Whether the server said that a transaction is open. */
  inTransaction = false;

  /** The statements that make the session's settings again, in their order. */
  get settings(): readonly string[] {
    return this.#settings;
  }

  /** Whether another connection would lack something. */
  get wouldLose(): boolean {
    return this.inTransaction || this.#isLasting;
  }

  /** A statement has succeeded. @returns whether it may have chosen another default database */
  ran(sql: string): boolean {
    if (LASTING.test(sql)) this.#isLasting = true;
    if (!mayChangeSettings(sql)) return sql.includes(";") && choosesDatabase(sql);
    if (!SET.test(sql)) return choosesDatabase(sql);
    if (USER_VARIABLE.test(sql) || this.#settings.length >= MAX_SETTINGS) this.#isLasting = true;
    else this.#settings = [...this.#settings.filter((one) => one !== sql), sql];
    return false;
  }

  /** The connection is gone, and its settings will be made again. */
  lose(): void {
    this.inTransaction = false;
    this.#isLasting = false;
  }

  /** The session begins anew. */
  reset(): void {
    this.lose();
    this.#settings = [];
  }
}
