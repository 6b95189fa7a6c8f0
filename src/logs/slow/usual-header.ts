import { hasLocalTime } from "../times.ts";
import type { Units } from "../units.ts";
import { HeaderCursor, MAX_DIGITS, Name, sixDigits } from "./header-cursor.ts";
import type { HeaderFields } from "./header-fields.ts";
import { MAX_HEADER } from "./header-start.ts";
import { MAX_SECOND, NONE, readEndTime } from "./header-values.ts";
import { MysqlExtra, readMariadbLines } from "./usual-figures.ts";

/*
 * The header that servers write before nearly every entry, of an account that was read before: MySQL's with a time in UTC, with and
 * without log_slow_extra; MariaDB's with any log_slow_verbosity, but for warnings. Each part of it stands right behind the one before,
 * so that hardly an end of a line is looked for. Whatever else a header may be, header.ts reads, and this one too where it does not.
 */

/** The longest account and database, and the most blanks before an id, that such a header has. */
const MAX_ACCOUNT = 256;
const MAX_DATABASE = 256;
const MAX_BLANKS = 16;
/** `2026-11-27T18:00:05.` before the microseconds, and all of such a time but its zone. */
const SECOND_LENGTH = 20;
const TIME_LENGTH = SECOND_LENGTH + 6;
/** `261127 18:01:10`. */
const LOCAL_TIME_LENGTH = 15;

const LF = 10;
const SPACE = 32;
const COLON = 58;
const SEMICOLON = 59;
// Several characters as one number.
const ID = 0x20204964;
const USE = 0x75736520;

const TIME = new Name("# Time: ");
const USER_HOST = new Name("# User@Host: ");
const USER_HOST_AFTER_UTC = new Name("Z\n# User@Host: ");
const USER_HOST_AFTER_LOCAL_TIME = new Name("\n# User@Host: ");
const QUERY_TIME = new Name("\n# Query_time: ");
const LOCK_TIME = new Name("  Lock_time: ");
const ROWS_EXAMINED = new Name("  Rows_examined: ");
const MYSQL_ROWS_SENT = new Name(" Rows_sent: ");
const MARIADB_ROWS_SENT = new Name("  Rows_sent: ");
const THREAD_ID = new Name("\n# Thread_id: ");
const SCHEMA = new Name("  Schema: ");
const QC_HIT = new Name("  QC_hit: ");
const ROWS_AFFECTED = new Name("\n# Rows_affected: ");
const BYTES_SENT = new Name("  Bytes_sent: ");

/** Reads such headers, one at a time. */
export class UsualHeader {
  readonly #cursor = new HeaderCursor();
  readonly #extra = new MysqlExtra();
  /** `2026-11-27T18:00:05.` of the time that was read last, in numbers as a Name has them, and when that second began. NaN equals nothing. */
  #first = Number.NaN;
  #middle = Number.NaN;
  #last = Number.NaN;
  #secondMicros = 0;

