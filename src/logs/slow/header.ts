import { ByteWords } from "../../lib/byte-words.ts";
import { hasLocalTime } from "../times.ts";
import { Units } from "../units.ts";
import { Account } from "./account.ts";
import { readMariadbLine, readMysqlExtra } from "./extra-figures.ts";
import { HeaderFields } from "./header-fields.ts";
import { MAX_HEADER, mayBeHeader, TIME, USER_HOST } from "./header-start.ts";
import { INCOMPLETE, MAX_DURATION_SECONDS, MAX_SECOND, NONE, readEndTime } from "./header-values.ts";
import { UsualHeader } from "./usual-header.ts";

/*
 * The header of an entry, from its first line to the end of `SET timestamp`. It has two forms, as File_query_log::write_slow in MySQL
 * and MYSQL_QUERY_LOG::write in MariaDB print them:
 *
 *     # Time: 2026-11-27T18:00:05.187063Z                                           MySQL's is in every entry: when it ended
 *     # User@Host: root[root] @ localhost [127.0.0.1]  Id:     8
 *     # Query_time: 1.200504  Lock_time: 0.000000 Rows_sent: 1  Rows_examined: 1    and more with log_slow_extra
 *     use d1;                                                                       optional, not quoted
 *     SET timestamp=1795802403;                                                     also `SET last_insert_id=1,insert_id=2,timestamp=3;`
 *
 *     # Time: 261127 18:01:10                                                       optional, and not to be relied on
 *     # User@Host: root[root] @ localhost [127.0.0.1]
 *     # Thread_id: 4  Schema: d1  QC_hit: No
 *     # Query_time: 0.000241  Lock_time: 0.000000  Rows_sent: 1  Rows_examined: 0
 *     # Rows_affected: 0  Bytes_sent: 57
 *     # ...                                                                         by log_slow_verbosity
 *     use `d1`;                                                                     optional, quoted
 *     SET timestamp=1795802470;
 *
 * MySQL 5.6 has MySQL's lines with MariaDB's time. Names of users and databases may hold newlines, and everything that a header has.
 */

/** The most characters of a `use` line, whose name has 64 characters, of which each may take two units. */
const MAX_USE = 512;

/** How long a time in UTC is. */
const UTC_LENGTH = 27;

const LF = 10;
const HASH = 35;
const SPACE = 32;
const COMMA = 44;
const POINT = 46;
const SEMICOLON = 59;

const ID = new ByteWords("  Id:");
const THREAD_ID = new ByteWords("# Thread_id: ");
const SCHEMA = new ByteWords("  Schema: ");
const QC_HIT = "  QC_hit: ";
const QUERY_TIME = new ByteWords("# Query_time: ");
const LOCK_TIME = new ByteWords("  Lock_time: ");
const ROWS_SENT = new ByteWords("Rows_sent: ");
const ROWS_EXAMINED = new ByteWords("  Rows_examined: ");
const ROWS_AFFECTED = new ByteWords("# Rows_affected: ");
const BYTES_SENT = new ByteWords("  Bytes_sent: ");
const USE = new ByteWords("use ");
const SET = new ByteWords("SET ");
const TIMESTAMP = new ByteWords("timestamp=");
const LAST_INSERT_ID = new ByteWords("last_insert_id=");
const INSERT_ID = new ByteWords("insert_id=");
/** The beginnings of lines that may be followed by others without a `#`, since they say names and values as they are. */
const FREE_TEXT = ["# Warning", "# Error", "# Note", "# explain: ", "# Stored_routine: "];

/** Reads headers, one at a time, into its own fields: nothing is allocated for text that is none. */
export class Header extends HeaderFields {
  readonly #usual = new UsualHeader();
  #units = new Units();
  /** Where the next thing to be read begins. */
  #at = 0;
  /** The number that was read last. */
  #value = 0;

  /**
   * Reads the header at `at`. Lines are read whole only: what has no newline is incomplete.
   * @returns where the statement begins, NONE or INCOMPLETE
   */
  read(units: Units, at: number): number {
    const end = this.#usual.read(units, at, this);
    return end === NONE ? this.readAny(units, at) : end;
  }

