import { COMMANDS, type Command } from "./commands.ts";

/*
 * The header of a record: time, thread id and command, at the beginning of its first line. It has three forms:
 *
 *     2026-11-23T05:36:15.123456Z<TAB>    8 Query<TAB>    MySQL 5.7 to 9.7, in UTC or with an offset (`-00:00` for UTC, too, in 9.7.4)
 *     2016-05-25T10:00:00.123456Z    8 Query<TAB>         without the first tab, as early releases of 5.7 are said to write it
 *     261123  5:36:15<TAB>     3 Query<TAB>               MariaDB, and MySQL 5.5 and 5.6: local time, in whole seconds
 *     <TAB><TAB>     3 Query<TAB>                         the same, in the second that was written last
 */

/** The form of a header. Stored as it is. */
export type HeaderForm = "mysql" | "mysql-untabbed" | "mariadb";

const TAB = 9;
const SPACE = 32;
/** A thread id is padded to so many places. Where there is no tab before it, only that separates it from the time. */
const ID_WIDTH = 5;

/** Reads headers, one at a time, into its own fields: nothing is allocated for lines that have none. */
export class Header {
  /** Null for a record of MariaDB's that has no time of its own. */
  form: HeaderForm | null = null;
  /** The time: with its fraction and in UTC for MySQL, whole local seconds for MariaDB, in microseconds since the epoch. */
  timeMicros: number | null = null;
  threadId = 0;
  command: Command = "Query";
  /** Where the statement begins in the text. */
  statementAt = 0;

  #days = -1;
  #dayMicros = 0;

  /** Whether the line from `at` to `end` (its newline, or the end of the text) begins with a header. */
  read(text: string, at: number, end: number): boolean {
    if (text.charCodeAt(at) === TAB) {
      if (text.charCodeAt(at + 1) !== TAB) return false;
      this.form = null;
      this.timeMicros = null;
      return this.#readThreadAndCommand(text, at + 2, end, 1);
    }
    if (text.charCodeAt(at + 6) === SPACE) {
      this.form = "mariadb";
      const tab = this.#readLocalTime(text, at);
      return tab > 0 && this.#readThreadAndCommand(text, tab + 1, end, 1);
    }
    const after = this.#readIsoTime(text, at);
    if (after < 0) return false;
    if (text.charCodeAt(after) === TAB) {
      this.form = "mysql";
      return this.#readThreadAndCommand(text, after + 1, end, 1);
    }
    this.form = "mysql-untabbed";
    return this.#readThreadAndCommand(text, after, end, ID_WIDTH);
  }

