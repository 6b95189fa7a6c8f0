import { ByteWords } from "../../lib/byte-words.ts";
import { endOfIsoTime, IsoTimes, readLocalTime } from "../times.ts";
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
  /**
   * The time: with its fraction and in UTC for MySQL, whole local seconds for MariaDB, in microseconds since the epoch. NaN for a record
   * that has none of its own.
   */
  timeMicros = Number.NaN;
  threadId = 0;
  command: Command = "Query";
  /** Where the statement begins in the bytes. */
  statementAt = 0;
  readonly #times = new IsoTimes();

  /**
   * Whether the line from `at` to `end` begins with a header. At `end` is its newline, or the bytes end.
   * @param isEnded whether there is a newline
   */
  read(units: Units, at: number, end: number, isEnded: boolean): boolean {
    const { bytes } = units;
    if (bytes[at] === TAB) {
      if (bytes[at + 1] !== TAB) return false;
      this.form = null;
      this.timeMicros = Number.NaN;
      return this.#readThreadAndCommand(units, at + 2, end, 1, isEnded);
    }
    if (end - at <= LOCAL_LENGTH) return false;
    if (bytes[at + 6] === SPACE) {
      this.form = "mariadb";
      const time = readLocalTime(bytes, at);
      if (bytes[at + LOCAL_LENGTH] !== TAB || Number.isNaN(time)) return false;
      this.timeMicros = time;
      return this.#readThreadAndCommand(units, at + LOCAL_LENGTH + 1, end, 1, isEnded);
    }
    if (end - at <= UTC_LENGTH) return false;
    const time = this.#times.read(units, at);
    if (Number.isNaN(time)) return false;
    this.timeMicros = time;
    const after = endOfIsoTime(bytes, at);
    if (bytes[after] === TAB) {
      this.form = "mysql";
      return this.#readThreadAndCommand(units, after + 1, end, 1, isEnded);
    }
    this.form = "mysql-untabbed";
    return this.#readThreadAndCommand(units, after, end, ID_WIDTH, isEnded);
  }

  /** `    8 Query<TAB>`; the tab may be missing where the line ends. The id takes `width` places at least. */
  #readThreadAndCommand(units: Units, from: number, end: number, width: number, isEnded: boolean): boolean {
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
    const command = readCommand(units, at, end, isEnded);
    if (command === undefined) return false;
    this.threadId = id;
    this.command = command;
    const after = at + command.length;
    this.statementAt = after < end ? after + 1 : after;
    return true;
  }
}

/** The command at `at`, which ends with a tab or the line. So "Connect Out" is not read as "Connect". */
function readCommand(units: Units, at: number, end: number, isEnded: boolean): Command | undefined {
  // Nearly always one of these two.
  if (units.has(QUERY, at)) return "Query";
  if (units.has(EXECUTE, at)) return "Execute";
  const { bytes } = units;
  for (const { command, name } of COMMANDS_BY_INITIAL[bytes[at] as number] ?? []) {
    const after = at + command.length;
    if ((bytes[after] === TAB || (isEnded && after === end)) && units.has(name, at)) return command;
  }
  return undefined;
}

const COMMANDS_BY_INITIAL: { command: Command; name: ByteWords }[][] = [];
for (const command of COMMANDS) {
  const initial = command.charCodeAt(0);
  const others = COMMANDS_BY_INITIAL[initial] ?? [];
  COMMANDS_BY_INITIAL[initial] = [...others, { command, name: new ByteWords(command) }];
}
