import type { Dialect } from "../../sql-text/dialect.ts";
import type { Parser, ParserOptions } from "../kind.ts";
import type { LeftOut, LogRecord } from "../record.ts";
import { Units } from "../units.ts";
import { isBanner, isBannerMiddle, MAX_BANNER, mayBeBanner } from "./banner.ts";
import { Header, type HeaderForm } from "./header.ts";
import type { LogPosition, OpenRecord, ParserSnapshot } from "./parser-state.ts";
import { PartialLine } from "./partial-line.ts";

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

/** How many bytes are decoded at once. Decoding a few hundred records in one call, not each by itself, is what makes this fast. */
const BLOCK_BYTES = 32 * 1024;
/**
 * A block with a character beyond ASCII is read in pieces of this size. V8 stores a string with such a character in two bytes a
 * character, and everything is slower with that: one emoji is not to slow down all the statements around it.
 */
const SMALL_BLOCK_BYTES = 2 * 1024;
/** The most bytes that UTF-8 takes for one UTF-16 code unit. */
const MAX_BYTES_PER_UNIT = 3;

const LF = 10;
const TAB = 9;

// What a line is.
const HEADER = 0;
const BANNER = 1;
/** A part of a statement, or nothing that is known. */
const TEXT = 2;
type LineKind = typeof HEADER | typeof BANNER | typeof TEXT;

/**
 * An incremental parser of one general log. Memory is bounded by a few times `maxStatement` and the size of a chunk,
 * whatever the log holds. Nothing makes it throw.
 */
export class LogParser implements Parser {
  readonly #maxStatement: number;
  readonly #zoneMicros: number;
  readonly #decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
  readonly #header = new Header();
  /** The text that is read. */
  readonly #units = new Units();

  #format: HeaderForm | null = null;
  #secondMicros: number | null = null;
  #open: OpenRecord | null = null;

  /** The line whose end has not been read. Of its bytes, those that can't be part of a kept statement only count. */
  readonly #line: PartialLine;
  /** Where that line begins in the log. */
  #lineStart = 0;
  #records: LogRecord[] = [];

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
    this.#open = from.open === null ? null : { ...from.open };
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
   *   is kept keeps up to 64 KB in memory. To keep one for long, copy it.
   */
  push(chunk: Uint8Array): LogRecord[] {
    let from = 0;
    if (this.#line.length > 0) {
      const newline = chunk.indexOf(LF);
      from = newline < 0 ? chunk.length : newline + 1;
      this.#line.add(chunk.subarray(0, from));
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
    if (from < chunk.length) this.#line.add(chunk.subarray(from));
    return this.#take();
  }

  /** Changes nothing: a record's beginning does not depend on how the line before it ended. */
  loseEndOfLine(): void {
    // The open record goes on with the next line.
  }

  /** Ends the log: the open record is complete. Only for a log that will not grow; the end of a portion is not the end. */
  end(): LogRecord[] {
    if (this.#line.length > 0) this.#completeLine();
    this.#close(this.#lineStart);
    return this.#take();
  }

  /** Where to go on from, with a parser that has read nothing: the open record is read again. */
  position(): LogPosition {
    return {
      offset: this.#open?.start ?? this.#lineStart,
      format: this.#format,
      secondMicros: this.#secondMicros,
      isFileBegun: this.#isFileBegun,
      isReopened: this.#open?.isAfterOpening ?? this.#isReopened,
    };
  }

  /** All that is needed to go on with the next byte. */
  snapshot(): ParserSnapshot {
    return {
      offset: this.#lineStart,
      format: this.#format,
      secondMicros: this.#secondMicros,
      open: this.#open === null ? null : { ...this.#open, text: detach(this.#open.text) },
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

  #completeLine(): void {
    this.#readBlock(this.#line.kept, this.#line.length);
    this.#line.clear();
  }

  #take(): LogRecord[] {
    const records = this.#records;
    this.#records = [];
    return records;
  }

  /**
   * Reads whole lines, or the last line of a log.
   * @param length how many bytes they have in the log: more than `bytes` for a line that was not kept whole, which comes alone
   */
  #readBlock(bytes: Uint8Array, length: number): void {
    const text = this.#decoder.decode(bytes);
    // If so, every character is one byte, and an index into the text is also one into the bytes.
    const isAligned = text.length === bytes.length && length === bytes.length;
    if (!isAligned && bytes.length > SMALL_BLOCK_BYTES) {
      const newline = bytes.indexOf(LF);
      if (newline >= 0 && newline < bytes.length - 1) {
        this.#readSmallBlocks(bytes, length);
        return;
      }
    }
    this.#units.begin(text, bytes);
    this.#readLines(text, isAligned ? null : bytes, length);
  }

  /**
   * Reads the lines of a block.
   * @param bytes the block's bytes where its characters are not a byte each: places in the log are found in these
   */
  #readLines(text: string, bytes: Uint8Array | null, length: number): void {
    const blockStart = this.#lineStart;
    let lineStart = blockStart;
    /** Where this text's part of the open record's statement begins; -1 when it has none. */
    let statementAt = -1;
    let at = 0;
    while (at < text.length) {
      const newline = text.indexOf("\n", at);
      const next = newline < 0 ? text.length : newline + 1;
      const nextStart =
        blockStart + (bytes === null ? next : nextLine(bytes, lineStart - blockStart, length));
      switch (this.#kindOfLine(text, at, newline < 0 ? text.length : newline, next)) {
        case HEADER:
          this.#append(text, statementAt, at);
          this.#close(lineStart);
          this.#begin(this.#header, lineStart);
          statementAt = this.#header.statementAt;
          break;
        case BANNER:
          this.#append(text, statementAt, at);
          this.#close(lineStart);
          this.#isReopened = !this.#isFileBegun;
          statementAt = -1;
          break;
        case TEXT:
          if (this.#open === null) {
            if (!isBannerMiddle(text, at)) this.#strayBytes += nextStart - lineStart;
          } else if (statementAt < 0) {
            statementAt = at;
          }
      }
      at = next;
      lineStart = nextStart;
    }
    this.#append(text, statementAt, text.length);
    this.#lineStart = blockStart + length;
  }