  /** `2026-11-23T05:36:15.123456Z`. Returns the place after it, or -1. */
  #readIsoTime(text: string, at: number): number {
    if (text.charCodeAt(at + 10) !== 84 || text.charCodeAt(at + 4) !== 45 || text.charCodeAt(at + 7) !== 45) {
      return -1;
    }
    if (text.charCodeAt(at + 19) !== 46) return -1;
    const year = twoDigits(text, at) * 100 + twoDigits(text, at + 2);
    const clock = clockSeconds(text, at + 11);
    const micros =
      twoDigits(text, at + 20) * 10_000 + twoDigits(text, at + 22) * 100 + twoDigits(text, at + 24);
    const day = this.#day(year, twoDigits(text, at + 5), twoDigits(text, at + 8));
    let time = day + clock * 1_000_000 + micros;
    let after = at + 27;
    const zone = text.charCodeAt(at + 26);
    if (zone === 43 || zone === 45) {
      if (text.charCodeAt(at + 29) !== 58) return -1;
      const offset = twoDigits(text, at + 27) * 60 + twoDigits(text, at + 30);
      time -= (zone === 43 ? offset : -offset) * 60_000_000;
      after = at + 32;
    } else if (zone !== 90) {
      return -1;
    }
    // Any character that is not a digit has made it NaN.
    if (Number.isNaN(time)) return -1;
    this.timeMicros = time;
    return after;
  }

  /** `261123  5:36:15`, local time. Returns the place of the tab after it, or -1. */
  #readLocalTime(text: string, at: number): number {
    const clock = clockSeconds(text, at + 7);
    const day = this.#day(2000 + twoDigits(text, at), twoDigits(text, at + 2), twoDigits(text, at + 4));
    const time = day + clock * 1_000_000;
    if (text.charCodeAt(at + 15) !== TAB || Number.isNaN(time)) return -1;
    this.timeMicros = time;
    return at + 15;
  }

  /** `    8 Query<TAB>`; the tab may be missing where the line ends. The id takes `width` places at least. */
  #readThreadAndCommand(text: string, from: number, end: number, width: number): boolean {
    let at = from;
    while (text.charCodeAt(at) === SPACE) at++;
    const digits = at;
    let id = 0;
    for (;;) {
      const digit = text.charCodeAt(at) - 48;
      if (!(digit >= 0 && digit <= 9)) break;
      id = id * 10 + digit;
      at++;
    }
    if (at === digits || at - digits > 15 || at - from < width || text.charCodeAt(at) !== SPACE) return false;
    at++;
    const command = readCommand(text, at, end);
    if (command === undefined) return false;
    this.threadId = id;
    this.command = command;
    const after = at + command.length;
    this.statementAt = after < end ? after + 1 : after;
    return true;
  }

  /** When the day began, in microseconds since the epoch; NaN when there is no such day. The last day is cached. */
  #day(year: number, month: number, day: number): number {
    const days = (year * 16 + month) * 32 + day;
    if (days === this.#days) return this.#dayMicros;
    if (!(month >= 1 && month <= 12 && day >= 1 && day <= 31)) return Number.NaN;
    const millis = Date.UTC(year, month - 1, day);
    // 31 June is no day, and Date.UTC reads years below 100 as 19xx.
    if (new Date(millis).getUTCDate() !== day || year < 1970) return Number.NaN;
    this.#days = days;
    this.#dayMicros = millis * 1000;
    return this.#dayMicros;
  }
}

/** The number that two digits make; NaN when they are none. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/** `05:36:15` or ` 5:36:15` as seconds of the day; NaN when it is no time. Leap seconds are 60. */
function clockSeconds(text: string, at: number): number {
  if (text.charCodeAt(at + 2) !== 58 || text.charCodeAt(at + 5) !== 58) return Number.NaN;
  const hour = text.charCodeAt(at) === SPACE ? text.charCodeAt(at + 1) - 48 : twoDigits(text, at);
  const minute = twoDigits(text, at + 3);
  const second = twoDigits(text, at + 6);
  const isTime = hour >= 0 && hour <= 23 && minute <= 59 && second <= 60;
  return isTime ? hour * 3600 + minute * 60 + second : Number.NaN;
}

/** The command at `at`, which ends with a tab or the line. So "Connect Out" is not read as "Connect". */
function readCommand(text: string, at: number, end: number): Command | undefined {
  // Nearly always one of these two.
  if (text.startsWith("Query\t", at)) return "Query";
  if (text.startsWith("Execute\t", at)) return "Execute";
  for (const command of COMMANDS_BY_INITIAL[text.charCodeAt(at)] ?? []) {
    const after = at + command.length;
    if ((text.charCodeAt(after) === TAB || endsLine(text, after, end)) && text.startsWith(command, at)) {
      return command;
    }
  }
  return undefined;
}

/** Whether a line ends at `at`, and its newline has been read. */
function endsLine(text: string, at: number, end: number): boolean {
  return at === end && end < text.length;
}

const COMMANDS_BY_INITIAL: Command[][] = [];
for (const command of COMMANDS) {
  const initial = command.charCodeAt(0);
  COMMANDS_BY_INITIAL[initial] = [...(COMMANDS_BY_INITIAL[initial] ?? []), command];
}
