import { isUtf8 } from "node:buffer";
import type { Dialect } from "../../sql-text/dialect.ts";
import type { Parser, ParserOptions } from "../kind.ts";
import type { LeftOut, LogRecord } from "../record.ts";
import { Units } from "../units.ts";
import { isBanner, isBannerMiddle, MAX_BANNER, mayBeBannerAt } from "./banner.ts";
import { BlockText, decode } from "./block-text.ts";
import { Header, type HeaderForm } from "./header.ts";
import { Open } from "./open-record.ts";
import type { LogPosition, ParserSnapshot } from "./parser-state.ts";
import { PartialLine } from "./partial-line.ts";
import { ReadRecord } from "./read-record.ts";

/*
 * Reads the general query log of MySQL 5.5 to 9.7 and of MariaDB: bytes in, records out. Pure: it does no I/O. Bytes may be cut
 * anywhere between two calls, also inside a UTF-8 sequence; the records are the same.
 *
 * The log has no escaping: a record ends only where the next header of a known command begins, or a server's banner. So a
 * statement that holds a line which looks exactly like a header (a general log pasted into a table, say) is read as two
 * records. No reader of this format can tell; the test is made as narrow as the servers' own format strings are
 * (File_query_log::write_general in MySQL, MYSQL_QUERY_LOG::write in MariaDB).
 */

/** The longest statement that is kept whole unless the caller says otherwise. */
export const MAX_STATEMENT = 1024 * 1024;

/** The most bytes that UTF-8 takes for one UTF-16 code unit. */
const MAX_BYTES_PER_UNIT = 3;

/** So much of a line shows whether it is the middle of a banner, in bytes. */
const MAX_BANNER_MIDDLE = 16;

const LF = 10;
const TAB = 9;

// What a line is.
const HEADER = 0;
const BANNER = 1;
/** A part of a statement, or nothing that is known. */
const TEXT = 2;
/** What is done with a record. */
type TakeRecord = (record: LogRecord) => void;
type LineKind = typeof HEADER | typeof BANNER | typeof TEXT;

/**
 * An incremental parser of one general log. Memory is bounded by a few times `maxStatement` and the size of a chunk,
 * whatever the log holds. Nothing makes it throw.
 */
export class LogParser implements Parser {
  readonly #maxStatement: number;
  readonly #zoneMicros: number;
  readonly #header = new Header();
  /** The lines that are read. */
  readonly #units = new Units();
  /** Whether all of them are UTF-8. */
  #isUtf8 = true;
  readonly #texts = new BlockText();
  /** The record that is given out. */
  readonly #record = new ReadRecord(this.#texts);

  #format: HeaderForm | null = null;
  #secondMicros: number | null = null;
  /** The record whose end has not been seen, with what was read of its statement before these lines. */
  readonly #open = new Open();

  /** The line whose end has not been read. Of its bytes, those that can't be part of a kept statement only count. */
  readonly #line: PartialLine;
  /** Where that line begins in the log. */
  #lineStart = 0;

  /** What was left out since a record or takeLeftOut last reported it. */
  #undatedRecords = 0;
  #strayBytes = 0;
  #isFileBegun = false;
  #isReopened = false;

  constructor(options: ParserOptions = {}) {
    this.#maxStatement = Math.max(1, options.maxStatement ?? MAX_STATEMENT);
    this.#line = new PartialLine(MAX_BANNER + MAX_BYTES_PER_UNIT * (this.#maxStatement + 1));
    this.#zoneMicros = (options.zoneOffsetMinutes ?? 0) * 60_000_000;
    const { from } = options;
    if (from === undefined) return;
    this.#lineStart = from.offset;
    this.#format = from.format;
    this.#secondMicros = from.secondMicros;
    this.#isFileBegun = from.isFileBegun ?? false;
    this.#isReopened = from.isReopened ?? false;
    if (!("line" in from)) return;
    this.#open.restore(from.open);
    this.#line.add(from.line);
    this.#line.length = from.lineBytes;
    this.#undatedRecords = from.undatedRecords;
    this.#strayBytes = from.strayBytes;
  }

  /** What is read next is the beginning of a file: a banner there is the file's own, and says nothing of what came before. */
  beginFile(): void {
    this.#isFileBegun = true;
  }

  /**
   * Reads the next bytes of the log.
   * @returns the records that these bytes completed. Their statements share memory with the text around them: a statement that
   *   is kept keeps up to 32 KB in memory. To keep one for long, copy it.
   */
  push(chunk: Uint8Array): LogRecord[] {
    const records: LogRecord[] = [];
    this.read(chunk, (record) => records.push(ownCopy(record)));
    return records;
  }