  /** What a line is. A HEADER has been read by then. @param end where its newline is @param next where the next line begins */
  #kindOfLine(text: string, at: number, end: number, next: number): LineKind {
    const first = this.#units.bytes[at] as number;
    if (((first >= 48 && first <= 57) || first === TAB) && this.#header.read(this.#units, at, end)) {
      return this.#acceptHeader(this.#header) ? HEADER : TEXT;
    }
    return mayBeBanner(text, first, at, next) && isBanner(text.slice(at, next)) ? BANNER : TEXT;
  }

  /** Reads whole lines in small blocks. A line that is longer comes alone. */
  #readSmallBlocks(bytes: Uint8Array, length: number): void {
    let from = 0;
    while (from < bytes.length) {
      let to = bytes.length;
      if (to - from > SMALL_BLOCK_BYTES) {
        to = bytes.lastIndexOf(LF, from + SMALL_BLOCK_BYTES - 1) + 1;
        if (to <= from) to = bytes.indexOf(LF, from) + 1 || bytes.length;
      }
      // The last line counts with those of its bytes that were not kept.
      this.#readBlock(bytes.subarray(from, to), to < bytes.length ? to - from : length - from);
      from = to;
    }
  }

  /**
   * Whether what looks like a header is one here. Two tabs begin a record only in a log of MariaDB; a time without a tab behind it
   * only in a log of that form, or where no record is open.
   */
  #acceptHeader({ form, timeMicros }: Header): boolean {
    if (form === "mysql-untabbed" && this.#format !== form && this.#open !== null) return false;
    if (form !== null) {
      this.#format = form;
      this.#secondMicros = form === "mariadb" && timeMicros !== null ? timeMicros - this.#zoneMicros : null;
      return true;
    }
    if (this.#format !== null) return this.#format === "mariadb";
    // A log that is read from its middle: its form is not known yet.
    return this.#open === null || this.#open.timeMicros === null;
  }

  #begin(header: Header, start: number): void {
    const { form, threadId, command } = header;
    const hasOwnTime = form !== null && form !== "mariadb";
    const timeMicros = hasOwnTime ? header.timeMicros : this.#secondMicros;
    this.#open = { timeMicros, threadId, command, start, text: "", length: 0 };
    const leftOut = timeMicros === null ? null : this.takeLeftOut();
    if (leftOut !== null) this.#open.leftOut = leftOut;
    this.#isFileBegun = false;
    if (!this.#isReopened) return;
    this.#open.isAfterOpening = true;
    this.#isReopened = false;
  }

  /** Adds `text` from `from` (or nothing, below zero) to `to` to the open record's statement. */
  #append(text: string, from: number, to: number): void {
    const open = this.#open;
    if (open === null || from < 0) return;
    // One more than the limit, for the newline, which is not a part of the statement.
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
    const { timeMicros, threadId, command, start, text, length, leftOut, isAfterOpening } = open;
    if (timeMicros === null) {
      this.#undatedRecords++;
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
    const record: LogRecord = { timeMicros, threadId, command, statement, truncated, start, end };
    if (leftOut !== undefined) record.leftOut = leftOut;
    if (isAfterOpening === true) record.isAfterOpening = true;
    this.#records.push(record);
  }
}

/** Where the line after the one at `at` begins in a block of `length` bytes. */
function nextLine(bytes: Uint8Array, at: number, length: number): number {
  const newline = bytes.indexOf(LF, at);
  return newline < 0 ? length : newline + 1;
}

function isHighSurrogate(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800;
}

/** A copy that keeps no other text in memory. */
function detach(text: string): string {
  return new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(new TextEncoder().encode(text));
}
