/*
 * Reads the general query log of MySQL 5.7, 8.0 and 8.4 and of MariaDB, bytes in, records out. Pure: it does no I/O. Bytes
 * may be cut anywhere between two calls, inside a UTF-8 sequence too; the records are the same.
 *
 * The log has no escaping: a record ends only where the next header of a known command begins, or a server's banner. So a
 * statement that holds a line which looks exactly like a header (a general log pasted into a table, say) is read as two
 * records. No reader of this format can tell; the test is made as narrow as the servers' own format strings are
 * (File_query_log::write_general in MySQL, MYSQL_QUERY_LOG::write in MariaDB).
 */

/** One record of the general log. */
export interface LogRecord {
  /** Microseconds since the epoch. MariaDB's log has whole seconds only. */
  timeMicros: number;
  /** The connection's id. */
  threadId: number;
  command: Command;
  /** What follows the command: SQL, or what the command says of itself, such as `app@10.0.0.7 on shop using TCP/IP`. */
  statement: string;
  /** The statement was longer than the parser keeps, and has lost its end. */
  truncated: boolean;
  /** Where the record begins in the log, in bytes. */
  start: number;
  /** Where it ends: the first byte that is not its own. */
  end: number;
}

/**
 * Every name that a server writes for a command: `Command_names::m_names` in MySQL's sql_parse.cc (5.7 to 8.4, where 8.0.26
 * renamed `Register Slave`), and `command_name` in MariaDB's.
 */
export const COMMANDS = [
  "Sleep",
  "Quit",
  "Init DB",
  "Query",
  "Field List",
  "Create DB",
  "Drop DB",
  "Refresh",
  "Shutdown",
  "Statistics",
  "Processlist",
  "Connect",
  "Kill",
  "Debug",
  "Ping",
  "Time",
  "Delayed insert",
  "Change user",
  "Binlog Dump",
  "Table Dump",
  "Connect Out",
  "Register Slave",
  "Register Replica",
  "Prepare",
  "Execute",
  "Long Data",
  "Close stmt",
  "Reset stmt",
  "Set option",
  "Fetch",
  "Daemon",
  "Binlog Dump GTID",
  "Reset Connection",
  "clone",
  "Group Replication Data Stream subscription",
  "Error",
  // MariaDB's own.
  "Unimpl get tid",
  "Reset connection",
  "Bulk_execute",
  "Slave_worker",
  "Slave_IO",
  "Slave_SQL",
  "Com_multi",
] as const;
/** The name of a command, as the server writes it. */
export type Command = (typeof COMMANDS)[number];

/** Whose log this is, as far as the last header told. */
type Format = "mysql" | "mariadb";

/** As much as a parser needs to go on from the beginning of the record that was open. JSON keeps it. */
export interface LogPosition {
  /** The first byte that belongs to no complete record: read on from here. */
  offset: number;
  format: Format | null;
  /** The second that MariaDB's records without a time of their own belong to, in microseconds since the epoch. */
  secondMicros: number | null;
}

/** The record whose end has not been seen. */
interface OpenRecord {
  /** Null when no time was known for it; it is counted then, and not emitted. */
  timeMicros: number | null;
  threadId: number;
  command: Command;
  start: number;
  /** The first characters of the statement, with the newline of every line that was read. */
  text: string;
  /** How many characters all of it has. */
  length: number;
}

/** A parser's whole state, for going on with the next byte. Structured clone keeps it; as large as the open record. */
export interface ParserSnapshot extends LogPosition {
  open: OpenRecord | null;
  /** The beginning of the line that is not complete. */
  line: Uint8Array;
  /** How many bytes that line has. */
  lineBytes: number;
  undatedRecords: number;
  strayBytes: number;
}

/** What a parser may be told. */
export interface ParserOptions {
  /** The longest statement that is kept whole, in UTF-16 code units. Longer ones are cut. */
  maxStatement?: number;
  /** How far the server's clock zone is ahead of UTC. MariaDB logs local time; on RDS that is UTC unless `time_zone` is set. */
  zoneOffsetMinutes?: number;
  /** Where to go on: from a position, with the byte at its offset; from a snapshot, with the byte after the last one read. */
  from?: LogPosition | ParserSnapshot;
}

/** The longest statement that is kept whole unless the caller says otherwise. */
export const MAX_STATEMENT = 1024 * 1024;

/** How many bytes are decoded in one go. One call for a few hundred records, not one for each, is what makes this fast. */
const BLOCK_BYTES = 32 * 1024;
/**
 * A block with a character beyond ASCII is halved down to this size, so that one emoji does not make two-byte strings, which
 * everything is slower with, of all the statements around it.
 */
