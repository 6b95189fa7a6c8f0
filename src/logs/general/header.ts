import { ByteWords } from "../../lib/byte-words.ts";
import { endOfIsoTime, readIsoTime, readLocalTime } from "../times.ts";
import type { Units } from "../units.ts";
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
const QUERY = new ByteWords("Query\t");
const EXECUTE = new ByteWords("Execute\t");
/** How long a local time is, and one in UTC. */
const LOCAL_LENGTH = 15;
const UTC_LENGTH = 27;
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

  /** Whether the line from `at` to `end` (its newline, or the end of the text) begins with a header. */
  read(units: Units, at: number, end: number): boolean {
    const { bytes } = units;
    if (bytes[at] === TAB) {
      if (bytes[at + 1] !== TAB) return false;
      this.form = null;
      this.timeMicros = null;
      return this.#readThreadAndCommand(units, at + 2, end, 1);
    }
    if (end - at <= LOCAL_LENGTH) return false;
    if (bytes[at + 6] === SPACE) {
      this.form = "mariadb";
      const time = readLocalTime(bytes, at);
      if (bytes[at + LOCAL_LENGTH] !== TAB || Number.isNaN(time)) return false;
      this.timeMicros = time;
      return this.#readThreadAndCommand(units, at + LOCAL_LENGTH + 1, end, 1);
    }
    if (end - at <= UTC_LENGTH) return false;
    const time = readIsoTime(bytes, at);
    if (Number.isNaN(time)) return false;
    this.timeMicros = time;
    const after = endOfIsoTime(bytes, at);
    if (bytes[after] === TAB) {
      this.form = "mysql";
      return this.#readThreadAndCommand(units, after + 1, end, 1);
    }
    this.form = "mysql-untabbed";
    return this.#readThreadAndCommand(units, after, end, ID_WIDTH);
  }

  /** `    8 Query<TAB>`; the tab may be missing where the line ends. The id takes `width` places at least. */
  #readThreadAndCommand(units: Units, from: number, end: number, width: number): boolean {
    const { bytes } = units;
    let at = from;
    while (bytes[at] === SPACE) at++;
    const digits = at;
    let id = 0;
    for (;;) {
      const digit = (bytes[at] as number) - 48;
      if (!(digit >= 0 && digit <= 9)) break;
      id = id * 10 + digit;
      at++;
    }
    if (at === digits || at - digits > 15 || at - from < width || bytes[at] !== SPACE) return false;
    at++;
    const command = readCommand(units, at, end);
    if (command === undefined) return false;
    this.threadId = id;
    this.command = command;
    const after = at + command.length;
    this.statementAt = after < end ? after + 1 : after;
    return true;
  }
}

/** The command at `at`, which ends with a tab or the line. So "Connect Out" is not read as "Connect". */
function readCommand(units: Units, at: number, end: number): Command | undefined {
  // Nearly always one of these two.
  if (units.has(QUERY, at)) return "Query";
  if (units.has(EXECUTE, at)) return "Execute";
  const { text } = units;
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