  /** Does the same for any header, part by part, as `read` does where a header is not the usual one. */
  readAny(units: Units, at: number): number {
    this.#units = units;
    this.#at = at;
    const end = this.#read();
    const length = (end === INCOMPLETE ? units.text.length : end) - at;
    return length > MAX_HEADER ? NONE : end;
  }

  #read(): number {
    this.figures = null;
    this.db = null;
    if (this.#units.has(TIME, this.#at)) {
      const after = this.#readTime(this.#at + TIME.length);
      if (after < 0) return after;
      this.#at = after;
    } else {
      this.endMicros = null;
    }
    const account = this.#readAccount();
    if (account < 0) return account;
    const lines = this.server === "mysql" ? this.#readMysqlLines() : this.#readMariadbLines();
    if (lines < 0) return lines;
    return this.#readUseAndTimestamp();
  }

  #readTime(at: number): number {
    const { bytes } = this.#units;
    // Of nearly all: all that is before that newline belongs to the time.
    if (bytes[at + UTC_LENGTH] === LF && this.#readEnd(at, at + UTC_LENGTH)) return at + UTC_LENGTH + 1;
    const newline = this.#units.endOfLine(at);
    if (newline < 0) return INCOMPLETE;
    if (newline - at === 15) {
      this.endMicros = null;
      return hasLocalTime(bytes, at) ? newline + 1 : NONE;
    }
    return this.#readEnd(at, newline) ? newline + 1 : NONE;
  }

  #readEnd(at: number, end: number): boolean {
    const time = readEndTime(this.#units.bytes, at, end);
    if (Number.isNaN(time)) return false;
    this.endMicros = time;
    return true;
  }

  /** The line of the user, which ends where the next line is the one that follows it. */
  #readAccount(): number {
    const units = this.#units;
    const { length } = units.text;
    const begin = this.#at;
    if (begin === length) return INCOMPLETE;
    if (!units.has(USER_HOST, begin)) return NONE;
    const from = begin + USER_HOST.length;
    const known = this.account.skipKnown(units, from);
    let newline = known < 0 ? from : known;
    for (;;) {
      newline = units.endOfLine(newline);
      if (newline < 0) return length - from > Account.MAX_LENGTH ? NONE : INCOMPLETE;
      if (newline - from > Account.MAX_LENGTH) return NONE;
      if (newline + 1 === length) return INCOMPLETE;
      if (units.bytes[newline + 1] === HASH && this.#endAccount(from, known, newline)) return newline + 1;
      newline++;
    }
  }

  #endAccount(from: number, known: number, newline: number): boolean {
    const units = this.#units;
    const isMysql = units.has(QUERY_TIME, newline + 1);
    if (!isMysql && !units.has(THREAD_ID, newline + 1)) return false;
    let end = newline;
    if (isMysql) {
      const id = this.#readIdBefore(newline);
      if (id < 0) return false;
      end = id;
    }
    if (end !== known && !this.account.read(units.text, from, end)) return false;
    this.server = isMysql ? "mysql" : "mariadb";
    this.#at = newline + 1;
    return true;
  }

  /** `  Id:     8` before `end`. @returns where it begins, or NONE */
  #readIdBefore(end: number): number {
    const { bytes } = this.#units;
    let at = end - 1;
    let id = 0;
    let place = 1;
    for (let digit = digitAt(bytes, at); digit >= 0 && digit <= 9; digit = digitAt(bytes, --at)) {
      id += digit * place;
      place *= 10;
    }
    const digits = end - 1 - at;
    if (digits === 0 || digits > 15) return NONE;
    while (bytes[at] === SPACE) at--;
    at -= 4;
    if (!this.#units.has(ID, at)) return NONE;
    this.threadId = id;
    return at;
  }

  #readMysqlLines(): number {
    this.rowsAffected = undefined;
    this.bytesSent = undefined;
    this.queryCacheHit = undefined;
    const { text, bytes } = this.#units;
    if (!this.#readQueryTime(1)) return this.#orIncomplete();
    if (bytes[this.#at] !== LF) {
      const newline = text.indexOf("\n", this.#at);
      if (newline < 0) return INCOMPLETE;
      this.figures = readMysqlExtra(text, this.#at, newline);
      if (this.figures === null) return NONE;
      this.#at = newline;
    }
    return ++this.#at;
  }

  #readMariadbLines(): number {
    const units = this.#units;
    const schema = this.#readThreadAndSchema();
    if (schema < 0) return schema;
    if (this.#at === units.text.length) return INCOMPLETE;
    if (!this.#readQueryTime(2) || units.bytes[this.#at] !== LF) return this.#orIncomplete();
    this.#at++;
    this.rowsAffected = undefined;
    this.bytesSent = undefined;
    if (units.has(ROWS_AFFECTED, this.#at)) {
      if (!this.#readNumber(ROWS_AFFECTED)) return this.#orIncomplete();
      this.rowsAffected = this.#value;
      // Older versions do not have it.
      if (this.#readNumber(BYTES_SENT)) this.bytesSent = this.#value;
      if (units.bytes[this.#at] !== LF) return this.#orIncomplete();
      this.#at++;
    }
    return this.#readOptionalLines();
  }

  /** `# Thread_id: 4  Schema: d1  QC_hit: No`, where the schema may be anything. */
  #readThreadAndSchema(): number {
    const { text } = this.#units;
    if (!this.#readNumber(THREAD_ID) || !this.#units.has(SCHEMA, this.#at)) return this.#orIncomplete();
    this.threadId = this.#value;
    const from = this.#at + SCHEMA.length;
    let at = from;
    for (;;) {
      at = text.indexOf(QC_HIT, at);
      if (at < 0) return text.length - from > MAX_USE ? NONE : INCOMPLETE;
      if (at - from > MAX_USE) return NONE;
      const value = at + QC_HIT.length;
      const isHit = text.startsWith("Yes\n", value);
      if (isHit || text.startsWith("No\n", value)) {
        this.queryCacheHit = isHit;
        this.db = at === from ? null : text.slice(from, at);
        this.#at = value + (isHit ? 4 : 3);
        return this.#at;
      }
      at = value;
    }
  }

  /** The lines that depend on log_slow_verbosity. Those of warnings, plans and routines may hold newlines. */
  #readOptionalLines(): number {
    const units = this.#units;
    const { text } = units;
    let isFree = false;
    for (;;) {
      const at = this.#at;
      if (at === text.length) return INCOMPLETE;
      const isComment = units.bytes[at] === HASH;
      if (!isComment && (!isFree || isUseOrSet(text, at))) return at;
      const newline = units.endOfLine(at);
      if (newline < 0) return INCOMPLETE;
      if (newline - at > MAX_HEADER) return NONE;
      if (isComment) {
        if (mayBeHeader(units, at)) return NONE;
        isFree ||= FREE_TEXT.some((begin) => text.startsWith(begin, at));
        this.figures = readMariadbLine(text, at, newline, this.figures);
      }
      this.#at = newline + 1;
    }
  }

  /** `# Query_time: 0.000241  Lock_time: 0.000000  Rows_sent: 1  Rows_examined: 0`. @param blanks how many are before Rows_sent */
  #readQueryTime(blanks: 1 | 2): boolean {
    if (!this.#readSeconds(QUERY_TIME)) return false;
    this.durationMicros = this.#value;
    if (!this.#readSeconds(LOCK_TIME)) return false;
    this.lockMicros = this.#value;
    for (let end = this.#at + blanks; this.#at < end; this.#at++) {
      if (this.#units.bytes[this.#at] !== SPACE) return false;
    }
    if (!this.#readNumber(ROWS_SENT)) return false;
    this.rowsSent = this.#value;
    if (!this.#readNumber(ROWS_EXAMINED)) return false;
    this.rowsExamined = this.#value;
    return true;
  }

  #readUseAndTimestamp(): number {
    const units = this.#units;
    const { text } = units;
    const at = this.#at;
    if (at === text.length) return INCOMPLETE;
    if (!units.has(USE, at)) return this.#readTimestamp(at);
    let end = at + 4;
    for (;;) {
      end = text.indexOf(";\n", end);
      if (end < 0) return text.length - at > MAX_USE ? NONE : INCOMPLETE;
      if (end - at > MAX_USE) return NONE;
      const statementAt = this.#readTimestamp(end + 2);
      if (statementAt !== NONE) {
        if (this.server === "mysql") this.db = text.slice(at + 4, end);
        return statementAt;
      }
      end += 2;
    }
  }

  /** `SET timestamp=1795802403;`, or with the ids that an INSERT used before it. */
  #readTimestamp(from: number): number {
    const { bytes } = this.#units;
    if (from === bytes.length) return INCOMPLETE;
    if (!this.#units.has(SET, from)) return NONE;
    this.#at = from + 4;
    if (!this.#readNumber(TIMESTAMP)) {
      if (this.#readNumber(LAST_INSERT_ID) && bytes[this.#at] === COMMA) this.#at++;
      if (this.#readNumber(INSERT_ID) && bytes[this.#at] === COMMA) this.#at++;
      if (!this.#readNumber(TIMESTAMP)) return this.#orIncomplete();
    }
    // MariaDB and MySQL 5.6 do not say when a statement ended.
    if (this.#value > (this.endMicros === null ? MAX_SECOND.mariadb : MAX_SECOND.mysql))
      return this.#orIncomplete();
    this.startSecond = this.#value;
    const end = this.#at;
    return bytes[end] === SEMICOLON && bytes[end + 1] === LF ? end + 2 : this.#orIncomplete();
  }

  /** Reads what goes before a number, and the number. Where it is not there, it stays at the place. */
  #readNumber(name: ByteWords): boolean {
    if (!this.#units.has(name, this.#at)) return false;
    const from = this.#at + name.length;
    const end = this.#readDigits(from);
    if (end === from || end - from > 20) return false;
    this.#at = end;
    return true;
  }

  /** The same for seconds with six decimals, as microseconds; 0 for a time below zero. */
  #readSeconds(name: ByteWords): boolean {
    const units = this.#units;
    if (!units.has(name, this.#at)) return false;
    const from = this.#at + name.length;
    const point = this.#readDigits(from);
    if (point === from || point - from > 14 || units.bytes[point] !== POINT) return false;
    const seconds = this.#value;
    const end = this.#readDigits(point + 1);
    if (end !== point + 7) return false;
    const isNegative = seconds > MAX_DURATION_SECONDS;
    this.#value = isNegative ? 0 : seconds * 1_000_000 + this.#value;
    this.#at = end;
    return true;
  }

  /** Reads the digits that begin at `from`, if there are any, as a number. @returns where they end */
  #readDigits(from: number): number {
    const { bytes } = this.#units;
    let at = from;
    let value = 0;
    for (let digit = digitAt(bytes, at); digit >= 0 && digit <= 9; digit = digitAt(bytes, ++at)) {
      value = value * 10 + digit;
    }
    this.#value = value;
    return at;
  }

  /** At the end of a log the last line may lack its end. */
  #orIncomplete(): number {
    return this.#units.endOfLine(this.#at) < 0 ? INCOMPLETE : NONE;
  }
}

/** The digit at `at`; any other number where there is none. */
const digitAt = (bytes: Uint8Array, at: number): number => (bytes[at] as number) - 48;

function isUseOrSet(text: string, at: number): boolean {
  return text.startsWith("use `", at) || /^SET (?:\w+=\d+,)*timestamp=\d+;$/.test(lineAt(text, at));
}

function lineAt(text: string, at: number): string {
  const newline = text.indexOf("\n", at);
  return newline < 0 ? text.slice(at) : text.slice(at, newline);
}