const SMALL_BLOCK_BYTES = 2 * 1024;
/** A header is judged by its line's beginning. Banners are the longest, for the path of the server. */
const MAX_HEADER = 1024;
/** The most bytes that UTF-8 takes for one UTF-16 code unit. */
const MAX_BYTES_PER_UNIT = 3;

const LF = 10;
const TAB = 9;
const SPACE = 32;

/**
 * An incremental parser of one general log. Memory is bounded by a few times `maxStatement` and the size of a chunk,
 * whatever the log holds. Nothing makes it throw.
 */
export class LogParser {
  readonly #maxStatement: number;
  readonly #zoneMicros: number;
  readonly #decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
  readonly #header = new Header();

  #format: Format | null = null;
  #secondMicros: number | null = null;
  #open: OpenRecord | null = null;

  /** The incomplete line: its first bytes, how many of them are kept, and how many there were. */
  #line = new Uint8Array(256);
  #lineKept = 0;
  #lineBytes = 0;
  /** Where that line begins in the log. */
  #lineStart = 0;
  #records: LogRecord[] = [];

  /** Records that had to be left out since MariaDB gave them no time and the one before them was not read. */
  undatedRecords = 0;
  /** Bytes that belong to no record and no banner: what is left of a record whose beginning was not read. */
  strayBytes = 0;

  constructor(options: ParserOptions = {}) {
    this.#maxStatement = Math.max(1, options.maxStatement ?? MAX_STATEMENT);
    this.#zoneMicros = (options.zoneOffsetMinutes ?? 0) * 60_000_000;
    const { from } = options;
    if (from === undefined) return;
    this.#lineStart = from.offset;
    this.#format = from.format;
    this.#secondMicros = from.secondMicros;
    if (!("line" in from)) return;
    this.#open = from.open === null ? null : { ...from.open };
    this.#lineStart = from.offset;
    this.#keep(from.line);
    this.#lineBytes = from.lineBytes;
    this.undatedRecords = from.undatedRecords;
    this.strayBytes = from.strayBytes;
  }