  /**
   * Reads the next bytes of the log.
   * @param take is given each record that these bytes completed: mostly the same object, which is valid until the next record
   */
  read(chunk: Uint8Array, take: TakeRecord): void {
    let from = 0;
    if (this.#line.length > 0) {
      const newline = chunk.indexOf(LF);
      from = newline < 0 ? chunk.length : newline + 1;
      this.#line.add(chunk.subarray(0, from));
      if (newline < 0) return;
      this.#completeLine(take);
    }
    const last = chunk.lastIndexOf(LF) + 1;
    if (from < last) this.#readLines(chunk.subarray(from, last), last - from, take);
    if (last < chunk.length) this.#line.add(chunk.subarray(Math.max(from, last)));
  }

  /** Changes nothing: a record's beginning does not depend on how the line before it ended. */
  loseEndOfLine(): void {
    // The open record goes on with the next line.
  }

  /** Ends the log: the open record is complete. Only for a log that will not grow; the end of a portion is not the end. */
  end(): LogRecord[] {
    const records: LogRecord[] = [];
    const take: TakeRecord = (record) => records.push(ownCopy(record));
    if (this.#line.length > 0) this.#completeLine(take);
    this.#close(this.#lineStart, take);
    return records;
  }

  /** Where to go on from, with a parser that has read nothing: the open record is read again. */
  position(): LogPosition {
    const open = this.#open.state;
    return {
      offset: open?.start ?? this.#lineStart,
      format: this.#format,
      secondMicros: this.#secondMicros,
      isFileBegun: this.#isFileBegun,
      isReopened: open?.isAfterOpening ?? this.#isReopened,
    };
  }

  /** All that is needed to go on with the next byte. */
  snapshot(): ParserSnapshot {
    return {
      offset: this.#lineStart,
      format: this.#format,
      secondMicros: this.#secondMicros,
      open: this.#open.state,
      line: this.#line.kept.slice(),
      lineBytes: this.#line.length,
      undatedRecords: this.#undatedRecords,
      strayBytes: this.#strayBytes,
      isFileBegun: this.#isFileBegun,
      isReopened: this.#isReopened,
    };
  }

  /** The server whose log it is, by the last header read; null before the first. MySQL 5.5's and 5.6's look like MariaDB's. */
  get dialect(): Dialect | null {
    return this.#format === "mysql-untabbed" ? "mysql" : this.#format;
  }

  /** What was left out since the last report. A caller that does not want to wait for the next record's takes it; it is reported once. */
  takeLeftOut(): LeftOut | null {
    if (this.#strayBytes === 0 && this.#undatedRecords === 0) return null;
    const leftOut = { strayBytes: this.#strayBytes, undatedRecords: this.#undatedRecords };
    this.#strayBytes = 0;
    this.#undatedRecords = 0;
    return leftOut;
  }

  /** How many bytes have been read, of all the log. */
  get bytesRead(): number {
    return this.#lineStart + this.#line.length;
  }

  #completeLine(take: TakeRecord): void {
    this.#readLines(this.#line.kept, this.#line.length, take);
    this.#line.clear();
  }

  /**
   * Reads whole lines, or the last line of a log.
   * @param length how many bytes they have in the log: more than `bytes` for a line that was not kept whole, which comes alone
   */
  #readLines(bytes: Uint8Array, length: number, take: TakeRecord): void {
    const units = this.#units;
    const header = this.#header;
    const open = this.#open;
    const texts = this.#texts;
    units.beginBytes(bytes);
    texts.begin(bytes);
    this.#isUtf8 = isUtf8(bytes);
    const blockStart = this.#lineStart;
    open.at = -1;
    open.isWhole = false;
    let at = 0;
    while (at < bytes.length) {
      const newline = texts.endOfLine(at);
      const next = newline < 0 ? bytes.length : newline + 1;
      switch (this.#kindOfLine(at, newline, next)) {
        case HEADER:
          this.#closeAt(at, blockStart, take);
          this.#begin(header, blockStart + at);
          break;
        case BANNER:
          this.#closeAt(at, blockStart, take);
          this.#isReopened = !this.#isFileBegun;
          break;
        case TEXT:
          if (!open.isOpen) this.#leaveOut(at, next === bytes.length ? length : next);
          else if (open.at < 0) open.at = at;
      }
      at = next;
    }
    if (open.isOpen && open.at >= 0) this.#append(bytes.length);
    this.#lineStart = blockStart + length;
  }

  /**
   * What a line is. A HEADER has been read by then.
   * @param newline -1 where it has none
   * @param next where the next line begins
   */
  #kindOfLine(at: number, newline: number, next: number): LineKind {
    const { bytes } = this.#units;
    const first = bytes[at] as number;
    if ((first >= 48 && first <= 57) || first === TAB) {
      const header = this.#header;
      const isEnded = newline >= 0;
      if (header.read(this.#units, at, isEnded ? newline : next, isEnded))
        return this.#acceptHeader(header) ? HEADER : TEXT;
    }
    return mayBeBannerAt(bytes, at, next) && isBanner(decode(bytes.subarray(at, next))) ? BANNER : TEXT;
  }

  /** Counts a line that belongs to no record. @param next where the next one begins in the log, from the beginning of this block on */
  #leaveOut(at: number, next: number): void {
    const line = decode(this.#units.bytes.subarray(at, at + MAX_BANNER_MIDDLE));
    if (!isBannerMiddle(line, 0)) this.#strayBytes += next - at;
  }

  /**
   * Whether what looks like a header is one here. Two tabs begin a record only in a log of MariaDB; a time without a tab behind it
   * only in a log of that form, or where no record is open.
   */
  #acceptHeader({ form, timeMicros }: Header): boolean {
    const open = this.#open;
    if (form === "mysql-untabbed" && this.#format !== form && open.isOpen) return false;
    if (form !== null) {
      this.#format = form;
      this.#secondMicros = form === "mariadb" ? timeMicros - this.#zoneMicros : null;
      return true;
    }
    if (this.#format !== null) return this.#format === "mariadb";
    // A log that is read from its middle: its form is not known yet.
    return !open.isOpen || Number.isNaN(open.timeMicros);
  }

  #begin({ form, timeMicros, threadId, command, statementAt }: Header, start: number): void {
    const open = this.#open;
    const hasOwnTime = form !== null && form !== "mariadb";
    open.isOpen = true;
    open.timeMicros = hasOwnTime ? timeMicros : (this.#secondMicros ?? Number.NaN);
    open.threadId = threadId;
    open.command = command;
    open.start = start;
    open.text = "";
    open.length = 0;
    open.at = statementAt;
    open.isWhole = true;
    open.leftOut = undefined;
    open.isAfterOpening = undefined;
    if (!Number.isNaN(open.timeMicros)) open.leftOut = this.takeLeftOut() ?? undefined;
    this.#isFileBegun = false;
    if (!this.#isReopened) return;
    open.isAfterOpening = true;
    this.#isReopened = false;
  }

  /** Adds what the open record's statement has of these lines up to `to` to what it had before. */
  #append(to: number): void {
    const open = this.#open;
    const text = decode(this.#units.bytes.subarray(open.at, to));
    // One more than the limit, for the newline, which is not a part of the statement.
    const room = this.#maxStatement + 1 - open.length;
    open.length += text.length;
    if (room > 0) open.text += text.slice(0, room);
  }

  /** Completes the open record, which ends before the line at `at`. @param blockStart where these lines begin in the log */
  #closeAt(at: number, blockStart: number, take: TakeRecord): void {
    const open = this.#open;
    if (!open.isOpen) return;
    // A text has no more UTF-16 units than bytes, so this one is not too long.
    if (open.isWhole && at - 1 - open.at <= this.#maxStatement) {
      const { bytes } = this.#units;
      const isUtf8There = this.#isUtf8 || isUtf8(bytes.subarray(open.at, at - 1));
      this.#record.standsIn(isUtf8There ? bytes : null, open.at, at - 1);
      this.#record.truncated = false;
      this.#give(blockStart + at, take);
      return;
    }
    if (open.at >= 0) this.#append(at);
    this.#close(blockStart + at, take);
  }

  /** Completes the open record, of whose statement all has been appended. */
  #close(end: number, take: TakeRecord): void {
    const open = this.#open;
    if (!open.isOpen) return;
    const { text, length } = open;
    let truncated = length > this.#maxStatement;
    let cut = truncated ? this.#maxStatement : length;
    if (length > 0 && length <= this.#maxStatement + 1 && text.charCodeAt(length - 1) === LF) {
      truncated = false;
      cut = length - 1;
    } else if (truncated && isHighSurrogate(text.charCodeAt(cut - 1))) {
      cut--;
    }
    this.#record.isText(cut === text.length ? text : text.slice(0, cut));
    this.#record.truncated = truncated;
    this.#give(end, take);
  }

  /** Gives the open record out, whose statement is known. */
  #give(end: number, take: TakeRecord): void {
    const open = this.#open;
    open.isOpen = false;
    open.at = -1;
    open.isWhole = false;
    if (Number.isNaN(open.timeMicros)) {
      this.#undatedRecords++;
      return;
    }
    const record = this.#record;
    record.timeMicros = open.timeMicros;
    record.threadId = open.threadId;
    record.command = open.command;
    record.start = open.start;
    record.end = end;
    const { leftOut, isAfterOpening } = open;
    if (leftOut === undefined && isAfterOpening !== true) {
      take(record);
      return;
    }
    const rare = record.copy();
    if (leftOut !== undefined) rare.leftOut = leftOut;
    if (isAfterOpening === true) rare.isAfterOpening = true;
    take(rare);
  }
}

const ownCopy = (record: LogRecord): LogRecord => (record instanceof ReadRecord ? record.copy() : record);

function isHighSurrogate(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800;
}