  /**
   * Reads the header at `at` into fields.
   * @returns where its statement begins, or NONE where it is not such a header: the fields may be anything then
   */
  read(units: Units, at: number, fields: HeaderFields): number {
    const cursor = this.#cursor;
    cursor.begin(units, at);
    if (cursor.skip(TIME)) {
      if (this.#readTime(fields)) return this.#readMysql(fields) ? cursor.at : NONE;
      if (!this.#skipLocalTime()) return NONE;
    } else if (!cursor.skip(USER_HOST)) {
      return NONE;
    }
    return this.#readMariadb(fields) && cursor.at - at <= MAX_HEADER ? cursor.at : NONE;
  }

  #readMysql(fields: HeaderFields): boolean {
    const cursor = this.#cursor;
    if (!this.#skipAccount(fields) || !this.#readId(fields)) return false;
    if (!this.#readQueryTime(MYSQL_ROWS_SENT, fields)) return false;
    fields.server = "mysql";
    fields.db = null;
    fields.rowsAffected = undefined;
    fields.bytesSent = undefined;
    fields.queryCacheHit = undefined;
    fields.figures = null;
    if (cursor.bytes[cursor.at] !== LF) {
      fields.figures = this.#extra.read(cursor);
      if (fields.figures === null) return false;
    }
    return this.#readUseAndTimestamp(fields);
  }

  #readMariadb(fields: HeaderFields): boolean {
    const cursor = this.#cursor;
    fields.server = "mariadb";
    fields.endMicros = null;
    if (!this.#skipAccount(fields) || !this.#readThreadAndSchema(fields)) return false;
    if (!this.#readQueryTime(MARIADB_ROWS_SENT, fields)) return false;
    if (!cursor.readNumber(ROWS_AFFECTED)) return false;
    fields.rowsAffected = cursor.value;
    if (!cursor.readNumber(BYTES_SENT) || cursor.bytes[cursor.at] !== LF) return false;
    fields.bytesSent = cursor.value;
    fields.figures = null;
    return readMariadbLines(cursor, fields) && this.#readUseAndTimestamp(fields);
  }

  /** `2026-11-27T18:00:05.187063Z`, of which the second is mostly that of the time before, and the beginning of the user's line. */
  #readTime(fields: HeaderFields): boolean {
    const cursor = this.#cursor;
    const { at, bytes, view } = cursor;
    if (!cursor.hasBytes(TIME_LENGTH + 1)) return false;
    const micros = sixDigits(bytes, at + SECOND_LENGTH);
    if (micros < 0) return false;
    const first = view.getFloat64(at, true);
    const middle = view.getFloat64(at + 8, true);
    const last = view.getFloat64(at + SECOND_LENGTH - 8, true);
    if (first !== this.#first || middle !== this.#middle || last !== this.#last) {
      const time = readEndTime(bytes, at, at + TIME_LENGTH + 1);
      if (Number.isNaN(time)) return false;
      this.#first = first;
      this.#middle = middle;
      this.#last = last;
      this.#secondMicros = time - micros;
    }
    fields.endMicros = this.#secondMicros + micros;
    cursor.at = at + TIME_LENGTH;
    return cursor.skip(USER_HOST_AFTER_UTC);
  }

  /** `261127 18:01:10`, and the beginning of the user's line. */
  #skipLocalTime(): boolean {
    const cursor = this.#cursor;
    if (!hasLocalTime(cursor.bytes, cursor.at)) return false;
    cursor.at += LOCAL_TIME_LENGTH;
    return cursor.skip(USER_HOST_AFTER_LOCAL_TIME);
  }

  #skipAccount(fields: HeaderFields): boolean {
    const cursor = this.#cursor;
    const from = cursor.at;
    cursor.at = fields.account.skipKnown(cursor.units, from);
    return cursor.at >= 0 && cursor.at - from <= MAX_ACCOUNT;
  }

  /** The rest of MySQL's line of the user: `  Id:     8`. */
  #readId(fields: HeaderFields): boolean {
    const cursor = this.#cursor;
    const { bytes } = cursor;
    if (!cursor.hasBytes(5) || cursor.view.getInt32(cursor.at) !== ID) return false;
    if (bytes[cursor.at + 4] !== COLON) return false;
    let from = cursor.at + 5;
    for (const last = from + MAX_BLANKS; bytes[from] === SPACE && from < last; ) from++;
    let at = from;
    let id = 0;
    for (let digit = (bytes[at] as number) - 48; digit >= 0 && digit <= 9; ) {
      id = (id * 10 + digit) | 0;
      digit = (bytes[++at] as number) - 48;
    }
    fields.threadId = id;
    cursor.at = at;
    return at > from && at - from <= MAX_DIGITS;
  }

  /** MariaDB's line `# Thread_id: 4  Schema: d1  QC_hit: No`, of a schema without newlines. */
  #readThreadAndSchema(fields: HeaderFields): boolean {
    const cursor = this.#cursor;
    if (!cursor.readNumber(THREAD_ID)) return false;
    fields.threadId = cursor.value;
    if (!cursor.skip(SCHEMA)) return false;
    const from = cursor.at;
    if (!this.#findQueryCacheHit()) return false;
    fields.db = cursor.at === from ? null : cursor.units.text.slice(from, cursor.at);
    cursor.at += QC_HIT.length;
    if (!cursor.readYesOrNo()) return false;
    fields.queryCacheHit = cursor.value === 1;
    return true;
  }

  #findQueryCacheHit(): boolean {
    const cursor = this.#cursor;
    const { bytes } = cursor;
    for (const last = cursor.at + MAX_DATABASE; cursor.at < last; cursor.at++) {
      const unit = bytes[cursor.at];
      if (unit === SPACE && cursor.has(QC_HIT)) return true;
      if (unit === LF) return false;
    }
    return false;
  }

  /** `# Query_time: 0.000241  Lock_time: 0.000000  Rows_sent: 1  Rows_examined: 0`. */
  #readQueryTime(rowsSent: Name, fields: HeaderFields): boolean {
    const cursor = this.#cursor;
    if (!cursor.readMicros(QUERY_TIME)) return false;
    fields.durationMicros = cursor.value;
    if (!cursor.readMicros(LOCK_TIME)) return false;
    fields.lockMicros = cursor.value;
    if (!cursor.readNumber(rowsSent)) return false;
    fields.rowsSent = cursor.value;
    if (!cursor.readNumber(ROWS_EXAMINED)) return false;
    fields.rowsExamined = cursor.value;
    return true;
  }

  /** What ends the header, from the newline before it on. */
  #readUseAndTimestamp(fields: HeaderFields): boolean {
    const cursor = this.#cursor;
    const isMysql = fields.server === "mysql";
    if (cursor.hasBytes(6) && cursor.view.getInt32(cursor.at + 1) === USE) {
      const from = cursor.at + 5;
      if (!cursor.toEndOfLine(from) || cursor.at - from > MAX_DATABASE) return false;
      if (cursor.bytes[cursor.at - 1] !== SEMICOLON) return false;
      if (isMysql) fields.db = cursor.units.text.slice(from, cursor.at - 1);
    }
    if (!cursor.readTimestamp()) return false;
    fields.startSecond = cursor.value;
    return isMysql || fields.startSecond <= MAX_SECOND.mariadb;
  }
}