  /**
   * Reads the next bytes of the log.
   * @returns the records that these bytes completed. Their statements may share memory with the text around them: keep a
   *   record for long and some 64 KB stay with it.
   */
  push(chunk: Uint8Array): LogRecord[] {
    let from = 0;
    if (this.#lineBytes > 0) {
      const newline = chunk.indexOf(LF);
      from = newline < 0 ? chunk.length : newline + 1;
      this.#keep(chunk.subarray(0, from));
      if (newline < 0) return [];
      this.#completeLine();
    }
    const last = chunk.lastIndexOf(LF) + 1;
    while (from < last) {
      let to = last;
      if (last - from > BLOCK_BYTES) {
        to = chunk.lastIndexOf(LF, from + BLOCK_BYTES - 1) + 1;
        // A line longer than a block.
        if (to <= from) to = chunk.indexOf(LF, from + BLOCK_BYTES) + 1;
      }
      this.#readBlock(chunk.subarray(from, to), to - from);
      from = to;
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from));
    return this.#take();
  }

  /** Ends the log: the open record is complete. Only for a log that will not grow; the end of a portion is not the end. */
  end(): LogRecord[] {
    if (this.#lineBytes > 0) this.#completeLine();
    this.#close(this.#lineStart);
    return this.#take();
  }

  /** Where to go on from, with a parser that has read nothing: the open record is read again. */
  position(): LogPosition {
    return {
      offset: this.#open?.start ?? this.#lineStart,
      format: this.#format,
      secondMicros: this.#secondMicros,
    };
  }

  /** Everything there is to go on with the next byte. */
  snapshot(): ParserSnapshot {
    return {
      offset: this.#lineStart,
      format: this.#format,
      secondMicros: this.#secondMicros,
      open: this.#open === null ? null : { ...this.#open, text: detach(this.#open.text) },
      line: this.#line.slice(0, this.#lineKept),
      lineBytes: this.#lineBytes,
      undatedRecords: this.undatedRecords,
      strayBytes: this.strayBytes,
    };
  }

  /** How many bytes have been read, of all the log. */
  get bytesRead(): number {
    return this.#lineStart + this.#lineBytes;
  }

  /** Begins or lengthens the incomplete line. What is beyond the longest statement, whatever the encoding, only counts. */
  #keep(bytes: Uint8Array): void {
    const room = MAX_HEADER + MAX_BYTES_PER_UNIT * (this.#maxStatement + 1) - this.#lineKept;
    const kept = bytes.length > room ? bytes.subarray(0, Math.max(0, room)) : bytes;
    const needed = this.#lineKept + kept.length;
    if (needed > this.#line.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#line.length));
      larger.set(this.#line.subarray(0, this.#lineKept));
      this.#line = larger;
    }
    this.#line.set(kept, this.#lineKept);
    this.#lineKept = needed;
    this.#lineBytes += bytes.length;
  }

  #completeLine(): void {
    const line = this.#line.subarray(0, this.#lineKept);
    const bytes = this.#lineBytes;
    this.#lineKept = 0;
    this.#lineBytes = 0;
    this.#readBlock(line, bytes);
    if (this.#line.length > BLOCK_BYTES) this.#line = new Uint8Array(256);
  }

  #take(): LogRecord[] {
    const records = this.#records;
    this.#records = [];
    return records;
  }

  /** Reads whole lines, or the last line of a log. A line that has lost its end comes alone. */
  #readBlock(bytes: Uint8Array, length: number): void {
    const text = this.#decoder.decode(bytes);
    // No character then took more than a byte, and an index of the text is one of the bytes.
    const aligned = text.length === bytes.length && length === bytes.length;
    if (!aligned && bytes.length > SMALL_BLOCK_BYTES) {
      const middle = bytes.lastIndexOf(LF, bytes.length >> 1) + 1;
      if (middle > 0 && middle < bytes.length) {
        this.#readBlock(bytes.subarray(0, middle), middle);
        this.#readBlock(bytes.subarray(middle), length - middle);
        return;
      }
    }
    const header = this.#header;
    const blockStart = this.#lineStart;
    let byteAt = 0;
    let statementAt = -1;
    let at = 0;
    while (at < text.length) {
      const newline = text.indexOf("\n", at);
      const next = newline < 0 ? text.length : newline + 1;
      const lineStart = blockStart + (aligned ? at : byteAt);
      if (!aligned) {
        const newlineByte = bytes.indexOf(LF, byteAt);
        byteAt = newlineByte < 0 ? length : newlineByte + 1;
      }
      const first = text.charCodeAt(at);
      if (
        ((first >= 48 && first <= 57) || first === TAB) &&
        header.read(text, at, newline < 0 ? text.length : newline)
      ) {
        if (this.#acceptHeader(header)) {
          this.#append(text, statementAt, at);
          this.#close(lineStart);
          this.#begin(header, lineStart);
          statementAt = header.statementAt;
          at = next;
          continue;
        }
      } else if (mayBeBanner(text, first, at, next) && isBanner(text.slice(at, next))) {
        this.#append(text, statementAt, at);
        this.#close(lineStart);
        statementAt = -1;
        at = next;
        continue;
      }
      if (this.#open === null) {
        if (!isBannerMiddle(text, at)) {
          this.strayBytes += (aligned ? blockStart + next : blockStart + byteAt) - lineStart;
        }
      } else if (statementAt < 0) {
        statementAt = at;
      }
      at = next;
    }
    this.#append(text, statementAt, text.length);
    this.#lineStart = blockStart + length;
  }

  /** Whether the header can be one here: only in a log of MariaDB does a record begin with two tabs. */
  #acceptHeader({ format, timeMicros }: Header): boolean {
    if (format !== null) {
      this.#format = format;
      this.#secondMicros = format === "mariadb" && timeMicros !== null ? timeMicros - this.#zoneMicros : null;
      return true;
    }
    if (this.#format !== null) return this.#format === "mariadb";
    // A log that is read from its middle.
    return this.#open === null || this.#open.timeMicros === null;
  }

  #begin(header: Header, start: number): void {
    const { format, threadId, command } = header;
    const timeMicros = format === "mysql" ? header.timeMicros : this.#secondMicros;
    this.#open = { timeMicros, threadId, command, start, text: "", length: 0 };
  }

  /** Adds `text` from `from` (or nothing, below zero) to `to` to the open record's statement. */
  #append(text: string, from: number, to: number): void {
    const open = this.#open;
    if (open === null || from < 0) return;
    // One more than is kept, for the newline that does not belong to the statement.
    const room = this.#maxStatement + 1 - open.length;
    open.length += to - from;
    if (room <= 0) return;
    const piece = text.slice(from, Math.min(to, from + room));
    open.text = open.text === "" ? piece : open.text + piece;
  }

  #close(end: number): void {
    const open = this.#open;
    if (open === null) return;
    this.#open = null;
    const { timeMicros, threadId, command, start, text, length } = open;
    if (timeMicros === null) {
      this.undatedRecords++;
      return;
    }
    let truncated = length > this.#maxStatement;
    let cut = truncated ? this.#maxStatement : length;
    if (length > 0 && length <= this.#maxStatement + 1 && text.charCodeAt(length - 1) === LF) {
      truncated = false;
      cut = length - 1;
    } else if (truncated && isHighSurrogate(text.charCodeAt(cut - 1))) {
      cut--;
    }
    const statement = cut === text.length ? text : text.slice(0, cut);
    this.#records.push({ timeMicros, threadId, command, statement, truncated, start, end });
  }
}

function isHighSurrogate(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800;
}

/** A copy that holds on to no other text. */
function detach(text: string): string {
  return new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(new TextEncoder().encode(text));
}

/** `/rdsdbbin/mysql/bin/mysqld, Version: 8.0.43 (Source distribution). started with:` */
const BANNER_FIRST = /^\S.*, Version: .*started with:[ \t]*\r?\n?$/;
/** `Time                 Id Command    Argument`, with tabs in MariaDB's. */
const BANNER_LAST = /^Time[ \t]+Id Command[ \t]+Argument[ \t]*\r?\n?$/;

/** Cheaper than the patterns: does the line end with `started with:`, or begin with `Time` and a space or tab? */
function mayBeBanner(text: string, first: number, at: number, next: number): boolean {
  if (next - at > MAX_HEADER || next - at < 16) return false;
  if (first === 84 && text.startsWith("ime", at + 1)) return true;
  let end = next - 1;
  while (end > at && text.charCodeAt(end) <= SPACE) end--;
  return text.charCodeAt(end) === 58 && text.startsWith("started with", end - 12);
}

function isBanner(line: string): boolean {
  return BANNER_FIRST.test(line) || BANNER_LAST.test(line);
}

/** `Tcp port: 3306  Unix socket: /tmp/mysql.sock`, or on Windows `TCP Port: 3306, Named Pipe: MySQL`. */
function isBannerMiddle(text: string, at: number): boolean {
  return text.startsWith("Tcp port: ", at) || text.startsWith("TCP Port: ", at);
}

/** Reads one header into its own fields, so that none is allocated for the lines that are none. */
class Header {
  /** Null for a record of MariaDB's that has no time of its own. */
  format: Format | null = null;
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
    let tab: number;
    if (text.charCodeAt(at) === TAB) {
      if (text.charCodeAt(at + 1) !== TAB) return false;
      this.format = null;
      this.timeMicros = null;
      tab = at + 1;
    } else if (text.charCodeAt(at + 6) === SPACE) {
      this.format = "mariadb";
      tab = this.#readLocalTime(text, at);
    } else {
      this.format = "mysql";
      tab = this.#readIsoTime(text, at);
    }
    return tab > 0 && this.#readThreadAndCommand(text, tab + 1, end);
  }

  /** `2026-11-23T05:36:15.123456Z`. Returns the place of the tab after it, or -1. */
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
    let tab = at + 27;
    const zone = text.charCodeAt(at + 26);
    if (zone === 43 || zone === 45) {
      if (text.charCodeAt(at + 29) !== 58) return -1;
      const offset = twoDigits(text, at + 27) * 60 + twoDigits(text, at + 30);
      time -= (zone === 43 ? offset : -offset) * 60_000_000;
      tab = at + 32;
    } else if (zone !== 90) {
      return -1;
    }
    // Whatever was not a digit made it NaN.
    if (text.charCodeAt(tab) !== TAB || Number.isNaN(time)) return -1;
    this.timeMicros = time;
    return tab;
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

  /** `    8 Query<TAB>`; the tab may be missing where the line ends. */
  #readThreadAndCommand(text: string, from: number, end: number): boolean {
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
    if (at === digits || at - digits > 15 || text.charCodeAt(at) !== SPACE) return false;
    at++;
    const command = readCommand(text, at, end);
    if (command === undefined) return false;
    this.threadId = id;
    this.command = command;
    const after = at + command.length;
    this.statementAt = after < end ? after + 1 : after;
    return true;
  }

  /** The day's beginning in microseconds, NaN when there is no such day. The log stays on one day for long. */
  #day(year: number, month: number, day: number): number {
    const days = (year * 16 + month) * 32 + day;
    if (days === this.#days) return this.#dayMicros;
    if (!(month >= 1 && month <= 12 && day >= 1 && day <= 31)) return Number.NaN;
    const millis = Date.UTC(year, month - 1, day);
    // 31 June, and years below 100, which Date.UTC takes for those of the twentieth century.
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

/** The known command that stands at `at` and ends with a tab or the line; the longest, since "Connect Out" is one too. */
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

/** Whether a line that has its newline ends at `at`. */
function endsLine(text: string, at: number, end: number): boolean {
  return at === end && end < text.length;
}

const COMMANDS_BY_INITIAL: Command[][] = [];
for (const command of COMMANDS) {
  const initial = command.charCodeAt(0);
  COMMANDS_BY_INITIAL[initial] = [...(COMMANDS_BY_INITIAL[initial] ?? []), command];
}
